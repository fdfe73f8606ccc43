/* File names in headers (RFC 6266, RFC 8187), whatever they were before. */
#ifndef WEB_DISPOSITION_H
#define WEB_DISPOSITION_H

#include "base/arena.h"

/* `attachment; filename="…"; filename*=UTF-8''…` (RFC 6266) for any name at all: control and
 * direction-changing characters, path separators and quotes become '_', it never begins with a dot, and it
 * is cut to LIMIT_FILE_NAME_BYTES with the extension kept. An empty name gives "file". */
struct str disposition_attachment(struct arena *arena, struct str name);

/* A file name that a client claims, made harmless as above (for storing and showing). */
struct str file_name_clean(struct arena *arena, struct str name);

#endif
