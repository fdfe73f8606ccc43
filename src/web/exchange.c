/* One request and its answer. The event thread reads; whatever may wait is a step in a worker, while the
 * connection is suspended:
 *
 *	HEAD ──▶ (open sink*) ──▶ BODY ──▶ (feed* …) ──▶ (handle*) ──▶ ANSWER ──▶ (fill* …)      * in a worker
 *	   └──────────────────▶ REFUSED: the body is read and dropped ──▶ ANSWER
 *
 * Event thread and workers never touch an exchange at the same time: handing over and suspending, and
 * resuming, order what they do. */
#include "web/exchange_private.h"

#include "base/clock.h"
#include "base/limits.h"

#include <stdlib.h>

/* Steps in workers. */

static void run_step(struct job *job);

static void nothing_more(struct exchange *exchange)
{
	(void)exchange;
}

/* Puts the step's end off until the answer may leave. */
static bool waits_to_leave(struct exchange *exchange)
{
	int64_t when = exchange->response.not_before;

	exchange->response.not_before = 0;
	if (when <= clock_monotonic())
		return false;
	exchange->step = nothing_more;
	jobs_add_at(exchange->server->jobs, &exchange->job, when);
	return true;
}

static void run_step(struct job *job)
{
	struct exchange *exchange = (struct exchange *)((char *)job - offsetof(struct exchange, job));
	struct server *server = exchange->server;

	exchange->step(exchange);
	if (waits_to_leave(exchange))
		return;
	/* After this the event thread may free the exchange. */
	MHD_resume_connection(exchange->mhd);
	LOCKED(&server->lock);
	server->suspended--;
	signal_all(&server->changed);
}

/* Suspends the connection and has a worker do the step; false when the server is being torn down. */
bool exchange_hand_over(struct exchange *exchange, void (*step)(struct exchange *exchange))
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

/* Refusals on the event thread. */

/* Answers at once; what the client still sends is not read, and the connection is closed. */
static enum MHD_Result answer_now(struct exchange *exchange, enum result result, int status)
{
	exchange->must_close = true;
	exchange_write_error(exchange, result, status);
	exchange_finish_response(exchange);
	return exchange_send_answer(exchange);
}

/* Refuses before the body: reads and drops it first when it is not too long, since most browsers show no
 * answer before they have sent everything. */
static enum MHD_Result refuse(struct exchange *exchange, enum result result, int status)
{
	bool waits = str_equal_nocase(request_header(&exchange->request, "expect"), STR("100-continue"));

	if (!exchange->length || waits || exchange->length > LIMIT_HTTP_DRAIN_BYTES)
		return answer_now(exchange, result, status);
	exchange_write_error(exchange, result, status);
	exchange->state = EXCHANGE_REFUSED;
	connection_set_phase(exchange->connection, PHASE_BODY);
	return MHD_YES;
}

/* Steps in workers: the page itself. */

static void end_sink(struct exchange *exchange)
{
	if (exchange->has_sink)
		exchange->sink.done(exchange->sink.context);
	exchange->has_sink = false;
	exchange->request.upload = NULL;
}

static enum result read_form(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	enum result result = form_finish(exchange->form, &request->fields, &request->err);

	request->over = form_over(exchange->form);
	request->is_cut = request->over.ptr != NULL;
	if (result != RESULT_OK && !request->is_cut)
		return result;
	return route_keep_fields(request->route, request);
}

static void handle(struct exchange *exchange)
{
	struct server *server = exchange->server;
	struct request *request = &exchange->request;
	enum result result = RESULT_OK;

	request->now = clock_now();
	if (exchange->form)
		result = read_form(exchange);
	if (result == RESULT_OK)
		result = server->options.handle ? server->options.handle(request, &exchange->response)
						: request->route->handler(request, &exchange->response);
	if (result != RESULT_OK)
		exchange_write_error(exchange, result, response_status_of(result));
	end_sink(exchange);
	exchange_finish_response(exchange);
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
		return exchange_hand_over(exchange, open_sink) ? MHD_YES : MHD_NO;
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

	request->method = exchange_method_of(method);
	request->is_head = request->method == METHOD_HEAD;
	if (request->is_head)
		request->method = METHOD_GET;
	int status = exchange_read_headers(exchange, method, version);
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
	exchange_read_client(exchange);
	status = exchange_find_route(exchange);
	if (status)
		return refuse(exchange, status == 404 ? RESULT_NOT_FOUND : RESULT_INVALID, status);
	if (!request->route) {
		exchange_finish_response(exchange);
		return exchange->length ? answer_now(exchange, RESULT_INVALID, 400)
					: exchange_send_answer(exchange);
	}
	if (request->method != METHOD_GET && !request_is_same_site(request))
		return refuse(exchange, RESULT_INVALID, 403);
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
	exchange_write_error(exchange, exchange->result, response_status_of(exchange->result));
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
	return exchange_hand_over(exchange, feed) ? MHD_YES : MHD_NO;
}

static enum MHD_Result end_body(struct exchange *exchange)
{
	if (is_refused_now(exchange)) {
		exchange_finish_response(exchange);
		return exchange_send_answer(exchange);
	}
	exchange->state = EXCHANGE_HANDLING;
	connection_set_phase(exchange->connection, PHASE_WORK);
	return exchange_hand_over(exchange, handle) ? MHD_YES : MHD_NO;
}

enum MHD_Result exchange_on_request(void *cls, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **context)
{
	struct exchange *exchange = *context;

	(void)cls;
	(void)url;
	if (!exchange)
		return MHD_NO;
	if (*size && slow_refuse_body(exchange->connection, mhd))
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
		exchange_finish_response(exchange);
		return exchange_send_answer(exchange);
	case EXCHANGE_HANDLING:
		return exchange_send_answer(exchange);
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
	atomic_store(&exchange->connection->is_asking, true);
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
	atomic_store(&exchange->connection->is_asking, false);
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
