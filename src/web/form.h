/* Forms, read as they come in: application/x-www-form-urlencoded and multipart/form-data (RFC 7578). Fields
 * are kept in the arena, files go to a sink in pieces; memory does not depend on their size. */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include "web/syntax.h"

/* Where files go. All calls of one request come one after the other, though perhaps from different threads.
 * A failure of any of them ends the request with its result. Between begin and end there is one file at a
 * time. The page's handler finds `context` in request->upload once the whole form was read. */
struct upload_sink {
	/* `field` is the control's name; name and type are what the client claims, the name made harmless.
	 * `fields` are those that stood before the file in the form: put `csrf` first and check it here. */
	enum result (*begin)(void *context, struct str field, struct str name, struct str type,
		const struct pairs *fields, struct err *err);
	enum result (*write)(void *context, const void *data, size_t size, struct err *err);
	enum result (*end)(void *context, struct err *err);
	/* Called last in every case, after the handler if it ran: throw away what it has not taken. */
	void (*done)(void *context);
	void *context;
};

struct form;

/* Begins a form of this Content-Type. `sink` may be NULL: a file is INVALID then. An empty file control (no
 * name and no bytes) is left out, as browsers send one when nothing was chosen. Results: OK, INVALID (type
 * not known, no or bad boundary). */
enum result form_new(struct arena *arena, struct str content_type, const struct upload_sink *sink,
	struct form **ret, struct err *err) must_check;
/* Frees what the arena does not hold. The sink's `done` is left to the caller. */
void form_free(struct form *form);

/* Takes the next bytes of the body. Results: OK; INVALID; TOO_LARGE past LIMIT_HTTP_FORM_BYTES or _FIELDS; or
 * what the sink answered. After a failure the form is dead. A multipart form with a sink is not refused: what
 * is past those limits and _FILES is dropped, and form_finish tells. */
enum result form_push(struct form *form, const void *data, size_t size, struct err *err) must_check;

/* The body has ended. INVALID when it was cut short. TOO_LARGE, with *ret set to what was kept, when
 * something was dropped. *ret lies in the arena. */
enum result form_finish(struct form *form, struct pairs *ret, struct err *err) must_check;

/* After that TOO_LARGE: the name of the field that was cut, "files" or "fields" when there were too many;
 * STR_NONE when nothing was dropped. */
struct str form_over(const struct form *form);

#endif
