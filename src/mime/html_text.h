/* The words of an HTML text, for where no HTML can be shown: quotes, snippets, plain views. It does not parse
 * as browsers do and its output is text, to be escaped like any other. */
#ifndef MIME_HTML_TEXT_H
#define MIME_HTML_TEXT_H

#include "base/buf.h"

/* Appends the text between the tags, with line breaks where blocks begin; what is in head, style and script
 * is left out. UTF-8 in and out; time and memory are linear in the input. */
void mime_html_text(struct str html, struct buf *out);

#endif
