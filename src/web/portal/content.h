/* What a message page shows of the mail itself: its text, whether there is HTML, its files. */
#ifndef WEB_PORTAL_CONTENT_H
#define WEB_PORTAL_CONTENT_H

#include "base/mem.h"
#include "flow/evidence.h"
#include "flow/open.h"
#include "mime/decode.h"

#include <jansson.h>

/* The message whose page is asked for ({id}), as the signed-in person may see it. For a message that is GONE
 * the error page is told whom to ask. */
struct request;
enum result content_open_message(
	struct request *request, enum open_use use, struct open_message **ret) must_check;

/* As evidence_note, for the signed-in person; the error page of GONE is told the same. */
enum result content_note(
	struct request *request, enum evidence evidence, struct id copy_id, struct str detail) must_check;

/* A page shows the file at the path to a recipient. */
enum result content_note_shown(
	struct request *request, const struct open_message *message, struct str path) must_check;

/* Paths of parts in URLs. */
#define CONTENT_PATH_BYTES 255

/* Whether the text of the mail is HTML that can be shown. */
bool content_has_html(const struct open_message *message, struct arena *arena);

/* The text of the mail as cleaned HTML, with its images; *ret_has_remote: images from elsewhere were left
 * out. TOO_LARGE when it cannot be cleaned, or is longer than this; show the plain text then. */
#define CONTENT_HTML_BYTES (8 << 20)
enum result content_html(const struct open_message *message, struct arena *arena, struct buf *html,
	bool *ret_has_remote, struct err *err) must_check;

/* Without empty lines at its begin and blanks at its end; its first line stays where it is. */
struct str content_without_empty_lines(struct str text);

/* Adds {text, url} for each piece of the text: url is what an address in it leads to, or empty. */
void content_add_pieces(json_t *pieces, struct str text);

/* The field quotes[] {words, is_recalled}: what an answer quotes beside its text. */
void content_set_quotes(json_t *view, const struct open_message *message);

/* A part as a file: what it is called, what it is, and its icon. */
struct content_file {
	const struct mime_part *part;
	struct str name;
	struct str type_words;
	const char *icon;
	struct str path; /* in URLs; "0" for the mail itself */
	bool is_mail;	 /* it opens as a page (open_attached) */
};

size_t content_files(const struct open_message *message, struct arena *arena, struct content_file **ret);

/* The part that a path in a URL means, NULL when there is none. */
const struct mime_part *content_part(const struct open_message *message, struct str path);

/* The name a part is saved under: a mail without one has that of its subject. */
struct str content_file_name(
	const struct open_message *message, const struct mime_part *part, struct arena *arena);

/* The page of the message, or of the mail in it, that the part is attached to. */
struct str content_url_around(
	const struct request *request, const struct open_message *message, const struct mime_part *part);

/* What a page shows of a message, or of one that is attached to it; `url` is what the addresses of its parts
 * begin with. */

/* "files": {list, zip_url}; missing when there are none. zip: there is an address for all of them. */
void content_set_files(
	const struct request *request, json_t *view, const struct open_message *message, bool zip);

/* "body", by template message_text; *ret_is_shown: this page shows all there is to read, and not a frame. */
enum result content_set_body(struct request *request, json_t *view, const struct open_message *message,
	struct str url, bool *ret_is_shown) must_check;

#endif
