/* A file of a draft, as its writer chose it. */
#include "web/portal/page.h"

#include "flow/draft.h"

static enum result read_file(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	struct reader bytes = draft_file_bytes(context);

	return reader_read(&bytes, offset, data, size, ret_read, err);
}

static void end_file(void *context)
{
	upload_free(context);
}

static enum result get_file(struct request *request, struct response *response)
{
	struct id id, file_id;
	struct upload *file;

	TRY(page_id(request, &id));
	if (!id_parse(request_parameter(request, "file"), &file_id))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such file");
	TRY(draft_file_open(flow_of(request), &visit_of(request)->actor, id, file_id, &file, &request->err));
	struct str etag = arena_printf(request->arena, "\"%s\"", id_text(file_id).s);
	response_download(response, (struct reader){read_file, file, upload_size(file)},
		arena_str(request->arena, draft_file_name(file)),
		arena_str(request->arena, draft_file_type(file)), etag, end_file);
	return RESULT_OK;
}

static const struct route_parameter parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "a draft of the person's"},
	{PARAMETER_PATH, "file", ID_TEXT_LEN, 0, "one of its files"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/draft/{id}/file/{file}", RIGHTS_SIGNED_IN, parameters, get_file, NULL,
		"A file of a draft, as a download"},
};

const struct route_table portal_routes_draft_file = {rows, COUNT_OF(rows)};
