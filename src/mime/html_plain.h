/* The plain text that goes beside a formatted one: what a person would have typed. */
#ifndef MIME_HTML_PLAIN_H
#define MIME_HTML_PLAIN_H

#include "base/buf.h"

/* Appends the text of HTML that mime_html_clean wrote (with other HTML less is understood, nothing worse): "-
 * " and "1. " before what is listed, "> " before what is quoted, "<address>" behind a link whose words are
 * not its address. UTF-8; time is linear in the input, and the output is bounded by the buffer alone. */
void mime_html_plain(struct str html, struct buf *out);

/* Whether clean HTML says more than its plain text does: anything but lines and paragraphs. */
bool mime_html_is_formatted(struct str html);

#endif
