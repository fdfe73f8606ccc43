/* Passing a kept mail on with small changes: fields dropped, replaced and added, a banner at the top of its
 * texts. Everything else stays byte for byte; signed and encrypted mail keeps its whole body. */
#ifndef MIME_REWRITE_H
#define MIME_REWRITE_H

#include "base/io.h"
#include "mime/index.h"

struct mime_rewrite {
	const struct str *drop; /* names of fields of the mail's own header */
	size_t drop_count;
	struct str subject; /* replaces the field when its ptr is set */
	struct str headers; /* fields added at the top, each ended by CRLF */
	/* UTF-8 lines; empty: no banner. A text whose bytes are not of its charset stays as it is, without.
	 */
	struct str banner_text;
	struct str banner_html; /* a fragment, our own */
};

enum result mime_rewrite(const struct reader *mail, const struct mime_index *index,
	const struct mime_rewrite *change, const struct writer *out, struct err *err) must_check;

/* The header alone, changed as above, with the empty line behind it, for who reads the body where it lies:
 * from index->parts[0].body_offset on. A banner is not put. */
enum result mime_rewrite_header(const struct reader *mail, const struct mime_index *index,
	const struct mime_rewrite *change, const struct writer *out, struct err *err) must_check;

#endif
