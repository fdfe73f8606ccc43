/* The answer of an exchange: error pages, what every answer has, and bodies that are streamed. */
#include "web/exchange_private.h"

#include "base/limits.h"
#include "base/log.h"

#include <string.h>

#define STREAM_PIECE_BYTES (128 * 1024)

static void write_plain_error(struct response *response, const struct err *err)
{
	/* The reason is our own text, but may quote what came in: no markup, so nothing to escape. */
	response_header(response, "Content-Type", STR("text/plain; charset=utf-8"));
	buf_printf(&response->body, "%d %s\n", response->status, response_reason(response->status));
	if (err->text[0] && response->status < 500)
		buf_printf(&response->body, "%s\n", err->text);
}

/* Makes the answer an error page with this status. */
void exchange_write_error(struct exchange *exchange, enum result result, int status)
{
	struct server *server = exchange->server;
	struct response *response = &exchange->response;

	response_reset(response);
	response->status = status;
	if (status == 405)
		response_header(response, "Allow", exchange->allow);
	if (status == 503 || status == 429)
		response_header(response, "Retry-After", STR("5"));
	if (result == RESULT_INTERNAL)
		log_error("web", "%s: %s", exchange->request.route ? exchange->request.route->pattern : "-",
			exchange->request.err.text);
	if (server->options.error_page)
		server->options.error_page(&exchange->request, response, result);
	else
		write_plain_error(response, &exchange->request.err);
}

static ssize_t on_read_stream(void *cls, uint64_t position, char *out, size_t max);

static struct MHD_Response *make_mhd_response(struct exchange *exchange)
{
	const struct response *response = &exchange->response;
	const char *data =
		response->constant.ptr ? (const char *)response->constant.ptr : response->body.data;
	struct byte_range range = exchange->range;

	if (response->stream.read_at && range.len)
		return MHD_create_response_from_callback(
			range.len, STREAM_PIECE_BYTES, on_read_stream, exchange, NULL);
	/* The bytes live until exchange_on_completed. */
	return MHD_create_response_from_buffer(
		range.len, range.len ? (void *)(data + range.start) : NULL, MHD_RESPMEM_PERSISTENT);
}

/* Hands the finished response to libmicrohttpd, on the event thread. */
enum MHD_Result exchange_send_answer(struct exchange *exchange)
{
	struct response *response = &exchange->response;
	struct MHD_Response *mhd = make_mhd_response(exchange);
	enum MHD_Result sent = mhd ? MHD_YES : MHD_NO;

	for (size_t i = 0; i < response->headers.count && sent == MHD_YES; i++) {
		struct pair header = response->headers.items[i];
		sent = MHD_add_response_header(mhd, header.name.ptr, header.value.ptr);
	}
	if (sent == MHD_YES && (exchange->must_close || atomic_load(&exchange->server->is_stopping)))
		sent = MHD_add_response_header(mhd, "Connection", "close");
	exchange->state = EXCHANGE_ANSWER;
	exchange->result = RESULT_OK;
	connection_set_phase(exchange->connection, PHASE_ANSWER);
	if (!response->stream.read_at)
		atomic_store(&exchange->connection->bytes, exchange->range.len);
	if (sent == MHD_YES)
		sent = MHD_queue_response(exchange->mhd, (unsigned int)response->status, mhd);
	if (mhd)
		MHD_destroy_response(mhd);
	return sent;
}

/* Adds what every answer has. */
void exchange_finish_response(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct response *response = &exchange->response;

	if (response->body.overflow) {
		(void)err_set(&request->err, RESULT_INTERNAL, "the page is longer than %d bytes",
			LIMIT_HTTP_BODY_BYTES);
		exchange_write_error(exchange, RESULT_INTERNAL, 500);
	}
	response_add_security(response, request->origin, str_starts_nocase(request->origin, STR("https://")));
	exchange->range = response_apply_conditions(response, request);
}

static void fill_chunk(struct exchange *exchange)
{
	uint64_t left = exchange->range.len - exchange->chunk_start;
	size_t size = left < STREAM_PIECE_BYTES ? (size_t)left : STREAM_PIECE_BYTES;
	size_t got = 0;

	exchange->result =
		reader_read(&exchange->response.stream, exchange->range.start + exchange->chunk_start,
			exchange->chunk, size, &got, &exchange->request.err);
	if (exchange->result == RESULT_OK && got != size)
		exchange->result = err_set(&exchange->request.err, RESULT_INTERNAL, "a body ended too early");
	if (exchange->result != RESULT_OK)
		log_warning("web", "%s: cut while it was sent: %s",
			exchange->request.route ? exchange->request.route->pattern : "-",
			exchange->request.err.text);
	exchange->chunk_len = exchange->result == RESULT_OK ? got : 0;
}

/* Called for the next bytes of a streamed body; 0 while a worker reads them. A body that cannot be read to
 * the end ends with the connection, which the client sees by the length. */
static ssize_t on_read_stream(void *cls, uint64_t position, char *out, size_t max)
{
	struct exchange *exchange = cls;
	uint64_t offset = position - exchange->chunk_start;

	if (exchange->result != RESULT_OK)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	connection_set_phase(exchange->connection, PHASE_ANSWER);
	if (position >= exchange->chunk_start && offset < exchange->chunk_len) {
		size_t size = exchange->chunk_len - (size_t)offset < max
				      ? exchange->chunk_len - (size_t)offset
				      : max;
		memcpy(out, exchange->chunk + offset, size);
		atomic_fetch_add(&exchange->connection->bytes, size);
		return (ssize_t)size;
	}
	if (!exchange->chunk)
		exchange->chunk = mem_resize(NULL, 1, STREAM_PIECE_BYTES);
	exchange->chunk_start = position;
	exchange->chunk_len = 0;
	connection_set_phase(exchange->connection, PHASE_WORK);
	return exchange_hand_over(exchange, fill_chunk) ? 0 : MHD_CONTENT_READER_END_WITH_ERROR;
}
