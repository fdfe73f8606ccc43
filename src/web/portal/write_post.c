/* What becomes of a form: a draft, a message, or the same page again with what is wrong. */
#include "web/portal/write.h"

#include "base/limits.h"
#include "base/log.h"
#include "flow/compose.h"
#include "flow/leave.h"

#include <string.h>

static size_t read_dropped(const struct request *request, struct id **ret)
{
	struct id *ids = arena_array(request->arena, struct id, LIMIT_HTTP_FILES);
	size_t index = 0, count = 0;
	struct str text;

	while (count < LIMIT_HTTP_FILES && (text = request_field_next(request, "drop", &index)).ptr)
		if (id_parse(text, &ids[count]))
			count++;
	*ret = ids;
	return count;
}

static int64_t read_version(const struct request *request)
{
	uint64_t version;

	return str_to_uint(request_field(request, "based"), INT64_MAX, &version) ? (int64_t)version : 0;
}

static struct draft_saving read_saving(struct request *request, struct id form_id,
	const struct write_about *about, const struct written *written)
{
	struct draft_saving saving = {.text = {.id = form_id,
					      .answers_id = about->answers_id,
					      .answers_all = about->answers_all,
					      .inquiry_id = about->inquiry_id,
					      .text = request_field(request, "text"),
					      .html = request_field(request, "html")}};
	struct id *dropped;

	/* A copy is based on nothing. */
	if (!str_equal(request_field(request, "do"), STR("copy")))
		saving.text.version = read_version(request);
	(void)id_parse(request_field(request, "page"), &saving.text.page_id);
	/* Answers have neither: their routes list no such fields. */
	if (id_is_none(about->answers_id) && id_is_none(about->inquiry_id)) {
		saving.text.to = request_field(request, "to");
		saving.text.cc = request_field(request, "cc");
		saving.text.bcc = request_field(request, "bcc");
		saving.text.subject = request_field(request, "subject");
		(void)id_parse(request_field(request, "definition"), &saving.text.definition_id);
	}
	if (written) {
		struct id form;
		if (id_parse(request_field(request, "form"), &form) && !id_equal(form, form_id))
			saving.files_of = form;
		saving.files = written->files;
		saving.file_count = written->file_count;
		saving.drop_count = read_dropped(request, &dropped);
		saving.drop_files = dropped;
	}
	return saving;
}

enum result write_save(struct request *request, const struct actor *actor, struct id form_id,
	const struct write_about *about, const struct written *written)
{
	struct draft_saving saving = read_saving(request, form_id, about, written);

	TRY(draft_save(flow_of(request), actor, &saving, request->now, &request->err));
	if (saving.file_count)
		write_set_saved(request);
	return RESULT_OK;
}

enum result write_open_draft(struct request *request, struct id id)
{
	struct visit *visit = visit_of(request);
	struct draft_text *draft = arena_alloc(request->arena, sizeof(*draft));

	TRY(draft_open(flow_of(request), &visit->actor, id, request->arena, draft, &visit->draft_files,
		&visit->draft_file_count, &request->err));
	visit->draft = draft;
	return RESULT_OK;
}

enum result write_load_draft(struct request *request)
{
	struct id id;

	if (!request_query(request, "draft").len)
		return RESULT_OK;
	if (!id_parse(request_query(request, "draft"), &id))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such draft");
	return write_open_draft(request, id);
}

struct posting {
	struct request *request;
	struct response *response;
	const struct write_target *target;
	json_t *view;
	struct written written;
	struct id form_id;
	bool is_to_look; /* it was not sent, but is shown to be checked */
};

static enum result save(struct posting *p)
{
	return write_save(
		p->request, &visit_of(p->request)->actor, p->form_id, &p->target->about, &p->written);
}

/* The page again; what can be kept is a draft meanwhile. What cannot is still in the page. */
static enum result show_again(struct posting *p)
{
	struct request *request = p->request;
	bool may = !visit_of(request)->form_is_old && !request->over.ptr && !id_is_none(p->form_id);
	struct err why = request->err;

	if (may && save(p) == RESULT_OK && write_open_draft(request, p->form_id) != RESULT_OK)
		log_warning("web", "a draft that was just saved cannot be opened: %s", request->err.text);
	request->err = why;
	return p->target->show(request, p->response, p->view, p->target);
}

/* The page again, of what was not saved; its draft, if there is one, still has its files. */
static enum result show_unsaved(struct posting *p)
{
	struct visit *visit = visit_of(p->request);
	struct err ignored = {0};
	struct draft_text draft;
	struct id id;

	if (!id_parse(request_field(p->request, "form"), &id) ||
		draft_open(flow_of(p->request), &visit->actor, id, p->request->arena, &draft,
			&visit->draft_files, &visit->draft_file_count, &ignored) != RESULT_OK)
		visit->draft_file_count = 0;
	return p->target->show(p->request, p->response, p->view, p->target);
}

static enum result lead_to_draft(struct posting *p)
{
	enum result result = save(p);

	if (result != RESULT_OK && write_set_problem(p->request, p->response, p->view, result))
		return show_unsaved(p);
	TRY(result);
	response_redirect(p->response, arena_printf(p->request->arena, "%.*s?draft=%s&saved=1",
					       STR_ARG(p->target->path), id_text(p->form_id).s));
	return RESULT_OK;
}

/* Whether a text says in any of the portal's languages that something is attached. */
static bool speaks_of_files(struct request *request, struct str text)
{
	const struct languages *languages = visit_of(request)->portal->languages;
	const struct language *language;

	for (size_t i = 0; (language = languages_at(languages, i)); i++) {
		struct str rest = language_format(
			request->arena, language, "write.attached_words", {"none", .text = STR_NONE});
		while (rest.len) {
			struct str word = str_trim(str_cut(&rest, ','));
			if (word.len && str_find_nocase(text, word) >= 0)
				return true;
		}
	}
	return false;
}

/* What was looked at: other recipients or another text are looked at again. */
static struct str look_mark(const struct request *request)
{
	static const char *const names[] = {"to", "cc", "bcc", "text"};
	struct str fields[COUNT_OF(names)];

	for (size_t i = 0; i < COUNT_OF(names); i++)
		fields[i] = pairs_get(&request->fields, names[i]);
	return compose_mark(fields, COUNT_OF(fields), request->arena);
}

/* *ret: there is something to look at that was not seen yet. */
static enum result look(struct posting *p, size_t file_count, bool *ret)
{
	struct request *request = p->request;
	cleanup(json_decrefp) json_t *check = json_object();
	bool has_people = false;
	struct str mark = look_mark(request);

	if (p->target->look)
		TRY(p->target->look(request, check, &has_people));
	bool lacks_file = file_count == 0 && speaks_of_files(request, p->written.text);
	view_set_flag(check, "no_file", lacks_file);
	view_set_flag(check, "is_plain", !lacks_file && !json_is_true(json_object_get(check, "has_new")));
	view_set(check, "mark", mark);
	*ret = (has_people || lacks_file) && !str_equal(request_field(request, "checked"), mark);
	if (*ret)
		(void)json_object_set(p->view, "check", check);
	return RESULT_OK;
}

/* The files of the draft and those that came now. */
static enum result send_all(struct posting *p, struct id *ret_copy_id)
{
	struct request *request = p->request;
	cleanup(draft_files_free) struct draft_files kept = {0};
	struct written all = p->written;

	all.may_wait = true;

	TRY(draft_files_open(flow_of(request), &visit_of(request)->actor, p->form_id, request->arena, &kept,
		&request->err));
	struct upload **files =
		arena_array(request->arena, struct upload *, kept.count + p->written.file_count);
	all.files = files;
	all.file_count = 0;
	for (size_t i = 0; i < kept.count; i++)
		files[all.file_count++] = kept.files[i];
	for (size_t i = 0; i < p->written.file_count; i++)
		files[all.file_count++] = p->written.files[i];
	if (str_trim(all.text).len == 0 && all.file_count == 0)
		return err_code(&request->err, RESULT_INVALID, "text-missing", "there is nothing to send");
	TRY(look(p, all.file_count, &p->is_to_look));
	if (p->is_to_look)
		return RESULT_OK;
	return p->target->send(request, p->target, &all, p->form_id, ret_copy_id);
}

static bool is_empty(const struct request *request)
{
	return request->err.code && strcmp(request->err.code, "text-missing") == 0;
}

/* A second click comes when the form waits already: its draft's files are not looked at again. */
static enum result waits_already(struct posting *p, bool *ret)
{
	struct request *request = p->request;
	struct leave_state state;

	enum result found = leave_find(flow_of(request), &visit_of(request)->actor, p->form_id,
		request->arena, &state, &request->err);
	*ret = found == RESULT_OK && state.stage == LEAVE_WAITING;
	return found == RESULT_NOT_FOUND ? RESULT_OK : found;
}

static enum result begin_to_leave(struct posting *p)
{
	struct draft_saving saving = read_saving(p->request, p->form_id, &p->target->about, &p->written);

	return leave_begin(flow_of(p->request), &visit_of(p->request)->actor, &saving, p->request->now,
		&p->request->err);
}

/* Sent at once, when *ret_sent_id is a copy, or begun to leave. */
static enum result send_or_wait(struct posting *p, struct id *ret_sent_id)
{
	bool waits;

	*ret_sent_id = (struct id){0};
	TRY(waits_already(p, &waits));
	if (!waits)
		TRY(send_all(p, ret_sent_id));
	return p->is_to_look || !id_is_none(*ret_sent_id) ? RESULT_OK : begin_to_leave(p);
}

/* As a draft of its own, which nobody else has saved. */
static enum result lead_to_copy(struct posting *p)
{
	p->form_id = id_new(p->request->now);
	return lead_to_draft(p);
}

static bool is_newer(const struct request *request)
{
	return request->err.code && strcmp(request->err.code, "draft-newer") == 0;
}

/* What another page saved since is not passed over: the page shows both ways out. */
static enum result check_version(struct posting *p)
{
	struct draft_saving saving = read_saving(p->request, p->form_id, &p->target->about, &p->written);

	return draft_check(flow_of(p->request), &visit_of(p->request)->actor, &saving.text, &p->request->err);
}

static bool set_problem(struct posting *p, enum result result)
{
	const struct write_target *t = p->target;

	return (t->set_problem && t->set_problem(p->request, p->response, p->view, result)) ||
	       write_set_problem(p->request, p->response, p->view, result);
}

static enum result send(struct posting *p)
{
	struct request *request = p->request;
	struct id *dropped, sent_id;

	enum result result = check_version(p);
	if (result == RESULT_OK && read_dropped(request, &dropped)) {
		TRY(save(p));
		p->written.file_count = 0; /* they are the draft's now */
	}
	if (result == RESULT_OK)
		result = send_or_wait(p, &sent_id);
	if (result == RESULT_CONFLICT && is_newer(request) &&
		write_set_problem(request, p->response, p->view, result))
		return show_unsaved(p);
	if (result == RESULT_INVALID && is_empty(request)) {
		(void)page_problem(p->view, p->response, "text", "text_missing");
		return show_again(p);
	}
	if (result != RESULT_OK && set_problem(p, result))
		return show_again(p);
	TRY(result);
	if (p->is_to_look)
		return show_again(p);
	if (id_is_none(sent_id)) {
		response_redirect(
			p->response, arena_printf(request->arena, "/leaving/%s", id_text(p->form_id).s));
		return RESULT_OK;
	}
	visit_accepted(request);
	response_redirect(
		p->response, arena_printf(request->arena, "/message/%s?sent=1", id_text(sent_id).s));
	return RESULT_OK;
}

static enum result post(struct posting *p)
{
	const struct write_target *target = p->target;
	bool saves = request_field(p->request, "do").len > 0;
	bool is_right = saves || !target->check || target->check(p->request, p->response, p->view);

	enum result result = write_read(p->request, p->response, p->view, &p->written, &p->form_id);
	if (result == RESULT_CONFLICT || (result == RESULT_OK && !is_right))
		return show_again(p);
	TRY(result);
	if (str_equal(request_field(p->request, "do"), STR("copy")))
		return lead_to_copy(p);
	return saves ? lead_to_draft(p) : send(p);
}

enum result write_post(struct request *request, struct response *response, const struct write_target *target)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct posting posting = {.request = request, .response = response, .target = target, .view = view};

	write_take_html(request);
	return post(&posting);
}
