/* What the header block of one part says of it. */
#ifndef MIME_PART_HEADER_H
#define MIME_PART_HEADER_H

#include "mime/index.h"

enum mime_part_header_result {
	MIME_PART_HEADER_OK,
	MIME_PART_HEADER_PARAMETERS, /* a field has more than LIMIT_MIME_PARAMETERS: one could hide behind
					them */
	MIME_PART_HEADER_NAMES /* more than LIMIT_FILE_NAME_CANDIDATES: a mail program could show another one
				*/
};

/* Fills type, charset, encoding, disposition, names and Content-ID from the block. in_digest: its parent is a
 * multipart/digest. *ret_boundary: of a multipart, as far as it is compared. */
enum mime_part_header_result mime_part_read_header(struct mime_part *part, struct str block, bool in_digest,
	struct arena *arena, struct str *ret_boundary);

#endif
