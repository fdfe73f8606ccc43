/* The signs that tags of HTML are made of. */
#ifndef MIME_HTML_TAG_H
#define MIME_HTML_TAG_H

#include "base/str.h"

bool html_is_letter(char c);
bool html_is_blank(char c);

/* The name that a tag's text begins with, behind '<' or "</". */
struct str html_tag_name(struct str text);

/* *ret_len: the length of a tag's text from after its name to behind its '>'; all of it, and false, when it
 * has no end. */
bool html_tag_rest(struct str text, size_t *ret_len);

#endif
