/* Files of a message are downloads, never shown in place. */
#include "web/portal/page.h"

#include "base/clock.h"
#include "mime/decode.h"
#include "web/portal/content.h"

#define PATH_BYTES 255

/* What is open while a file is sent. */
struct sending {
	struct flow *flow;
	struct actor actor;
	struct open_message *message;
	struct mime_part_reader *part;
	struct reader bytes;
};

static enum result read_sending(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	const struct sending *sending = context;

	/* A recall or the expiry cuts a download that is under way. */
	TRY(open_still(sending->flow, &sending->actor, sending->message->summary.copy.id, clock_now(), err));
	return reader_read(&sending->bytes, offset, data, size, ret_read, err);
}

static void end_sending(void *context)
{
	struct sending *sending = context;

	mime_part_reader_free(sending->part);
	open_message_free(sending->message);
	free(sending);
}

/* Takes the message. */
static struct reader begin_sending(
	const struct request *request, struct open_message *message, const struct mime_part *part)
{
	struct sending *sending = mem_new(sizeof(*sending));

	sending->flow = flow_of(request);
	sending->actor = visit_of(request)->actor;
	sending->actor.origin = STR_NONE;
	sending->message = message;
	sending->part = mime_part_reader_new(&message->content, part);
	sending->bytes = mime_part_reader_bytes(sending->part);
	return (struct reader){read_sending, sending, sending->bytes.size};
}

static struct str etag_of(
	const struct request *request, const struct open_message *message, const struct mime_part *part)
{
	return arena_printf(request->arena, "\"%s-%td\"", id_text(message->summary.copy.id).s,
		part - message->index->parts);
}

static enum result get_file(struct request *request, struct response *response)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;

	TRY(content_open_message(request, &message));
	const struct mime_part *part = content_part(message, request_parameter(request, "path"));
	if (!part)
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such file");
	struct str name = content_file_name(part, request->arena);
	struct str etag = etag_of(request, message, part);
	struct str type = arena_str(request->arena, part->type);
	struct copy copy = message->summary.copy;
	struct str path = arena_str(request->arena, part->path);
	response_download(
		response, begin_sending(request, TAKE(message), part), name, type, etag, end_sending);
	/* Whatever range was asked for: pieces make a file as well. */
	if (copy.is_owner || !response_sends_body(response, request))
		return RESULT_OK;
	return content_note(request, EVIDENCE_FILE_DOWNLOADED, copy.id, path);
}

static const struct route_parameter file_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	{PARAMETER_PATH, "path", PATH_BYTES, 0, "path of the part, \"2.1\", or \"0\" for the mail itself"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/message/{id}/file/{path}", RIGHTS_SIGNED_IN, file_parameters, get_file, NULL,
		"Downloads a file of the message, in ranges"},
};

const struct route_table portal_routes_file = {rows, COUNT_OF(rows)};
