/* An account's logo: a small picture kept in the node's folder `logos`, from where the portal shows it. */
#ifndef CLI_LOGO_H
#define CLI_LOGO_H

#include "base/arena.h"
#include "base/result.h"

/* Copies a PNG or SVG file into the folder, which is made when there is none; *ret_name, the name it has
 * there, changes with its content, so that browsers see a new one at once. INVALID: no such picture;
 * TOO_LARGE past LIMIT_LOGO_BYTES; NOT_FOUND; UNAVAILABLE: it could not be written. */
enum result logo_keep(const char *folder, const char *file, struct arena *arena, struct str *ret_name,
	struct err *err) must_check;

/* Whether logos can be kept in the folder and read from it: it is there, or can be made. With
 * `may_be_missing` a folder that cannot be made is right as well: there are no logos then. INVALID, DENIED,
 * NOT_FOUND. */
enum result logo_folder_check(const char *folder, bool may_be_missing, struct err *err) must_check;

#endif
