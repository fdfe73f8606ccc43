/* One request and its answer. The event thread reads; whatever may wait is a step in a worker, while the
 * connection is suspended:
 *
 *	HEAD ──▶ (open sink*) ──▶ BODY ──▶ (feed* …) ──▶ (handle*) ──▶ ANSWER ──▶ (fill* …)      * in a worker
 *	   └──────────────────▶ REFUSED: the body is read and dropped ──▶ ANSWER
 *
 * Event thread and workers never touch an exchange at the same time: handing over and suspending, and
 * resuming, order what they do. */
#include "web/server_private.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "web/head.h"

#include <stdlib.h>
#include <string.h>

#define STREAM_PIECE_BYTES (128 * 1024)

enum exchange_state {
	EXCHANGE_HEAD,	   /* only the request line has been read */
	EXCHANGE_OPENING,  /* a worker asks the route for a sink */
	EXCHANGE_BODY,	   /* body bytes are read */
	EXCHANGE_REFUSED,  /* `result` says why; body bytes are dropped */
	EXCHANGE_HANDLING, /* a worker runs the page */
	EXCHANGE_ANSWER,   /* the answer is ready or being sent */
};

struct exchange {
	struct server *server;
	struct connection *connection;
	struct MHD_Connection *mhd;
	struct arena arena;
	enum exchange_state state;
	struct request request;
	struct response response;

	const char *target_at; /* where libmicrohttpd has it, for head_is_strict */
	uint64_t length;       /* of the body, as announced */
	enum result result;    /* of the last step */
	bool is_counted;       /* in server->exchanges */
	bool must_close;
	struct str allow; /* for a 405 */

	struct upload_sink sink;
	bool has_sink;
	struct form *form;
	struct buf piece; /* body bytes on their way to a worker */

	struct job job;
	void (*step)(struct exchange *exchange);

	struct byte_range range; /* the part of the body that is sent */
	char *chunk;		 /* bytes of a streamed body, read by a worker */
	uint64_t chunk_start;	 /* relative to range.start */
	size_t chunk_len;
};

/* Steps in workers. */

static void run_step(struct job *job)
{
	struct exchange *exchange = (struct exchange *)((char *)job - offsetof(struct exchange, job));
	struct server *server = exchange->server;

	exchange->step(exchange);
	/* After this the event thread may free the exchange. */
	MHD_resume_connection(exchange->mhd);
	LOCKED(&server->lock);
	server->suspended--;
	signal_all(&server->changed);
}

/* Suspends the connection and has a worker do the step; false when the server is being torn down. */
static bool hand_over(struct exchange *exchange, void (*step)(struct exchange *exchange))
{
	struct server *server = exchange->server;

	lock_take(&server->lock);
	bool is_aborting = server->is_aborting;
	server->suspended += !is_aborting;
	lock_release(&server->lock);
	if (is_aborting)
		return false;
	exchange->step = step;
	exchange->job.run = run_step;
	MHD_suspend_connection(exchange->mhd);
	jobs_add(server->jobs, &exchange->job);
	return true;
}

/* Answers. */

static void write_plain_error(struct response *response, const struct err *err)
{
	/* The reason is our own text, but may quote what came in: no markup, so nothing to escape. */
	response_header(response, "Content-Type", STR("text/plain; charset=utf-8"));
	buf_printf(&response->body, "%d %s\n", response->status, response_reason(response->status));
	if (err->text[0] && response->status < 500)
		buf_printf(&response->body, "%s\n", err->text);
}

/* Makes the answer an error page with this status. */
static void write_error(struct exchange *exchange, enum result result, int status)
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
static enum MHD_Result send_answer(struct exchange *exchange)
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
static void finish_response(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct response *response = &exchange->response;

	if (response->body.overflow) {
		(void)err_set(&request->err, RESULT_INTERNAL, "the page is longer than %d bytes",
			LIMIT_HTTP_BODY_BYTES);
		write_error(exchange, RESULT_INTERNAL, 500);
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
	return hand_over(exchange, fill_chunk) ? 0 : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* Refusals on the event thread. */

/* Answers at once; what the client still sends is not read, and the connection is closed. */
static enum MHD_Result answer_now(struct exchange *exchange, enum result result, int status)
{
	exchange->must_close = true;
	write_error(exchange, result, status);
	finish_response(exchange);
	return send_answer(exchange);
}

/* Refuses before the body: reads and drops it first when it is not too long, since most browsers show no
 * answer before they have sent everything. */
static enum MHD_Result refuse(struct exchange *exchange, enum result result, int status)
{
	bool waits = str_equal_nocase(request_header(&exchange->request, "expect"), STR("100-continue"));

	if (!exchange->length || waits || exchange->length > LIMIT_HTTP_DRAIN_BYTES)
		return answer_now(exchange, result, status);
	write_error(exchange, result, status);
	exchange->state = EXCHANGE_REFUSED;
	connection_set_phase(exchange->connection, PHASE_BODY);
	return MHD_YES;
}

/* The head. */

struct head_reading {
	struct list headers; /* of struct pair */
	struct list pieces;  /* of struct head_piece */
	struct arena *arena;
};

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
	const char *value, size_t value_len)
{
	struct head_reading *reading = cls;
	struct pair *header = list_add(&reading->headers);

	(void)kind;
	header->name = arena_lower(reading->arena, (struct str){name, name_len});
	header->value = str_trim(arena_str(reading->arena, (struct str){value ? value : "", value_len}));
	*(struct head_piece *)list_add(&reading->pieces) =
		(struct head_piece){name, name_len, value ? value : "", value_len};
	return MHD_YES;
}

/* Copies the headers; the status to refuse with, or 0. */
static int read_headers(struct exchange *exchange, const char *method, const char *version)
{
	struct arena *arena = &exchange->arena;
	struct head_reading reading = {
		list_new(arena, sizeof(struct pair)), list_new(arena, sizeof(struct head_piece)), arena};
	size_t size =
		MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;

	(void)MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND, on_header, &reading);
	exchange->request.headers = (struct pairs){reading.headers.items, reading.headers.count};
#if MHD_VERSION < 0x00097701
	if (!head_is_strict(method, exchange->target_at, exchange->request.target.len, version,
		    reading.pieces.items, reading.pieces.count, size))
		return 400;
#else
	(void)method;
	(void)version;
#endif
	return size > LIMIT_HTTP_HEADER_BYTES ? 431 : 0;
}

static enum http_method method_of(const char *name)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = {{"GET", METHOD_GET}, {"HEAD", METHOD_HEAD}, {"POST", METHOD_POST}, {"PUT", METHOD_PUT},
		{"DELETE", METHOD_DELETE}};

	for (size_t i = 0; i < COUNT_OF(methods); i++) {
		if (strcmp(name, methods[i].name) == 0)
			return methods[i].method;
	}
	return METHOD_OTHER;
}

/* All values of a list field as one (RFC 9110 section 5.3). */
static struct str joined_header(const struct request *request, struct str name, char separator)
{
	struct str all = STR_NONE;

	for (size_t i = 0; i < request->headers.count; i++) {
		struct pair header = request->headers.items[i];
		if (str_equal(header.name, name))
			all = all.ptr ? arena_printf(request->arena, "%.*s%c%.*s", STR_ARG(all), separator,
						STR_ARG(header.value))
				      : header.value;
	}
	return all;
}

static void read_client(struct exchange *exchange)
{
	const struct server *server = exchange->server;
	struct request *request = &exchange->request;
	struct peer client = peer_behind_proxies(&exchange->connection->peer,
		joined_header(request, STR("x-forwarded-for"), ','), server->trusted,
		server->options.trusted_proxy_count);

	request->client = peer_text(&exchange->arena, &client);
}

/* Answers what is in memory at once; false when the path is not that of an asset. */
static bool is_asset(struct exchange *exchange, const struct segments *path)
{
	const struct server *server = exchange->server;

	return server->options.assets && exchange->request.method == METHOD_GET && path->count == 2 &&
	       str_equal(path->items[0], STR("static")) &&
	       assets_answer(server->options.assets, path->items[1], &exchange->response) == RESULT_OK;
}

/* Splits target and cookies, and finds the route; the status to refuse with, or 0. Without a route the
 * response is there already. */
static int find_route(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct arena *arena = &exchange->arena;
	struct segments path = {0};
	struct str query = request->target;

	(void)str_cut(&query, '?');
	if (path_parse(arena, request->path, &path) != RESULT_OK)
		return 400;
	if (query.ptr && urlencoded_parse(arena, query, LIMIT_HTTP_QUERY_PAIRS, &request->query) != RESULT_OK)
		return 400;
	request->cookies = cookie_parse(arena, joined_header(request, STR("cookie"), ';'));
	if (is_asset(exchange, &path))
		return 0;
	enum result result = router_find(exchange->server->options.router, arena, request->method, &path,
		&request->route, &request->parameters, &exchange->allow);
	if (result == RESULT_DENIED)
		return 405;
	if (result != RESULT_OK)
		return result == RESULT_NOT_FOUND ? 404 : 400;
	return route_keep_query(request->route, request) == RESULT_OK ? 0 : 400;
}

/* Steps in workers: the page itself. */

static void end_sink(struct exchange *exchange)
{
	if (exchange->has_sink)
		exchange->sink.done(exchange->sink.context);
	exchange->has_sink = false;
	exchange->request.upload = NULL;
}

static void handle(struct exchange *exchange)
{
	struct server *server = exchange->server;
	struct request *request = &exchange->request;
	enum result result = RESULT_OK;

	request->now = clock_now();
	if (exchange->form)
		result = form_finish(exchange->form, &request->fields, &request->err);
	if (result == RESULT_OK && exchange->form)
		result = route_keep_fields(request->route, request);
	if (result == RESULT_OK)
		result = server->options.handle ? server->options.handle(request, &exchange->response)
						: request->route->handler(request, &exchange->response);
	if (result != RESULT_OK)
		write_error(exchange, result, response_status_of(result));
	end_sink(exchange);
	finish_response(exchange);
}

/* Asks the route where files should go, and begins the form. */
static void open_sink(struct exchange *exchange)
{
	struct request *request = &exchange->request;

	request->now = clock_now();
	exchange->result = request->route->open_sink(request, &exchange->sink);
	exchange->has_sink = exchange->result == RESULT_OK;
	if (!exchange->has_sink)
		return;
	request->upload = exchange->sink.context;
	exchange->result = form_new(&exchange->arena, request_header(request, "content-type"),
		&exchange->sink, &exchange->form, &request->err);
}

static void feed(struct exchange *exchange)
{
	exchange->result =
		form_push(exchange->form, exchange->piece.data, exchange->piece.len, &exchange->request.err);
	buf_clear(&exchange->piece);
}

/* The request, on the event thread. */

static enum MHD_Result begin_body(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	bool has_files = request->route->open_sink != NULL;
	uint64_t limit = has_files ? exchange->server->options.upload_limit : 2 * LIMIT_HTTP_FORM_BYTES;

	if (request->method == METHOD_GET)
		return refuse(exchange, RESULT_INVALID, 400);
	if (exchange->length > limit) {
		(void)err_set(
			&request->err, RESULT_TOO_LARGE, "more than %llu bytes", (unsigned long long)limit);
		return refuse(exchange, RESULT_TOO_LARGE, 413);
	}
	connection_set_phase(exchange->connection, PHASE_BODY);
	if (has_files) {
		exchange->state = EXCHANGE_OPENING;
		return hand_over(exchange, open_sink) ? MHD_YES : MHD_NO;
	}
	exchange->state = EXCHANGE_BODY;
	enum result result = form_new(&exchange->arena, request_header(request, "content-type"), NULL,
		&exchange->form, &request->err);
	return result == RESULT_OK ? MHD_YES : refuse(exchange, result, response_status_of(result));
}

static enum MHD_Result begin(struct exchange *exchange, const char *method, const char *version)
{
	struct server *server = exchange->server;
	struct request *request = &exchange->request;

	lock_take(&server->lock);
	server->exchanges++;
	lock_release(&server->lock);
	exchange->is_counted = true;
	connection_set_phase(exchange->connection, PHASE_WORK);

	request->method = method_of(method);
	request->is_head = request->method == METHOD_HEAD;
	if (request->is_head)
		request->method = METHOD_GET;
	int status = read_headers(exchange, method, version);
	if (status)
		return answer_now(exchange, RESULT_INVALID, status);
	enum result result = request_check_head(request, &server->rules, &exchange->length);
	if (result != RESULT_OK) {
		exchange->length = 0;
		return answer_now(exchange, result,
			result == RESULT_NOT_FOUND     ? 421
			: result == RESULT_UNAVAILABLE ? 411
						       : response_status_of(result));
	}
	read_client(exchange);
	status = find_route(exchange);
	if (status)
		return refuse(exchange, status == 404 ? RESULT_NOT_FOUND : RESULT_INVALID, status);
	if (!request->route) {
		finish_response(exchange);
		return exchange->length ? answer_now(exchange, RESULT_INVALID, 400) : send_answer(exchange);
	}
	if (request->method != METHOD_GET && !request_is_same_site(request))
		return refuse(exchange, RESULT_DENIED, 403);
	if (jobs_is_full(server->jobs))
		return refuse(exchange, RESULT_UNAVAILABLE, 503);
	exchange->state = EXCHANGE_BODY;
	return exchange->length ? begin_body(exchange) : MHD_YES;
}

/* Turns to dropping the rest of a body, when a step has failed. */
static bool is_refused_now(struct exchange *exchange)
{
	if (exchange->result == RESULT_OK)
		return false;
	write_error(exchange, exchange->result, response_status_of(exchange->result));
	exchange->state = EXCHANGE_REFUSED;
	return true;
}

/* Takes body bytes: forms of fields only at once, those with files by way of a worker. */
static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *size)
{
	size_t len = *size;

	*size = 0;
	atomic_fetch_add(&exchange->connection->bytes, len);
	if (is_refused_now(exchange))
		return MHD_YES;
	if (!exchange->has_sink) {
		exchange->result = form_push(exchange->form, data, len, &exchange->request.err);
		(void)is_refused_now(exchange);
		return MHD_YES;
	}
	buf_add_bytes(&exchange->piece, data, len);
	return hand_over(exchange, feed) ? MHD_YES : MHD_NO;
}

static enum MHD_Result end_body(struct exchange *exchange)
{
	if (is_refused_now(exchange)) {
		finish_response(exchange);
		return send_answer(exchange);
	}
	exchange->state = EXCHANGE_HANDLING;
	connection_set_phase(exchange->connection, PHASE_WORK);
	return hand_over(exchange, handle) ? MHD_YES : MHD_NO;
}

enum MHD_Result exchange_on_request(void *cls, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **context)
{
	struct exchange *exchange = *context;

	(void)cls;
	(void)mhd;
	(void)url;
	if (!exchange)
		return MHD_NO;
	switch (exchange->state) {
	case EXCHANGE_HEAD:
		return begin(exchange, method, version);
	case EXCHANGE_OPENING:
		if (!is_refused_now(exchange))
			exchange->state = EXCHANGE_BODY;
		return MHD_YES;
	case EXCHANGE_BODY:
		return *size ? take_body(exchange, data, size) : end_body(exchange);
	case EXCHANGE_REFUSED:
		if (*size) {
			atomic_fetch_add(&exchange->connection->bytes, *size);
			*size = 0;
			return MHD_YES;
		}
		finish_response(exchange);
		return send_answer(exchange);
	case EXCHANGE_HANDLING:
		return send_answer(exchange);
	case EXCHANGE_ANSWER:
		break;
	}
	return MHD_NO;
}

void *exchange_on_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
	struct exchange *exchange = mem_new(sizeof(*exchange));
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct str copy = arena_str(&exchange->arena, str_of(target ? target : "")), path = copy;

	exchange->server = cls;
	exchange->connection = info->socket_context;
	exchange->mhd = mhd;
	exchange->target_at = target;
	exchange->request = (struct request){
		.app = exchange->server->options.app,
		.arena = &exchange->arena,
		.now = clock_now(),
		.target = copy,
		.path = str_cut(&path, '?'),
	};
	exchange->piece = buf_new(LIMIT_HTTP_BODY_BYTES);
	response_init(&exchange->response, &exchange->arena);
	return exchange;
}

void exchange_on_completed(
	void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code)
{
	struct server *server = cls;
	struct exchange *exchange = *context;

	(void)mhd;
	(void)code;
	if (!exchange)
		return;
	*context = NULL;
	connection_set_phase(exchange->connection, PHASE_HEAD);
	response_done(&exchange->response);
	end_sink(exchange);
	form_free(exchange->form);
	buf_done(&exchange->piece);
	free(exchange->chunk);
	if (exchange->is_counted) {
		LOCKED(&server->lock);
		server->exchanges--;
		signal_all(&server->changed);
	}
	arena_done(&exchange->arena);
	free(exchange);
}
