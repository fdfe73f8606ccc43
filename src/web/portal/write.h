/* What replying and composing share: the form, its files, and what is told when it cannot be sent. */
#ifndef WEB_PORTAL_WRITE_H
#define WEB_PORTAL_WRITE_H

#include "flow/reply.h"
#include "web/portal/page.h"

/* The route's sink: files go, sealed, to where they wait. Those of nobody, of a forged form, or past a limit
 * are read and dropped, so that the page can be shown again with the text that came with them. */
enum result write_open_sink(struct request *request, struct upload_sink *ret) must_check;

/* Parameters of the form, to be listed by the routes. */
#define WRITE_TEXT_BYTES (512 * 1024)
#define WRITE_PARAMETERS                                                                                     \
	{PARAMETER_FIELD, "form", ID_TEXT_LEN, 0, "makes sending twice send once"},                          \
	{                                                                                                    \
		PARAMETER_FIELD, "text", WRITE_TEXT_BYTES, 0, "what was written"                             \
	}

/* Reads the form. CONFLICT: the page is to be shown again, problems are in the view. */
enum result write_read(struct request *request, struct response *response, json_t *view, struct written *ret,
	struct id *ret_form_id) must_check;

/* Puts the problem of a failed sending into the view, so that the page is shown again with all that was
 * written; false when the result is to be answered by an error page. */
bool write_set_problem(struct request *request, struct response *response, json_t *view, enum result result);

/* The fields of the partial protection: until when and with which rights it is sent. 0: until retention. */
void write_set_protection(struct request *request, json_t *view, struct rights rights, int64_t lasts_ms);

/* The fields of fields_message, kept from the form. */
void write_set_fields(struct request *request, json_t *view);

/* The same for an error page, in view.kept, when the request was such a form (R7). */
void write_set_kept(const struct request *request, json_t *view);

#endif
