/* preview: a file of an opened message as a picture. Pictures and PDF files are read by a program of their
 * own (src/preview), which holds no keys, opens no files and has no network; what it gives back is a new
 * picture of their pixels alone. */
#ifndef FLOW_PREVIEW_H
#define FLOW_PREVIEW_H

#include "flow/open.h"

enum preview_kind { PREVIEW_NONE, PREVIEW_IMAGE, PREVIEW_PDF };

/* Whether files of the kind can be shown on this node: the program is there, and for PDF files poppler-utils
 * and a system that can hold it to its bounds. Found out once. */
bool preview_can_show(enum preview_kind kind);

/* What a file is offered as; PREVIEW_NONE when it is nothing of the kind, too large, or cannot be shown here.
 */
enum preview_kind preview_kind_of(const struct mime_part *part);

struct preview_facts {
	uint64_t pages;		/* at most LIMIT_PREVIEW_PAGES */
	uint32_t width, height; /* of the asked page's picture; 0: not known */
};

/* What a PDF file says of itself and of a page, which it need not have. Results as preview_show. */
enum result preview_find_facts(const struct open_message *message, const struct mime_part *part,
	uint64_t page, struct preview_facts *ret, struct err *err) must_check;

/* The picture, PNG or JPEG (as the first bytes say); page counts from 1 and is 1 for images. *ret_type: its
 * media type. INVALID when the file is damaged or passes a limit; BUSY when too many are being made;
 * UNAVAILABLE when it took too long; results of reading the message. */
enum result preview_show(const struct open_message *message, const struct mime_part *part, uint64_t page,
	struct buf *picture, const char **ret_type, struct err *err) must_check;

#endif
