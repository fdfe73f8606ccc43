/* Style sheets of a mail made harmless: rules of plain selectors with the declarations that html_style_clean
 * keeps, and
 * @media rules around them. Nothing in them loads, names something outside the mail, or leaves the mail's
 * block.
 *
 * Classes and ids of the mail get names of their own, so that they meet none of the page around it: class "x"
 * is "m-x", id "x" the class "mi-x". The block around the mail has the class HTML_SHEET_BLOCK; it stands for
 * the mail's own html and body. */
#ifndef MIME_HTML_SHEET_H
#define MIME_HTML_SHEET_H

#include "base/buf.h"

#define HTML_SHEET_BLOCK "mail-body"

/* Appends the rules that are kept. Returns how many declarations and rules would have loaded something. Time
 * and memory are linear in the sheet. */
size_t html_sheet_clean(struct str css, struct buf *out);

/* Appends the names that the rules know for a class or id attribute, with blanks between them. */
void html_sheet_add_names(struct str names, const char *prefix, struct buf *out);

#define HTML_SHEET_CLASS "m-"
#define HTML_SHEET_ID "mi-"

#endif
