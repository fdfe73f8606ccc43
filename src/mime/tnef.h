/* Outlook's winmail.dat (MS-OXTNEF): which files and texts are in it, as parts whose bytes lie where they
 * stand. Read once from begin to end; nothing is copied but names. */
#ifndef MIME_TNEF_H
#define MIME_TNEF_H

#include "base/io.h"
#include "mime/index.h"

#define MIME_TNEF_CONTAINER "multipart/x-tnef" /* the type of the part once it is opened (mime/inside.h) */

/* Whether mail programs would take the part for one. */
bool mime_part_is_tnef(const struct mime_part *part);

static inline bool mime_part_is_opened_tnef(const struct mime_part *part)
{
	return str_equal(part->type, STR(MIME_TNEF_CONTAINER));
}

/* What becomes of the texts in it. */
enum mime_tnef_texts {
	MIME_TNEF_SHOWN,       /* they are the text of the mail */
	MIME_TNEF_RICH_FILES,  /* the mail has a text: rich ones are files, the plain one is left out */
	MIME_TNEF_BEST_AS_FILE /* of a message inside: the richest is a file */
};

/* *ret: a multipart/related or mixed of a multipart/alternative of the texts that are shown, and the files,
 * texts among them called `name` and an extension. *ret_rtf_bytes: of RTF that was read. INVALID when it is
 * none, or cut; TOO_LARGE past LIMIT_TNEF_ITEMS or LIMIT_MIME_PARTS; results of the reader. */
enum result mime_tnef_read(const struct reader *tnef, enum mime_tnef_texts texts, struct str name,
	struct arena *arena, struct mime_index *ret, uint64_t *ret_rtf_bytes, struct err *err) must_check;

#endif
