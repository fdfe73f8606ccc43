/* Foreign HTML made harmless by an allow-list: what is not known to be safe is left out, never repaired. The
 * result is shown in a sandboxed frame with a policy of its own all the same (decision 9).
 *
 * Kept: text, and elements and attributes that only lay it out; links to the web and to addresses; images of
 * the message itself; style sheets as far as mime/html_sheet.h keeps them. Left out: scripts, forms, frames,
 * SVG, MathML, media, names, and everything that would load something from elsewhere. */
#ifndef MIME_HTML_CLEAN_H
#define MIME_HTML_CLEAN_H

#include "base/buf.h"
#include "base/result.h"

struct html_clean_options {
	struct str cid_prefix; /* URL before an image's Content-ID, "/message/…/image/" */
	/* Instead, when set: appends the URL of the image with this Content-ID, or nothing. */
	void (*add_image)(void *context, struct str content_id, struct buf *url);
	void *context;
	/* Of a text that was written here, which has no looks of its own: without style sheets, pictures, all
	 * attributes but a link's target, and a block around it. */
	bool is_written;
};

struct html_clean_facts {
	size_t remote; /* images and backgrounds that would have been loaded from elsewhere */
	size_t images; /* of the message itself, shown */
};

/* Appends the style sheets as one, and the body's content, without <html> and <body>. `html` is UTF-8.
 * TOO_LARGE past LIMIT_HTML_BYTES, LIMIT_HTML_NODES, or the limit of `out`; show its words then
 * (mime/html_text.h). *ret may be NULL. */
enum result mime_html_clean(struct str html, const struct html_clean_options *options, struct buf *out,
	struct html_clean_facts *ret, struct err *err) must_check;

#endif
