/* What leaves a message as a file: one of its files, all of them as a ZIP file, or the whole message. Always
 * a download, never shown in place. */
#include "web/portal/page.h"

#include "base/clock.h"
#include "flow/open_whole.h"
#include "mime/decode.h"
#include "mime/zip.h"
#include "web/disposition.h"
#include "web/portal/content.h"

/* What is open while a file is sent; one of the parts below makes its bytes. */
struct sending {
	struct arena arena;
	struct flow *flow;
	struct actor actor;
	struct open_message *message;
	struct mime_part_reader *part;
	struct mime_zip *zip;
	struct open_whole whole;
	struct reader bytes;
};

static enum result read_sending(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	const struct sending *sending = context;

	/* A recall or the expiry cuts a download that is under way. */
	TRY(open_still(sending->flow, &sending->actor, sending->message, clock_now(), err));
	return reader_read(&sending->bytes, offset, data, size, ret_read, err);
}

static void sending_free(struct sending *sending)
{
	if (sending == NULL)
		return;
	mime_part_reader_free(sending->part);
	mime_zip_free(sending->zip);
	open_whole_done(&sending->whole);
	open_message_free(sending->message);
	arena_done(&sending->arena);
	free(sending);
}
DEFINE_CLEANUP(struct sending *, sending_free)

static void end_sending(void *context)
{
	sending_free(context);
}

/* Takes the message. */
static struct sending *sending_new(const struct request *request, struct open_message *message)
{
	struct sending *sending = mem_new(sizeof(*sending));

	sending->flow = flow_of(request);
	sending->actor = visit_of(request)->actor;
	sending->actor.origin = arena_str(&sending->arena, request->client);
	sending->message = message;
	return sending;
}

/* `what` tells the downloads of one message apart. */
static struct str etag_of(const struct request *request, const struct copy *copy, const char *what)
{
	return arena_printf(request->arena, "\"%s-%s\"", id_text(copy->id).s, what);
}

/* Takes what is to be sent. */
static void send_it(struct request *request, struct response *response, struct sending *sending,
	struct str name, struct str type, const char *what)
{
	struct str etag = etag_of(request, &sending->message->summary.copy, what);

	response_download(response, (struct reader){read_sending, sending, sending->bytes.size}, name, type,
		etag, end_sending);
}

static enum result get_file(struct request *request, struct response *response)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;

	TRY(content_open_message(request, OPEN_READ, &message));
	const struct mime_part *part = content_part(message, request_parameter(request, "path"));
	if (!part)
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such file");
	struct copy copy = message->summary.copy;
	struct str name = content_file_name(message, part, request->arena);
	struct str type = arena_str(request->arena, part->type);
	struct str path = arena_str(request->arena, part->path);
	struct str what = arena_printf(request->arena, "%td", part - message->index->parts);
	struct sending *sending = sending_new(request, TAKE(message));
	sending->part = mime_part_reader_new(&sending->message->content, part);
	sending->bytes = mime_part_reader_bytes(sending->part);
	send_it(request, response, sending, name, type, what.ptr);
	/* Whatever range was asked for: pieces make a file as well. */
	if (copy.is_owner || !response_sends_body(response, request))
		return RESULT_OK;
	return content_note(request, EVIDENCE_FILE_DOWNLOADED, copy.id, path);
}

/* Each file counts as fetched when its first bytes are about to leave. */
static enum result note_file(void *context, const struct mime_part *part, struct err *err)
{
	const struct sending *sending = context;
	const struct copy *copy = &sending->message->summary.copy;

	if (copy->is_owner)
		return RESULT_OK;
	return evidence_note(sending->flow, &sending->actor, EVIDENCE_FILE_DOWNLOADED, copy->id, part->path,
		clock_now(), err);
}

static enum result open_zip(struct request *request, struct sending *sending)
{
	const struct open_message *message = sending->message;
	struct content_file *files;
	size_t count = content_files(message, &sending->arena, &files);
	struct mime_zip_file *in_zip = arena_array(&sending->arena, struct mime_zip_file, count);
	struct mime_zip_watch watch = {note_file, sending};

	if (!count)
		return err_set(&request->err, RESULT_NOT_FOUND, "there are no files");
	for (size_t i = 0; i < count; i++)
		in_zip[i] = (struct mime_zip_file){files[i].part, files[i].name};
	TRY(mime_zip_new(&message->content, in_zip, count, message->summary.sent_at, watch, &sending->zip,
		&request->err));
	sending->bytes = mime_zip_bytes(sending->zip);
	return RESULT_OK;
}

/* The subject as a file's name, with its extension at the end whatever the subject is. */
static struct str name_of(
	const struct request *request, const struct open_message *message, const char *extension)
{
	struct str subject = message->summary.subject;

	if (!subject.len)
		subject = language_text(visit_of(request)->language, "message.file_name");
	return arena_printf(
		request->arena, "%.*s.%s", STR_ARG(file_name_clean(request->arena, subject)), extension);
}

static enum result get_zip(struct request *request, struct response *response)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(sending_free_at) struct sending *sending = NULL;

	TRY(content_open_message(request, OPEN_READ, &message));
	struct str name = name_of(request, message, "zip");
	sending = sending_new(request, TAKE(message));
	TRY(open_zip(request, sending));
	send_it(request, response, TAKE(sending), name, STR("application/zip"), "zip");
	return RESULT_OK;
}

static enum result get_whole(struct request *request, struct response *response)
{
	cleanup(open_message_free_at) struct open_message *message = NULL;
	cleanup(sending_free_at) struct sending *sending = NULL;

	TRY(content_open_message(request, OPEN_SAVE, &message));
	struct copy copy = message->summary.copy;
	struct str name = name_of(request, message, "eml");
	sending = sending_new(request, TAKE(message));
	TRY(open_whole_begin(sending->message, &sending->whole, &request->err));
	sending->bytes = open_whole_reader(&sending->whole);
	send_it(request, response, TAKE(sending), name, STR("message/rfc822"), "eml");
	if (copy.is_owner || !response_sends_body(response, request))
		return RESULT_OK;
	return content_note(request, EVIDENCE_MESSAGE_SAVED, copy.id, STR_NONE);
}

static const struct route_parameter file_parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	{PARAMETER_PATH, "path", CONTENT_PATH_BYTES, 0,
		"path of the part, \"2.1\", or \"0\" for the mail itself"},
	{0},
};

static const struct route_parameter parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the person's copy"},
	{0},
};

static const struct route rows[] = {
	{METHOD_GET, "/message/{id}/file/{path}", RIGHTS_SIGNED_IN, file_parameters, get_file, NULL,
		"Downloads a file of the message, in ranges"},
	{METHOD_GET, "/message/{id}/files.zip", RIGHTS_SIGNED_IN, parameters, get_zip, NULL,
		"Downloads all files of the message as one"},
	{METHOD_GET, "/message/{id}/message.eml", RIGHTS_SIGNED_IN, parameters, get_whole, NULL,
		"Downloads the whole message, where its definition allows that"},
};

const struct route_table portal_routes_file = {rows, COUNT_OF(rows)};
