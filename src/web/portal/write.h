/* What replying and composing share: the form, its files, and what is told when it cannot be sent. */
#ifndef WEB_PORTAL_WRITE_H
#define WEB_PORTAL_WRITE_H

#include "base/limits.h"
#include "flow/reply.h"
#include "web/portal/page.h"

/* The route's sink: files go, sealed, to where they wait. Those of nobody, of a forged form, or past a limit
 * are read and dropped, so that the page can be shown again with the text that came with them. */
enum result write_open_sink(struct request *request, struct upload_sink *ret) must_check;

/* Parameters of the form, to be listed by the routes. */
#define WRITE_TEXT_BYTES (512 * 1024)
#define CHECKED_LEN 26
#define VERSION_LEN 18
#define COMPOSE_TO_BYTES 10000
/* Whom a new message goes to, and its head. */
#define COMPOSE_PARAMETERS                                                                                   \
	{PARAMETER_FIELD, "to", COMPOSE_TO_BYTES, 0, "addresses as typed, separated by commas"},             \
		{PARAMETER_FIELD, "cc", COMPOSE_TO_BYTES, 0, "the same, for a copy"},                        \
		{PARAMETER_FIELD, "bcc", COMPOSE_TO_BYTES, 0,                                                \
			"the same, for a copy that others do not learn of"},                                 \
		{PARAMETER_FIELD, "subject", LIMIT_SUBJECT_BYTES, 0, "the subject, may be empty"},           \
	{                                                                                                    \
		PARAMETER_FIELD, "definition", ID_TEXT_LEN, 0,                                               \
			"what it is sent with; none: the first of the list"                                  \
	}
#define WRITE_PARAMETERS                                                                                     \
	{PARAMETER_FIELD, "form", ID_TEXT_LEN, 0, "makes sending twice send once"},                          \
		{PARAMETER_FIELD, "text", WRITE_TEXT_BYTES, 0, "what was written"},                          \
		{PARAMETER_FIELD, "html", WRITE_TEXT_BYTES, 0,                                               \
			"the same formatted, where scripts run: the text is made from it"},                  \
		{PARAMETER_FIELD, "based", VERSION_LEN, 0,                                                   \
			"the version of the draft that the page was shown with"},                            \
		{PARAMETER_FIELD, "page", ID_TEXT_LEN, 0, "the page that is written in"},                    \
		{PARAMETER_FIELD, "checked", CHECKED_LEN, 0,                                                 \
			"what was shown to be checked, and is to be sent"},                                  \
		{PARAMETER_FIELD, "do", 4, 0, "save: as a draft; copy: as a new one; otherwise it is sent"}, \
		{PARAMETER_FIELD, "drop", ID_TEXT_LEN, 0, "a file of the draft to leave out; several"},      \
		{PARAMETER_FIELD, "answers", ID_TEXT_LEN, 0, "as in the path, for the script"},              \
		{PARAMETER_FIELD, "inquiry", ID_TEXT_LEN, 0, "the same, of a request"},                      \
	{                                                                                                    \
		PARAMETER_FIELD, "all", 1, 0, "the same"                                                     \
	}
#define WRITE_GET_PARAMETERS                                                                                 \
	{PARAMETER_QUERY, "draft", ID_TEXT_LEN, 0, "a draft to go on with"},                                 \
	{                                                                                                    \
		PARAMETER_QUERY, "saved", 6, 0,                                                              \
			"it was just saved, or \"undone\": taken back before it left"                        \
	}

/* What is answered: all none for a new message. */
struct write_about {
	struct id answers_id; /* the writer's copy of a message … */
	bool answers_all;
	struct id inquiry_id; /* … or a request */
};

/* What is written, and where. */
struct write_target {
	struct str path; /* of its page */
	struct write_about about;
	void *context;
	/* All results of the verb; *ret_copy_id is the writer's copy. */
	enum result (*send)(struct request *request, const struct write_target *target,
		const struct written *written, struct id form_id, struct id *ret_copy_id);
	/* Shows the page with the fields and problems in the view. */
	enum result (*show)(struct request *request, struct response *response, json_t *view,
		const struct write_target *target);
	/* Before sending: puts what is wrong into the view; false when something is. NULL: nothing to check.
	 */
	bool (*check)(struct request *request, struct response *response, json_t *view);
	/* Before sending: puts into view.check what the writer should look at; false when it is nothing.
	 * NULL: of answers, whose recipients are given. */
	enum result (*look)(struct request *request, json_t *view, bool *ret);
	/* Puts a failure of `send` into the view that only this page knows; false: what all pages say of it.
	 * NULL: it knows none. */
	bool (*set_problem)(
		struct request *request, struct response *response, json_t *view, enum result result);
};

/* Saves or sends what the form says, and leads on or shows it again; what could not be sent is a draft then.
 */
enum result write_post(
	struct request *request, struct response *response, const struct write_target *target) must_check;

/* Loads the draft that a GET goes on with. NOT_FOUND. */
enum result write_load_draft(struct request *request) must_check;

/* A field as it was sent, or as the draft has it; empty in a new form. */
struct str write_value(struct request *request, const char *name);

/* Whether a draft answers something, so that others have said to whom and about what. */
bool write_is_answer(const struct draft_text *draft);

/* The page of a draft, to go on with. */
struct str write_draft_url(struct request *request, const struct draft_text *draft);

/* Keeps, as a draft, what was written in a session that has just ended: nobody is signed in, and nothing of
 * it is shown before its writer is (R7). False when it cannot be kept so. */
bool write_keep_late(struct request *request);

/* Keeps, as a draft for the error page, what came with a form whose page is there no more or refuses it, and
 * its files. What cannot be kept is told by that page (write_set_kept). */
void write_keep_refused(struct request *request);

/* Whether the form is of the session, or of one that has just ended. */
bool write_is_own_form(const struct visit *visit, struct str token);

/* The files that came with the form and are in no draft yet; and now they are in one. */
void write_read_files(const struct request *request, struct written *ret);
void write_set_saved(const struct request *request);

/* Loads a draft of the person's for the page. NOT_FOUND. */
enum result write_open_draft(struct request *request, struct id id) must_check;

/* Saves the form's text, and the files that came with it unless `written` is NULL. */
enum result write_save(struct request *request, const struct actor *actor, struct id form_id,
	const struct write_about *about, const struct written *written) must_check;

/* What the form's own fields say that it answers. INVALID: it is none of ours. */
enum result write_read_about(struct request *request, struct write_about *ret) must_check;

/* Before anything else of the form is read: its HTML is made harmless, and its text is that of the HTML. */
void write_take_html(struct request *request);

/* Reads the form. CONFLICT: the page is to be shown again, problems are in the view. */
enum result write_read(struct request *request, struct response *response, json_t *view, struct written *ret,
	struct id *ret_form_id) must_check;

/* Puts the problem of a failed sending into the view, so that the page is shown again with all that was
 * written; false when the result is to be answered by an error page. */
bool write_set_problem(struct request *request, struct response *response, json_t *view, enum result result);

/* The same of the month's limit alone (R11), at the field that has the recipients; false when it was not
 * that. */
bool write_set_month_full(
	struct request *request, struct response *response, json_t *view, const char *field);

/* What a form begins with where nothing was written yet: the signature, below answers if wanted. */
enum result write_set_begin(struct request *request, json_t *view, bool is_answer) must_check;

/* The fields of the partial protection: until when and with which rights it is sent. 0: until retention. */
void write_set_protection(
	struct request *request, json_t *view, const struct definition *definition, int64_t lasts_ms);

/* The fields of fields_message, kept from the form. Before write_set_begin. */
void write_set_fields(struct request *request, json_t *view);

/* Whether the page's draft should have left and was refused with this code; and adds the reason to the view,
 * as the key of a problem, whose object for the text's placeholders is returned. After write_set_fields. */
bool write_was_refused(const struct request *request, const char *code);
json_t *write_add_refused(json_t *view, const char *why) __attribute__((returns_nonnull));

/* The same for an error page, in view.kept, when the request was such a form (R7). */
void write_set_kept(const struct request *request, json_t *view);

#endif
