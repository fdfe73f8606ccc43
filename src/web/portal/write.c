#include "web/portal/write.h"

#include "base/limits.h"
#include "flow/outsider.h"
#include "flow/rich.h"
#include "flow/sending.h"
#include "flow/signature.h"
#include "web/portal/rights.h"

#include <string.h>

/* What mail adds to a file: base 64 with line ends. */
#define FILE_FROM_MAIL(bytes) ((bytes) / 74 * 54)

struct writing {
	struct flow *flow;
	const struct visit *visit;
	struct upload *files[LIMIT_HTTP_FILES];
	struct str names[LIMIT_HTTP_FILES];
	bool are_whole[LIMIT_HTTP_FILES];
	size_t count, name_count; /* names also of files that were dropped */
	bool are_saved;		  /* those that are whole are a draft's now */
	struct arena *arena;
	uint64_t size, limit;
	int64_t now;
	enum result result; /* OK while files are kept; otherwise what follows is dropped */
	struct upload *current;
};

bool write_is_own_form(const struct visit *visit, struct str token)
{
	if (visit->is_signed_in)
		return visit_csrf_is_right(visit, token);
	return !id_is_none(visit->late.person_id) && csrf_check(&visit->late_secret, STR(CSRF_FORM), token);
}

static enum result begin_file(void *context, struct str field, struct str name, struct str type,
	const struct pairs *fields, struct err *err)
{
	struct writing *writing = context;

	(void)field;
	writing->current = NULL;
	if (writing->name_count < LIMIT_HTTP_FILES)
		writing->names[writing->name_count++] = arena_str(writing->arena, name);
	if (writing->result == RESULT_OK && !write_is_own_form(writing->visit, pairs_get(fields, "csrf")))
		writing->result = RESULT_DENIED;
	if (writing->result != RESULT_OK || writing->count >= LIMIT_HTTP_FILES)
		return RESULT_OK;
	writing->result = upload_begin(writing->flow, name, type, writing->now, &writing->current, err);
	if (writing->result == RESULT_OK)
		writing->files[writing->count++] = writing->current;
	return RESULT_OK;
}

static enum result write_file(void *context, const void *data, size_t size, struct err *err)
{
	struct writing *writing = context;

	if (writing->result != RESULT_OK || !writing->current)
		return RESULT_OK;
	writing->size += size;
	if (writing->size > writing->limit)
		writing->result = RESULT_TOO_LARGE;
	else
		writing->result = upload_write(writing->current, (struct str){data, size}, err);
	return RESULT_OK;
}

static enum result end_file(void *context, struct err *err)
{
	struct writing *writing = context;

	if (writing->result == RESULT_OK && writing->current) {
		writing->result = upload_end(writing->current, err);
		writing->are_whole[writing->name_count - 1] = writing->result == RESULT_OK;
	}
	/* What did not come whole is no file: not for the message, and not for the draft that is kept. */
	if (writing->result != RESULT_OK && writing->current)
		upload_free(writing->files[--writing->count]);
	writing->current = NULL;
	return RESULT_OK;
}

static void end_form(void *context)
{
	struct writing *writing = context;

	for (size_t i = 0; i < writing->count; i++)
		upload_free(writing->files[i]);
	writing->count = 0;
}

/* New messages from outside have a limit of their own, answers the node's. */
static uint64_t files_limit(const struct request *request)
{
	const struct visit *visit = visit_of(request);
	bool is_outsiders_own = visit->is_signed_in && !visit->session.person.is_internal &&
				str_equal(request->path, STR("/compose"));
	int64_t mail = is_outsiders_own ? outsider_bytes_max(flow_of(request), &visit->session.settings)
					: flow_names(flow_of(request))->mail_bytes_max;

	return FILE_FROM_MAIL((uint64_t)mail);
}

enum result write_open_sink(struct request *request, struct upload_sink *ret)
{
	struct writing *writing = arena_alloc(request->arena, sizeof(*writing));
	struct visit *visit;

	/* The rest of the form is read in any case: what was written comes back with the refusal. */
	writing->result = visit_begin(request, &visit);
	if (writing->result == RESULT_OK)
		visit_find_late(request);
	writing->flow = flow_of(request);
	writing->visit = visit_of(request);
	writing->now = request->now;
	writing->arena = request->arena;
	writing->limit = files_limit(request);
	*ret = (struct upload_sink){begin_file, write_file, end_file, end_form, writing};
	return RESULT_OK;
}

/* What is in no draft has to be chosen again: a browser does not let a page do it. */
static void add_file_names(const struct request *request, json_t *list)
{
	const struct writing *writing = request->upload;

	for (size_t i = 0; writing && i < writing->name_count; i++)
		if (!writing->are_saved || !writing->are_whole[i])
			view_set(view_append(list), "name", writing->names[i]);
}

/* Those of the draft are kept, and can be left out. */
static void add_draft_files(const struct request *request, json_t *view)
{
	const struct visit *visit = visit_of(request);
	json_t *list = view_add_list(view, "draft_files");

	if (!visit->draft_file_count)
		return;
	struct str draft = visit->draft ? arena_str(request->arena, str_of(id_text(visit->draft->id).s))
					: pairs_get(&request->fields, "form");
	for (size_t i = 0; i < visit->draft_file_count; i++) {
		json_t *item = view_append(list);
		view_set(item, "id", str_of(id_text(visit->draft_files[i].id).s));
		view_set(item, "url",
			arena_printf(request->arena, "/draft/%.*s/file/%s", STR_ARG(draft),
				id_text(visit->draft_files[i].id).s));
		view_set(item, "name", visit->draft_files[i].name);
		view_set(item, "size",
			format_size(request->arena, visit->language, visit->draft_files[i].size));
	}
}

/* How much of the month's limit is used (R11). */
static void set_room(const struct visit *visit, json_t *values, const struct sending_room *room)
{
	view_set_number(values, "limit", room->limit);
	view_set_number(values, "count", room->count);
	view_set(values, "date", format_date(&visit->format, room->resets_at));
}

static struct str form_id(struct request *request, json_t *view)
{
	const struct visit *visit = visit_of(request);
	struct str form = request->method == METHOD_POST ? request_field(request, "form") : STR_NONE;

	if (visit->draft)
		return arena_str(request->arena, str_of(id_text(visit->draft->id).s));
	/* A form sent again after a failure is the same form, but one that was sent already is not. */
	if (form.len && !json_object_get(json_object_get(view, "problem_text"), "already_sent"))
		return form;
	return arena_str(request->arena, str_of(id_text(id_new(request->now)).s));
}

/* Both forms of the text. What a draft kept is made harmless as what a browser sends is. */
static void set_text(struct request *request, json_t *view)
{
	struct rich rich = {0};
	struct err err = {0};

	if (rich_read(write_value(request, "html"), request->arena, &rich, &err) != RESULT_OK)
		rich = (struct rich){0};
	view_set(view, "text", write_value(request, "text"));
	view_set(view, "html", rich.html);
}

/* The page that is written in stays the same one as long as it shows the same form. */
static void set_version(struct request *request, json_t *view)
{
	const struct draft_text *draft = visit_of(request)->draft;
	bool is_post = request->method == METHOD_POST;
	struct str page = is_post ? request_field(request, "page") : STR_NONE;
	struct str based = is_post ? request_field(request, "based") : STR("0");

	if (!page.len)
		page = arena_str(request->arena, str_of(id_text(id_new(request->now)).s));
	if (draft)
		based = arena_printf(request->arena, "%lld", (long long)draft->version);
	view_set(view, "draft_page", request->path);
	view_set(view, "page_id", page);
	view_set(view, "based", based);
}

/* As at the moment at which it should have left; a limit of a month that is over is none any more. */
static void set_month_full(struct request *request, json_t *view)
{
	const struct visit *visit = visit_of(request);
	struct sending_room room;
	struct err err = {0};

	if (sending_room(flow_of(request), &visit->actor, visit->draft->refused_at, &room, &err) !=
			RESULT_OK ||
		room.resets_at <= request->now)
		return;
	set_room(visit, view_add_object(view_add_object(view, "refused"), "sending_limit"), &room);
}

json_t *write_add_refused(json_t *view, const char *why)
{
	json_t *refused = view_add_object(view, "refused");

	view_set_flag(refused, "is_named", true);
	return view_add_object(refused, why);
}

/* A limit of a day that is over is none any more, either. */
static void set_day_full(struct request *request, json_t *view)
{
	const struct visit *visit = visit_of(request);

	if (request->now - visit->draft->refused_at < MS_DAY)
		view_set_number(view_add_object(view_add_object(view, "refused"), "outsider_limit"), "most",
			visit->session.settings.outsider_messages_a_day);
}

/* Reasons that the page of a new message or of a request tells, that the answered message's own page tells
 * before, and those of what is checked before anything waits. */
static bool is_told_elsewhere(struct str code)
{
	static const char *const codes[] = {"unknown-definition", "recipient-not-allowed", "inquiry-full",
		"inquiry-ended", "recalled", "expired", "deleted", "destroyed", "access-code",
		"second-factor", "reply-not-allowed", "recipient-invalid", "too-many-recipients",
		"no-recipients", "text-missing", "text-too-long"};

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (str_equal(code, str_of(codes[i])))
			return true;
	return false;
}

/* Why what waited could not be sent, in the words of a refusal at once; the pages know reasons of their own.
 * Without a word the reason is over. What has no code is trouble of ours. */
static void set_refused(struct request *request, json_t *view)
{
	const struct draft_text *draft = visit_of(request)->draft;

	if (!draft || !draft->refused_at)
		return;
	view_set_flag(view, "was_refused", true);
	if (str_equal(draft->refused_code, STR("sending-limit")))
		set_month_full(request, view);
	else if (str_equal(draft->refused_code, STR("not-licensed")))
		view_set_flag(view_add_object(view, "refused"), "not_licensed", true);
	else if (str_equal(draft->refused_code, STR("outsider-limit")))
		set_day_full(request, view);
	else if (str_equal(draft->refused_code, STR("too-large")))
		view_set(write_add_refused(view, "too_large"), "limit",
			format_size(request->arena, visit_of(request)->language, files_limit(request)));
	else if (str_equal(draft->refused_code, STR("already-sent")))
		(void)write_add_refused(view, "already_sent");
	else if (!is_told_elsewhere(draft->refused_code))
		(void)write_add_refused(view, "unavailable");
}

bool write_was_refused(const struct request *request, const char *code)
{
	const struct draft_text *draft = visit_of(request)->draft;

	return draft && draft->refused_at && str_equal(draft->refused_code, str_of(code));
}

void write_set_fields(struct request *request, json_t *view)
{
	const struct visit *visit = visit_of(request);

	view_set(view, "form_id", form_id(request, view));
	set_text(request, view);
	view_set(view, "limit", format_size(request->arena, visit->language, files_limit(request)));
	view_set(view, "limit_bytes",
		arena_printf(request->arena, "%llu", (unsigned long long)files_limit(request)));
	view_set(view, "files_most", arena_printf(request->arena, "%d", LIMIT_HTTP_FILES));
	add_draft_files(request, view);
	if (visit->draft)
		view_set(view, "saved_at", format_time_short(&visit->format, visit->draft->saved_at));
	/* Pages without drafts have no such parameter. */
	struct str saved =
		request->method == METHOD_GET && visit->draft ? request_query(request, "saved") : STR_NONE;
	bool undone = str_equal(saved, STR("undone"));
	view_set_flag(view, "just_saved", saved.len > 0 && !undone);
	view_set_flag(view, "just_undone", undone);
	set_version(request, view);
	set_refused(request, view);
	add_file_names(request, view_add_list(view, "lost_files"));
}

enum result write_set_begin(struct request *request, json_t *view, bool is_answer)
{
	const struct visit *visit = visit_of(request);
	struct signature signature;
	struct err *err = &request->err;

	TRY(signature_find(flow_of(request), &visit->actor, request->arena, &signature, err));
	view_set_flag(view, "writes_plain", signature.writes_plain);
	if (request->method == METHOD_GET && !visit->draft && signature.text.len &&
		(!is_answer || signature.on_replies))
		view_set(view, "text", arena_printf(request->arena, "\n\n\n%.*s", STR_ARG(signature.text)));
	return RESULT_OK;
}

static struct str draft_value(const struct draft_text *draft, const char *name)
{
	const struct {
		const char *name;
		struct str value;
	} fields[] = {{"to", draft->to}, {"cc", draft->cc}, {"bcc", draft->bcc}, {"subject", draft->subject},
		{"text", draft->text}, {"html", draft->html}};

	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (strcmp(name, fields[i].name) == 0)
			return fields[i].value;
	return STR_NONE;
}

struct str write_value(struct request *request, const char *name)
{
	const struct draft_text *draft = visit_of(request)->draft;

	if (request->method == METHOD_POST)
		return request_field(request, name);
	if (!draft)
		return STR_NONE;
	if (strcmp(name, "definition") == 0)
		return id_is_none(draft->definition_id)
			       ? STR_NONE
			       : arena_str(request->arena, str_of(id_text(draft->definition_id).s));
	return draft_value(draft, name);
}

bool write_is_answer(const struct draft_text *draft)
{
	return !id_is_none(draft->answers_id) || !id_is_none(draft->inquiry_id);
}

struct str write_draft_url(struct request *request, const struct draft_text *draft)
{
	struct id_text id = id_text(draft->id);

	if (!id_is_none(draft->inquiry_id))
		return arena_printf(
			request->arena, "/request/%s?draft=%s", id_text(draft->inquiry_id).s, id.s);
	if (id_is_none(draft->answers_id))
		return arena_printf(request->arena, "/compose?draft=%s", id.s);
	return arena_printf(request->arena, "/message/%s/reply%s?draft=%s", id_text(draft->answers_id).s,
		draft->answers_all ? "-all" : "", id.s);
}

void write_set_kept(const struct request *request, json_t *view)
{
	static const char *const names[] = {"to", "cc", "bcc", "subject", "text"};

	const struct draft_text *draft = visit_of(request)->draft;

	if (!pairs_get(&request->fields, "text").ptr && !request->upload && !draft)
		return;
	json_t *kept = view_add_object(view, "kept");
	for (size_t i = 0; i < COUNT_OF(names); i++)
		view_set(kept, names[i],
			draft ? draft_value(draft, names[i]) : pairs_get(&request->fields, names[i]));
	view_set_flag(kept, "is_draft", draft != NULL);
	add_draft_files(request, kept);
	add_file_names(request, view_add_list(kept, "files"));
}

void write_set_protection(
	struct request *request, json_t *view, const struct definition *definition, int64_t lasts_ms)
{
	json_t *protection = view_add_object(view, "protection");
	const struct language *language = visit_of(request)->language;

	view_set(protection, "expires_in",
		lasts_ms ? format_duration(request->arena, language, lasts_ms) : STR_NONE);
	rights_set(protection, definition);
}

static void set_too_large(struct request *request, struct response *response, json_t *view)
{
	view_set(page_problem(view, response, "files", "too_large"), "limit",
		format_size(request->arena, visit_of(request)->language, files_limit(request)));
}

static bool is_code(const struct request *request, const char *code)
{
	return request->err.code && strcmp(request->err.code, code) == 0;
}

bool write_set_month_full(struct request *request, struct response *response, json_t *view, const char *field)
{
	const struct visit *visit = visit_of(request);
	struct sending_room room;
	struct err err = {0};

	if (!is_code(request, "sending-limit") ||
		sending_room(flow_of(request), &visit->actor, request->now, &room, &err) != RESULT_OK)
		return false;
	set_room(visit, page_problem(view, response, field, "sending_limit"), &room);
	response->status = 403;
	return true;
}

/* What the writer may not send at all, or not this month. */
static bool set_denied(struct request *request, struct response *response, json_t *view)
{
	if (!is_code(request, "not-licensed"))
		return write_set_month_full(request, response, view, "text");
	(void)page_problem(view, response, "text", "not_licensed");
	response->status = 403;
	return true;
}

static void set_too_often(struct request *request, struct response *response, json_t *view)
{
	if (!request->err.code || strcmp(request->err.code, "outsider-limit") != 0) {
		page_problem_too_often(request, response, view, "text");
		return;
	}
	view_set_number(page_problem(view, response, "text", "outsider_limit"), "most",
		visit_of(request)->session.settings.outsider_messages_a_day);
	response->status = 429;
}

bool write_set_problem(struct request *request, struct response *response, json_t *view, enum result result)
{
	switch (result) {
	case RESULT_TOO_LARGE:
		if (is_code(request, "drafts-full"))
			(void)page_problem(view, response, "files", "drafts_full");
		else
			set_too_large(request, response, view);
		return true;
	case RESULT_CONFLICT:
		if (is_code(request, "too-many-drafts")) {
			view_set_number(
				page_problem(view, response, "text", "too_many_drafts"), "most", DRAFTS_MAX);
			return true;
		}
		if (is_code(request, "draft-newer")) {
			(void)page_problem(view, response, "newer", "draft_newer");
			view_set_flag(view, "is_newer", true);
			response->status = 409;
			return true;
		}
		if (!is_code(request, "already-sent"))
			return false;
		(void)page_problem(view, response, "text", "already_sent");
		response->status = 409;
		return true;
	case RESULT_DENIED:
		return set_denied(request, response, view);
	case RESULT_UNAVAILABLE:
		(void)page_problem(view, response, "text", "unavailable");
		response->status = 503;
		return true;
	case RESULT_BUSY:
		set_too_often(request, response, view);
		return true;
	default:
		return false;
	}
}

static struct str *field(struct request *request, const char *name)
{
	for (size_t i = 0; i < request->fields.count; i++)
		if (str_equal(request->fields.items[i].name, str_of(name)))
			return &request->fields.items[i].value;
	return NULL;
}

void write_take_html(struct request *request)
{
	struct str *html = field(request, "html"), *text = field(request, "text");
	struct rich rich;
	struct err err = {0};

	if (!html || !text || html->len == 0)
		return;
	enum result result = rich_read(*html, request->arena, &rich, &err);
	*html = result == RESULT_OK ? rich.html : STR_NONE;
	if (result == RESULT_OK)
		*text = rich.text;
	else if (!request->over.ptr)
		request->over = STR("text");
}

enum result write_read_about(struct request *request, struct write_about *ret)
{
	struct str answers = request_field(request, "answers"), inquiry = request_field(request, "inquiry");
	struct write_about about = {0};

	if ((answers.len && !id_parse(answers, &about.answers_id)) ||
		(inquiry.len && !id_parse(inquiry, &about.inquiry_id)) || (answers.len && inquiry.len))
		return err_set(&request->err, RESULT_INVALID, "the form is not one of ours");
	about.answers_all = answers.len && request_field(request, "all").len > 0;
	*ret = about;
	return RESULT_OK;
}

void write_read_files(const struct request *request, struct written *ret)
{
	const struct writing *writing = request->upload;

	if (!writing || writing->are_saved)
		return;
	ret->files = writing->files;
	ret->file_count = writing->count;
}

void write_set_saved(const struct request *request)
{
	struct writing *writing = request->upload;

	if (writing)
		writing->are_saved = true;
}

static bool is_line(struct str field)
{
	static const char *const lines[] = {"to", "cc", "bcc", "subject"};

	for (size_t i = 0; i < COUNT_OF(lines); i++)
		if (str_equal(field, str_of(lines[i])))
			return true;
	return false;
}

/* Which limit the form is past, in the field's own words. */
static enum result set_over(struct request *request, struct response *response, json_t *view)
{
	const struct language *language = visit_of(request)->language;
	struct str over = request->over;

	if (str_equal(over, STR("files")))
		view_set_number(page_problem(view, response, "files", "too_many"), "limit", LIMIT_HTTP_FILES);
	else if (str_equal(over, STR("text")) || str_equal(over, STR("html")))
		view_set(page_problem(view, response, "text", request->is_cut ? "text_cut" : "text_long"),
			"limit", format_size(request->arena, language, WRITE_TEXT_BYTES));
	else if (is_line(over))
		(void)page_problem(view, response, arena_cstr(request->arena, over), "line_long");
	else
		return err_set(&request->err, RESULT_INVALID, "the form is not one of ours");
	return RESULT_CONFLICT;
}

enum result write_read(struct request *request, struct response *response, json_t *view, struct written *ret,
	struct id *ret_form_id)
{
	const struct writing *writing = request->upload;

	*ret = (struct written){
		.text = request_field(request, "text"), .html = request_field(request, "html")};
	write_read_files(request, ret);
	if (visit_of(request)->form_is_old) {
		(void)page_problem(view, response, "text", "form_old");
		response->status = 403;
		return RESULT_CONFLICT;
	}
	if (request->over.ptr)
		return set_over(request, response, view);
	if (!id_parse(request_field(request, "form"), ret_form_id))
		return err_set(&request->err, RESULT_INVALID, "the form has no identifier");
	if (writing && writing->result != RESULT_OK &&
		write_set_problem(request, response, view, writing->result))
		return RESULT_CONFLICT;
	if (writing && writing->result != RESULT_OK)
		return writing->result;
	return RESULT_OK;
}
