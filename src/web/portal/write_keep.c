/* What was written is kept as a draft where it can be neither sent nor shown again in its form (R7). */
#include "web/portal/write.h"

#include "base/log.h"

#include <string.h>

static bool is_new(const struct write_about *about)
{
	return id_is_none(about->answers_id) && id_is_none(about->inquiry_id);
}

/* What the form says that it is, or false when that is nothing to keep. */
static bool read_form(struct request *request, struct write_about *ret_about, struct id *ret_id)
{
	if (request->over.ptr || !id_parse(request_field(request, "form"), ret_id) ||
		write_read_about(request, ret_about) != RESULT_OK)
		return false;
	return !is_new(ret_about) || str_equal(request->path, STR("/compose"));
}

/* Beside what another page saved, rather than not at all. */
static enum result keep(
	struct request *request, const struct actor *actor, const struct write_about *about, struct id *id)
{
	struct written written = {0};

	write_read_files(request, &written);
	enum result result = write_save(request, actor, *id, about, &written);
	if (result != RESULT_CONFLICT || !request->err.code || strcmp(request->err.code, "draft-newer") != 0)
		return result;
	*id = id_new(request->now);
	return write_save(request, actor, *id, about, &written);
}

bool write_keep_late(struct request *request)
{
	struct visit *visit = visit_of(request);
	struct write_about about;
	struct id id;

	if (visit->is_signed_in || !write_is_own_form(visit, request_field(request, "csrf")) ||
		!read_form(request, &about, &id))
		return false;
	write_take_html(request);
	if (request->over.ptr || keep(request, &visit->late, &about, &id) != RESULT_OK)
		return false;
	visit->late_url = write_draft_url(request, &(struct draft_text){.id = id,
							   .answers_id = about.answers_id,
							   .answers_all = about.answers_all,
							   .inquiry_id = about.inquiry_id});
	return true;
}

void write_keep_refused(struct request *request)
{
	struct visit *visit = visit_of(request);
	struct err why = request->err;
	struct write_about about;
	struct id id;

	if (visit->draft || visit->form_is_old || !read_form(request, &about, &id))
		return;
	write_take_html(request);
	if (!request->over.ptr && keep(request, &visit->actor, &about, &id) == RESULT_OK &&
		write_open_draft(request, id) != RESULT_OK)
		log_warning("web", "a draft that was just saved cannot be opened: %s", request->err.text);
	request->err = why;
}
