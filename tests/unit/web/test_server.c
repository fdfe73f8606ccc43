/* The server over loopback: what it accepts, refuses and survives. */
#include "tests/unit/temporary_folder.h"
#include "tests/unit/unit.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/thread.h"
#include "client.h"
#include "web/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* As STR, where C wants a constant. */
#define STR_LITERAL(text)                                                                                    \
	{                                                                                                    \
		(text), sizeof(text) - 1                                                                     \
	}

#define UPLOAD_BYTES ((size_t)50 << 20)
#define UPLOAD_LIMIT ((size_t)60 << 20)
#define FILE_BYTES ((uint64_t)20 << 20)

/* Freed memory that the sanitizer keeps back would count as ours. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1";
}

/* What the pages below and the tests tell each other. */
static struct {
	struct lock lock;
	struct signal changed;
	bool is_gate_open; /* GET /gate waits for it */
	int at_gate;
	uint64_t uploaded;
	uint32_t upload_sum;
	char upload_name[300];
	int uploads_begun, uploads_done;
	int streams_done;
	struct server *server;
	uint16_t tls_port, plain_port;
	char certificate[96], key[96];
} t;

static enum result get_hello(struct request *request, struct response *response)
{
	struct str name = request_parameter(request, "name");

	response_text(response, "text/plain; charset=utf-8",
		arena_printf(request->arena, "hello %.*s from %.*s %.*s", STR_ARG(name),
			STR_ARG(request->client), STR_ARG(request_query(request, "q"))));
	return RESULT_OK;
}

static enum result post_form(struct request *request, struct response *response)
{
	response_text(response, "text/plain",
		arena_printf(request->arena, "text=%.*s", STR_ARG(request_field(request, "text"))));
	return RESULT_OK;
}

static enum result get_gate(struct request *request, struct response *response)
{
	(void)request;
	LOCKED(&t.lock);
	t.at_gate++;
	signal_all(&t.changed);
	while (!t.is_gate_open)
		signal_wait(&t.changed, &t.lock);
	response_text(response, "text/plain", STR("through"));
	return RESULT_OK;
}

static enum result get_fail(struct request *request, struct response *response)
{
	response_text(response, "text/plain", STR("half a page"));
	response_cookie(response, "session", STR("abc"), 0);
	return err_set(&request->err, RESULT_GONE, "it was recalled");
}

static enum result get_go(struct request *request, struct response *response)
{
	response_redirect(response, request_query(request, "next"));
	return RESULT_OK;
}

/* A body in which every byte tells its place. */
static uint8_t file_byte(uint64_t at)
{
	return (uint8_t)(at * 7 + (at >> 8) * 13 + (at >> 16));
}

static enum result read_file_at(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	uint8_t *out = data;
	uint64_t end = context ? FILE_BYTES / 2 : FILE_BYTES;

	if (offset + size > end && context)
		return err_set(err, RESULT_INTERNAL, "damaged");
	for (size_t i = 0; i < size; i++)
		out[i] = file_byte(offset + i);
	*ret_read = size;
	return RESULT_OK;
}

static void stream_done(void *context)
{
	(void)context;
	LOCKED(&t.lock);
	t.streams_done++;
	signal_all(&t.changed);
}

static enum result get_file(struct request *request, struct response *response)
{
	bool broken = str_equal(request_parameter(request, "which"), STR("broken"));
	struct reader reader = {read_file_at, broken ? &t : NULL, FILE_BYTES};

	response_download(response, reader, STR("Rechnung \xe2\x82\xac.pdf"), STR("application/pdf"),
		STR("\"v1\""), stream_done);
	return RESULT_OK;
}

static enum result sink_begin(void *context, struct str field, struct str name, struct str type,
	const struct pairs *fields, struct err *err)
{
	(void)context;
	(void)field;
	(void)type;
	if (!str_equal(pairs_get(fields, "csrf"), STR("right")))
		return err_set(err, RESULT_DENIED, "the form is too old");
	LOCKED(&t.lock);
	t.uploads_begun++;
	signal_all(&t.changed);
	t.uploaded = 0;
	t.upload_sum = 0;
	(void)snprintf(t.upload_name, sizeof(t.upload_name), "%.*s", STR_ARG(name));
	return RESULT_OK;
}

static enum result sink_write(void *context, const void *data, size_t size, struct err *err)
{
	const uint8_t *bytes = data;

	(void)context;
	(void)err;
	LOCKED(&t.lock);
	for (size_t i = 0; i < size; i++)
		t.upload_sum = t.upload_sum * 31 + bytes[i];
	t.uploaded += size;
	return RESULT_OK;
}

static enum result sink_end(void *context, struct err *err)
{
	(void)context;
	(void)err;
	return RESULT_OK;
}

static void sink_done(void *context)
{
	(void)context;
	LOCKED(&t.lock);
	t.uploads_done++;
	signal_all(&t.changed);
}

static enum result open_upload(struct request *request, struct upload_sink *ret)
{
	if (str_equal(request_cookie(request, "session"), STR("")))
		return err_set(&request->err, RESULT_DENIED, "sign in first");
	*ret = (struct upload_sink){sink_begin, sink_write, sink_end, sink_done, &t};
	return RESULT_OK;
}

static enum result post_upload(struct request *request, struct response *response)
{
	assert_ptr_equal(request->upload, &t);
	response_text(response, "text/plain",
		arena_printf(request->arena, "%llu bytes, note=%.*s", (unsigned long long)t.uploaded,
			STR_ARG(request_field(request, "note"))));
	return RESULT_OK;
}

static const struct route_parameter hello_parameters[] = {
	{PARAMETER_PATH, "name", 20, 0, "whom to greet"}, {PARAMETER_QUERY, "q", 10, 0, ""}, {0}};
static const struct route_parameter form_parameters[] = {{PARAMETER_FIELD, "text", 100, 0, ""}, {0}};
static const struct route_parameter upload_parameters[] = {{PARAMETER_FIELD, "note", 100, 0, ""}, {0}};
static const struct route_parameter file_parameters[] = {{PARAMETER_PATH, "which", 20, 0, ""}, {0}};
static const struct route_parameter go_parameters[] = {{PARAMETER_QUERY, "next", 100, 0, ""}, {0}};
static const struct route routes[] = {
	{METHOD_GET, "/hello/{name}", RIGHTS_ANYONE, hello_parameters, get_hello, NULL, "greets"},
	{METHOD_POST, "/form", RIGHTS_ANYONE, form_parameters, post_form, NULL, "says back"},
	{METHOD_POST, "/upload", RIGHTS_ANYONE, upload_parameters, post_upload, open_upload, "takes files"},
	{METHOD_GET, "/gate", RIGHTS_ANYONE, NULL, get_gate, NULL, "waits"},
	{METHOD_GET, "/fail", RIGHTS_ANYONE, NULL, get_fail, NULL, "fails"},
	{METHOD_GET, "/go", RIGHTS_ANYONE, go_parameters, get_go, NULL, "redirects"},
	{METHOD_GET, "/file/{which}", RIGHTS_ANYONE, file_parameters, get_file, NULL, "a download"},
};
static const struct route_table tables[] = {ROUTES(routes)};
static struct router *router;

static void start(struct server_options *options)
{
	static const struct server_listen listen[] = {{"127.0.0.1", 0, true}, {"127.0.0.1", 0, false}};
	static const struct str origins[] = {STR_LITERAL("https://portal.test")};
	struct err err = {0};

	struct tls_credentials *credentials;
	assert_int_equal(tls_credentials_load(t.certificate, t.key, &credentials, &err), RESULT_OK);
	options->listen = listen;
	options->listen_count = COUNT_OF(listen);
	options->credentials = credentials;
	options->origins = origins;
	options->origin_count = 1;
	options->router = router;
	options->upload_limit = UPLOAD_LIMIT;
	if (server_start(options, &t.server, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	tls_credentials_unref(credentials);
	t.tls_port = server_port(t.server, 0);
	t.plain_port = server_port(t.server, 1);
}

static int setup(void **state)
{
	struct server_options options = {0};

	(void)state;
	t.is_gate_open = false;
	t.at_gate = t.uploads_begun = t.uploads_done = t.streams_done = 0;
	start(&options);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	server_stop(t.server, 5 * MS_SECOND);
	t.server = NULL;
	return 0;
}

static int setup_group(void **state)
{
	(void)state;
	lock_init(&t.lock, "test", 1000);
	signal_init(&t.changed);
	const char *folder = temporary_folder();
	(void)snprintf(t.certificate, sizeof(t.certificate), "%s/certificate.pem", folder);
	(void)snprintf(t.key, sizeof(t.key), "%s/key.pem", folder);
	make_certificate(t.certificate, t.key, 1);
	router = router_new(tables, COUNT_OF(tables));
	return 0;
}

static int teardown_group(void **state)
{
	(void)state;
	router_free(router);
	return 0;
}

/* Sends the bytes on a connection of their own, and gives all that comes back. */
static struct buf send_raw(bool tls, struct str request)
{
	struct buf answer = buf_new((size_t)64 << 20);
	struct client *client = client_open(tls ? t.tls_port : t.plain_port, tls);

	assert_non_null(client);
	(void)client_send(client, request);
	assert_true(client_read(client, &answer, SIZE_MAX));
	client_close(client);
	return answer;
}

#define CLOSING "Host: portal.test\r\nConnection: close\r\n"

static void test_page(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		cleanup(buf_done) struct buf answer =
			send_raw(tls, STR("GET /hello/caf%C3%A9?q=a+b&other=1 HTTP/1.1\r\n" CLOSING "\r\n"));
		assert_int_equal(answer_status(&answer), 200);
		assert_str(answer_body(&answer), "hello caf\xc3\xa9 from 127.0.0.1 a b");
		assert_str(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
		assert_str(answer_header(&answer, "Cache-Control"), "no-store");
		assert_str(answer_header(&answer, "Strict-Transport-Security"), "max-age=31536000");
		assert_true(str_starts(
			answer_header(&answer, "Content-Security-Policy"), STR("default-src 'none'; ")));
	}
}

static void test_head_has_no_body(void **state)
{
	(void)state;
	cleanup(buf_done) struct buf answer =
		send_raw(true, STR("HEAD /hello/x HTTP/1.1\r\n" CLOSING "\r\n"));
	assert_int_equal(answer_status(&answer), 200);
	assert_str(answer_header(&answer, "Content-Length"), "23");
	assert_str(answer_body(&answer), "");
}

/* One connection, many requests; a large head that comes in small pieces is still in strict form. */
static void test_keep_alive(void **state)
{
	(void)state;
	struct client *client = client_open(t.tls_port, true);

	for (size_t pad = 0; pad < 30000; pad += 2999) {
		cleanup(buf_done) struct buf answer = buf_new(1 << 20);
		cleanup(buf_done) struct buf request = buf_new(1 << 20);
		buf_printf(
			&request, "GET /hello/x HTTP/1.1\r\nHost: portal.test\r\nX-A:  b \t\r\nX-Empty:\r\n");
		buf_printf(&request, "X-Pad: %0*d\r\n\r\n", (int)pad + 1, 0);
		for (struct str rest = buf_str(&request); rest.len; rest = str_from(rest, 1777))
			assert_true(client_send(client, str_sub(rest, 0, 1777)));
		assert_true(client_read_answer(client, &answer));
		assert_int_equal(answer_status(&answer), 200);
	}
	client_close(client);
}

static void test_hostile_heads(void **state)
{
	static const struct {
		const char *what;
		struct str request;
		int status;
	} cases[] = {
#define CASE(what, text, status) {what, STR_LITERAL(text), status}
		CASE("unknown host", "GET /hello/x HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n",
			421),
		CASE("host with port", "GET /hello/x HTTP/1.1\r\nHost: portal.test:80\r\n\r\n", 421),
		CASE("no host", "GET /hello/x HTTP/1.1\r\nX: y\r\n\r\n", 400),
		CASE("no host in 1.0", "GET /hello/x HTTP/1.0\r\n\r\n", 400),
		CASE("two hosts", "GET /hello/x HTTP/1.1\r\nHost: portal.test\r\nHost: evil.test\r\n\r\n",
			400),
		CASE("two equal hosts",
			"GET /hello/x HTTP/1.1\r\nHost: portal.test\r\nHost: portal.test\r\n\r\n", 400),
		CASE("absolute target", "GET https://portal.test/hello/x HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("foreign absolute target", "GET http://evil.test/ HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("asterisk", "OPTIONS * HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("two slashes", "GET //hello/x HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("dots", "GET /hello/../etc HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("encoded slash", "GET /hello/a%2fb HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("encoded NUL", "GET /hello/a%00 HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("bad UTF-8", "GET /hello/%ff HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("bad escape", "GET /hello/%4 HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("long parameter", "GET /hello/aaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n" CLOSING "\r\n",
			400),
		CASE("long query", "GET /hello/a?q=aaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n" CLOSING "\r\n",
			400),
		CASE("doubled query", "GET /hello/a?q=1&q=2 HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("length and coding",
			"POST /form HTTP/1.1\r\n" CLOSING
			"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
			"0\r\n\r\n",
			400),
		CASE("coding and length",
			"POST /form HTTP/1.1\r\n" CLOSING
			"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
			"0\r\n\r\n",
			400),
		CASE("coding alone",
			"POST /form HTTP/1.1\r\n" CLOSING "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
		CASE("unknown coding",
			"POST /form HTTP/1.1\r\n" CLOSING "Transfer-Encoding: xchunked\r\n\r\nx", 411),
		CASE("two lengths",
			"POST /form HTTP/1.1\r\n" CLOSING
			"Content-Length: 0\r\nContent-Length: 5\r\n\r\nGET /",
			400),
		CASE("two equal lengths",
			"POST /form HTTP/1.1\r\n" CLOSING "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
			400),
		CASE("list of lengths", "POST /form HTTP/1.1\r\n" CLOSING "Content-Length: 5, 5\r\n\r\nabcde",
			400),
		CASE("signed length", "POST /form HTTP/1.1\r\n" CLOSING "Content-Length: +5\r\n\r\nabcde",
			400),
		CASE("hexadecimal length",
			"POST /form HTTP/1.1\r\n" CLOSING "Content-Length: 0x5\r\n\r\nabcde", 400),
		CASE("huge length",
			"POST /form HTTP/1.1\r\n" CLOSING "Content-Length: 99999999999999999999\r\n\r\n",
			413),
		CASE("folded line", "GET /hello/x HTTP/1.1\r\n" CLOSING "X-A: b\r\n c\r\n\r\n", 400),
		CASE("folded first line", "GET /hello/x HTTP/1.1\r\n X: y\r\n" CLOSING "\r\n", 400),
		CASE("bare LF after a header", "GET /hello/x HTTP/1.1\r\nX: y\n" CLOSING "\r\n", 400),
		CASE("bare LF after the request line", "GET /hello/x HTTP/1.1\n" CLOSING "\r\n", 400),
		CASE("bare LF as empty line", "GET /hello/x HTTP/1.1\r\n" CLOSING "\n", 400),
		CASE("bare LFs only", "GET /hello/x HTTP/1.1\nHost: portal.test\nConnection: close\n\n", 400),
		CASE("bare CR in a value", "GET /hello/x HTTP/1.1\r\n" CLOSING "X: a\rb\r\n\r\n", 400),
		CASE("NUL in a value", "GET /hello/x HTTP/1.1\r\n" CLOSING "X: a\0b\r\n\r\n", 400),
		CASE("NUL in a name", "GET /hello/x HTTP/1.1\r\n" CLOSING "X\0Y: ab\r\n\r\n", 400),
		CASE("NUL in the target", "GET /hello/x\0y HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("space before colon", "GET /hello/x HTTP/1.1\r\n" CLOSING "X : y\r\n\r\n", 400),
		CASE("hidden length", "POST /form HTTP/1.1\r\n" CLOSING "Content-Length : 5\r\n\r\nabcde",
			400),
		CASE("no colon", "GET /hello/x HTTP/1.1\r\n" CLOSING "nonsense\r\n\r\n", 400),
		CASE("empty name", "GET /hello/x HTTP/1.1\r\n" CLOSING ": y\r\n\r\n", 400),
		CASE("two spaces", "GET  /hello/x HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("space at the end", "GET /hello/x HTTP/1.1 \r\n" CLOSING "\r\n", 400),
		CASE("space in the target", "GET /hello/x y HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("fragment", "GET /hello/x#y HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("raw UTF-8", "GET /hello/\xc3\xa4 HTTP/1.1\r\n" CLOSING "\r\n", 400),
		CASE("no version", "GET /hello/x\r\n" CLOSING "\r\n", 400),
		CASE("wrong version", "GET /hello/x HTTP/2.0\r\n" CLOSING "\r\n", 505),
		CASE("upgrade", "GET /hello/x HTTP/1.1\r\n" CLOSING "Upgrade: h2c\r\n\r\n", 400),
		CASE("body of a GET", "GET /hello/x HTTP/1.1\r\n" CLOSING "Content-Length: 3\r\n\r\nabc",
			400),
		CASE("other method", "PUT /form HTTP/1.1\r\n" CLOSING "Content-Length: 0\r\n\r\n", 405),
		CASE("no such page", "GET /nothing HTTP/1.1\r\n" CLOSING "\r\n", 404),
		CASE("no such static file", "GET /static/x.css HTTP/1.1\r\n" CLOSING "\r\n", 404),
		CASE("foreign origin",
			"POST /form HTTP/1.1\r\n" CLOSING
			"Origin: https://evil.test\r\nContent-Length: 0\r\n\r\n",
			403),
		CASE("null origin",
			"POST /form HTTP/1.1\r\n" CLOSING "Origin: null\r\nContent-Length: 0\r\n\r\n", 403),
		CASE("foreign site",
			"POST /form HTTP/1.1\r\n" CLOSING
			"Sec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n\r\n",
			403),
		CASE("text/plain form",
			"POST /form HTTP/1.1\r\n" CLOSING
			"Content-Type: text/plain\r\nContent-Length: 6\r\n\r\ntext=a",
			400),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf answer = send_raw(false, cases[i].request);
		if (answer_status(&answer) != cases[i].status)
			fail_msg("%s: got %.*s", cases[i].what, STR_ARG(buf_str(&answer)));
		/* Exactly one answer: nothing behind the head was taken for a request. Of a length that is no
		 * number libmicrohttpd sends its head twice, and closes. */
		if (str_find(cases[i].request, STR("Content-Length")) > 0 &&
			str_find(buf_str(&answer), STR("<html>")) > 0)
			continue;
		if (str_find(str_from(buf_str(&answer), 1), STR("HTTP/1.1 ")) >= 0)
			fail_msg("%s: got more: %.*s", cases[i].what, STR_ARG(buf_str(&answer)));
	}
}

static void test_large_head(void **state)
{
	(void)state;
	cleanup(buf_done) struct buf request = buf_new(1 << 20);
	buf_printf(
		&request, "GET /hello/x HTTP/1.1\r\n" CLOSING "X: %0*d\r\n\r\n", LIMIT_HTTP_HEADER_BYTES, 0);
	cleanup(buf_done) struct buf answer = send_raw(false, buf_str(&request));
	assert_int_equal(answer_status(&answer), 431);
}

static void test_405_lists_methods(void **state)
{
	(void)state;
	cleanup(buf_done) struct buf answer = send_raw(false, STR("GET /form HTTP/1.1\r\n" CLOSING "\r\n"));
	assert_int_equal(answer_status(&answer), 405);
	assert_str(answer_header(&answer, "Allow"), "POST");
}

static void test_error_page_forgets_the_rest(void **state)
{
	(void)state;
	cleanup(buf_done) struct buf answer = send_raw(true, STR("GET /fail HTTP/1.1\r\n" CLOSING "\r\n"));
	assert_int_equal(answer_status(&answer), 410);
	assert_null(answer_header(&answer, "Set-Cookie").ptr);
	assert_str(answer_body(&answer), "410 Gone\nit was recalled\n");
}

static void test_redirect_is_local(void **state)
{
	(void)state;
	cleanup(buf_done) struct buf answer =
		send_raw(true, STR("GET /go?next=%2F%5Cevil.test HTTP/1.1\r\n" CLOSING "\r\n"));
	assert_int_equal(answer_status(&answer), 303);
	assert_str(answer_header(&answer, "Location"), "/");
}

static void test_form(void **state)
{
	(void)state;
	cleanup(buf_done) struct buf answer =
		send_raw(true, STR("POST /form HTTP/1.1\r\n" CLOSING
				   "Origin: https://portal.test\r\nSec-Fetch-Site: same-origin\r\n"
				   "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
				   "20\r\n\r\ntext=a%26b+c&other=1"));
	assert_int_equal(answer_status(&answer), 200);
	assert_str(answer_body(&answer), "text=a&b c");
}

static void test_long_field_is_refused(void **state)
{
	(void)state;
	cleanup(buf_done) struct buf request = buf_new(1 << 20);
	buf_printf(&request,
		"POST /form HTTP/1.1\r\n" CLOSING "Content-Type: application/x-www-form-urlencoded\r\n"
		"Content-Length: 205\r\n\r\ntext=%0200d",
		0);
	cleanup(buf_done) struct buf answer = send_raw(true, buf_str(&request));
	assert_int_equal(answer_status(&answer), 400);
}

#define UPLOAD_HEAD                                                                                          \
	"--XX\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n%s\r\n"                                \
	"--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"                         \
	"Content-Type: application/pdf\r\n\r\n"
#define UPLOAD_TAIL "\r\n--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--XX--\r\n"

/* Sends a form with a file of `size` bytes; the answer to it. */
static struct buf upload(bool tls, const char *csrf, const char *name, size_t size, uint32_t *ret_sum)
{
	cleanup(buf_done) struct buf head = buf_new(4096), request = buf_new(4096);
	struct buf answer = buf_new(1 << 20);
	struct client *client = client_open(tls ? t.tls_port : t.plain_port, tls);
	char piece[16 * 1024];

	*ret_sum = 0;
	buf_printf(&head, UPLOAD_HEAD, csrf, name);
	buf_printf(&request,
		"POST /upload HTTP/1.1\r\n" CLOSING "Cookie: __Host-session=abc\r\n"
		"Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: %zu\r\n\r\n",
		head.len + size + sizeof(UPLOAD_TAIL) - 1);
	assert_true(client_send(client, buf_str(&request)));
	assert_true(client_send(client, buf_str(&head)));
	for (size_t sent = 0, len; sent < size; sent += len) {
		len = size - sent < sizeof(piece) ? size - sent : sizeof(piece);
		for (size_t i = 0; i < len; i++) {
			piece[i] = (char)file_byte(sent + i);
			*ret_sum = *ret_sum * 31 + (uint8_t)piece[i];
		}
		if (!client_send(client, (struct str){piece, len}))
			break;
	}
	(void)client_send(client, STR(UPLOAD_TAIL));
	assert_true(client_read(client, &answer, SIZE_MAX));
	client_close(client);
	return answer;
}

static long peak_kib(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void test_upload_in_bounded_memory(void **state)
{
	uint32_t sum = 0;

	(void)state;
	cleanup(buf_done) struct buf small = upload(true, "right", "a.pdf", 100, &sum);
	assert_int_equal(answer_status(&small), 200);
	long before = peak_kib();
	cleanup(buf_done) struct buf answer = upload(true, "right", "../\xc3\xa4.pdf", UPLOAD_BYTES, &sum);
	assert_int_equal(answer_status(&answer), 200);
	assert_str(answer_body(&answer), "52428800 bytes, note=hello");
	assert_int_equal(t.upload_sum, sum);
	assert_str(str_of(t.upload_name), "_.._\xc3\xa4.pdf");
	assert_int_equal(t.uploads_done, 2);
	assert_in_range(peak_kib() - before, 0, 16 * 1024);
}

/* The page of the refusal is seen although the browser sends everything first. */
static void test_upload_refused(void **state)
{
	uint32_t sum = 0;

	(void)state;
	cleanup(buf_done) struct buf wrong = upload(true, "wrong", "a.pdf", (size_t)3 << 20, &sum);
	assert_int_equal(answer_status(&wrong), 403);
	assert_int_equal(t.uploads_begun, 0);
	cleanup(buf_done) struct buf large = upload(true, "right", "a.pdf", UPLOAD_LIMIT, &sum);
	assert_int_equal(answer_status(&large), 413);
	assert_int_equal(t.uploads_begun, 0);
	cleanup(buf_done) struct buf waiting = send_raw(
		true, STR("POST /upload HTTP/1.1\r\nHost: portal.test\r\nCookie: __Host-session=a\r\n"
			  "Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"));
	assert_int_equal(answer_status(&waiting), 413);
}

/* Waits until a count of the pages has come to `wanted`. */
static void wait_for(const int *count, int wanted)
{
	int64_t end = clock_monotonic() + 20 * MS_SECOND;
	bool in_time = true;

	lock_take(&t.lock);
	while (*count < wanted && in_time)
		in_time = signal_wait_until(&t.changed, &t.lock, end);
	lock_release(&t.lock);
	assert_true(in_time);
}

/* The sink is asked before the client is told to go on. */
static void test_upload_after_continue(void **state)
{
	cleanup(buf_done) struct buf head = buf_new(4096), answer = buf_new(1 << 20);
	struct client *client = client_open(t.tls_port, true);

	(void)state;
	buf_printf(&head, UPLOAD_HEAD "bytes" UPLOAD_TAIL, "right", "a.pdf");
	cleanup(buf_done) struct buf request = buf_new(4096);
	buf_printf(&request,
		"POST /upload HTTP/1.1\r\n" CLOSING "Cookie: __Host-session=abc\r\nExpect: 100-continue\r\n"
		"Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: %zu\r\n\r\n",
		head.len);
	assert_true(client_send(client, buf_str(&request)));
	assert_true(client_read(client, &answer, strlen("HTTP/1.1 100 Continue\r\n\r\n")));
	assert_str(buf_str(&answer), "HTTP/1.1 100 Continue\r\n\r\n");
	assert_true(client_send(client, buf_str(&head)));
	buf_clear(&answer);
	assert_true(client_read(client, &answer, SIZE_MAX));
	assert_str(answer_body(&answer), "5 bytes, note=hello");
	client_close(client);
}

/* A client that goes away in the middle: the sink is told, nothing is kept. */
static void test_upload_cut(void **state)
{
	struct client *client = client_open(t.tls_port, true);
	cleanup(buf_done) struct buf request = buf_new(4096);

	(void)state;
	buf_printf(&request,
		"POST /upload HTTP/1.1\r\nHost: portal.test\r\nCookie: __Host-session=abc\r\n"
		"Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: 100000\r\n\r\n" UPLOAD_HEAD
		"some bytes",
		"right", "a.pdf");
	assert_true(client_send(client, buf_str(&request)));
	wait_for(&t.uploads_begun, 1);
	client_close(client);
	wait_for(&t.uploads_done, 1);
}

static void check_file(struct str body, uint64_t start, uint64_t len)
{
	assert_int_equal(body.len, len);
	for (size_t i = 0; i < body.len; i++) {
		if ((uint8_t)body.ptr[i] != file_byte(start + i))
			fail_msg("byte %zu differs", i);
	}
}

static void test_download(void **state)
{
	static const struct {
		const char *headers;
		int status;
		uint64_t start, len;
		const char *content_range;
	} cases[] = {
		{"", 200, 0, FILE_BYTES, NULL},
		{"Range: bytes=0-0\r\n", 206, 0, 1, "bytes 0-0/20971520"},
		{"Range: bytes=131071-131072\r\n", 206, 131071, 2, "bytes 131071-131072/20971520"},
		{"Range: bytes=1000000-5000000\r\n", 206, 1000000, 4000001, "bytes 1000000-5000000/20971520"},
		{"Range: bytes=-10\r\n", 206, FILE_BYTES - 10, 10, "bytes 20971510-20971519/20971520"},
		{"Range: bytes=20971520-\r\n", 416, 0, 0, "bytes */20971520"},
		{"Range: bytes=0-1,5-6\r\n", 200, 0, FILE_BYTES, NULL},
		{"Range: bytes=5-\r\nIf-Range: \"v1\"\r\n", 206, 5, FILE_BYTES - 5,
			"bytes 5-20971519/20971520"},
		{"Range: bytes=5-\r\nIf-Range: \"v2\"\r\n", 200, 0, FILE_BYTES, NULL},
		{"If-None-Match: \"v1\"\r\n", 304, 0, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf request = buf_new(4096);
		buf_printf(&request, "GET /file/whole HTTP/1.1\r\n" CLOSING "%s\r\n", cases[i].headers);
		cleanup(buf_done) struct buf answer = send_raw(i % 2 == 0, buf_str(&request));
		assert_int_equal(answer_status(&answer), cases[i].status);
		check_file(answer_body(&answer), cases[i].start, cases[i].len);
		assert_str(answer_header(&answer, "Content-Range"),
			cases[i].content_range ? cases[i].content_range : "");
		assert_str(answer_header(&answer, "Content-Disposition"),
			"attachment; filename=\"Rechnung _.pdf\"; filename*=UTF-8''Rechnung%20%E2%82%AC.pdf");
	}
	wait_for(&t.streams_done, (int)COUNT_OF(cases));
}

/* A body that fails on the way never looks complete. */
static void test_broken_download_is_cut(void **state)
{
	(void)state;
	cleanup(buf_done) struct buf answer =
		send_raw(true, STR("GET /file/broken HTTP/1.1\r\n" CLOSING "\r\n"));
	assert_str(answer_header(&answer, "Content-Length"), "20971520");
	assert_true(answer_body(&answer).len < FILE_BYTES);
}

static void open_gate(void)
{
	LOCKED(&t.lock);
	t.is_gate_open = true;
	signal_all(&t.changed);
}

/* The next answer to any of the clients, which is then closed; its status. */
static int next_status(struct client **clients, size_t count)
{
	cleanup(buf_done) struct buf answer = buf_new(1 << 20);
	size_t i = clients_wait(clients, count);

	assert_true(i < count);
	assert_true(client_read(clients[i], &answer, SIZE_MAX));
	client_close(clients[i]);
	clients[i] = NULL;
	return answer_status(&answer);
}

/* One is at work, one waits, and two are turned away meanwhile. */
static void test_full_queue_gives_503(void **state)
{
	struct client *clients[4];

	(void)state;
	(void)teardown(NULL);
	struct server_options options = {.limits = {.workers = 1, .waiting = 1}};
	start(&options);
	for (int i = 0; i < 4; i++) {
		clients[i] = client_open(t.plain_port, false);
		assert_true(client_send(clients[i], STR("GET /gate HTTP/1.1\r\n" CLOSING "\r\n")));
		if (i == 0)
			wait_for(&t.at_gate, 1);
	}
	assert_int_equal(next_status(clients, 4), 503);
	assert_int_equal(next_status(clients, 4), 503);
	open_gate();
	assert_int_equal(next_status(clients, 4), 200);
	assert_int_equal(next_status(clients, 4), 200);
}

static void *stop_in_thread(void *arg)
{
	(void)arg;
	server_stop(t.server, 20 * MS_SECOND);
	return NULL;
}

static void test_stop_finishes_what_is_in_hand(void **state)
{
	struct client *client = client_open(t.tls_port, true);
	cleanup(buf_done) struct buf answer = buf_new(1 << 20);
	pthread_t stopper;

	(void)state;
	assert_true(client_send(client, STR("GET /gate HTTP/1.1\r\nHost: portal.test\r\n\r\n")));
	wait_for(&t.at_gate, 1);
	assert_int_equal(thread_start(&stopper, "stopper", stop_in_thread, NULL), RESULT_OK);
	open_gate();
	assert_true(client_read(client, &answer, SIZE_MAX));
	assert_int_equal(answer_status(&answer), 200);
	client_close(client);
	(void)pthread_join(stopper, NULL);
	t.server = NULL;
}

/* Downloads nobody reads, uploads that stopped half-way and idle connections do not hold up the end. */
static void test_stop_cuts_what_hangs(void **state)
{
	struct client *reader = client_open(t.tls_port, true), *writer = client_open(t.tls_port, true);
	struct client *idle = client_open(t.tls_port, true);
	cleanup(buf_done) struct buf answer = buf_new(1 << 20);

	(void)state;
	assert_true(client_send(reader, STR("GET /file/whole HTTP/1.1\r\nHost: portal.test\r\n\r\n")));
	assert_true(client_read(reader, &answer, 100));
	assert_true(client_send(
		writer, STR("POST /upload HTTP/1.1\r\nHost: portal.test\r\nCookie: __Host-session=abc\r\n"
			    "Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: "
			    "100000\r\n\r\n--XX\r\n")));
	server_stop(t.server, 200);
	t.server = NULL;
	client_close(reader);
	client_close(writer);
	client_close(idle);
}

static void test_slow_clients_are_cut(void **state)
{
	(void)state;
	(void)teardown(NULL);
	struct server_options options = {.limits = {.head_ms = 200, .grace_ms = 200, .idle_s = 1}};
	start(&options);
	/* Neither of them ever stops sending for long. */
	struct client *head = client_open(t.tls_port, true), *body = client_open(t.tls_port, true);
	assert_true(client_send(head, STR("GET /hello/x HTTP/1.1\r\n")));
	assert_true(
		client_send(body, STR("POST /form HTTP/1.1\r\nHost: portal.test\r\nContent-Length: 100000\r\n"
				      "Content-Type: application/x-www-form-urlencoded\r\n\r\n")));
	int64_t end = clock_monotonic() + 20 * MS_SECOND;
	bool head_lives = true, body_lives = true;
	while ((head_lives || body_lives) && clock_monotonic() < end) {
		head_lives = head_lives && client_send(head, STR("X-A: b\r\n"));
		body_lives = body_lives && client_send(body, STR("a"));
		(void)usleep(20000);
	}
	assert_false(head_lives);
	assert_false(body_lives);
	client_close(head);
	client_close(body);
	/* Somebody who does not read. */
	struct client *reader = client_open(t.plain_port, false);
	assert_true(client_send(reader, STR("GET /file/whole HTTP/1.1\r\nHost: portal.test\r\n\r\n")));
	wait_for(&t.streams_done, 1);
	client_close(reader);
}

/* What slow clients read in the end; 0: nothing. */
static int slow_status(bool tls, const char *begin, const char *piece)
{
	struct client *client = client_open(tls ? t.tls_port : t.plain_port, tls);
	cleanup(buf_done) struct buf answer = buf_new(1 << 20);

	assert_true(client_send(client, str_of(begin)));
	(void)usleep(400000);
	(void)client_send(client, str_of(piece));
	assert_true(client_read(client, &answer, SIZE_MAX));
	client_close(client);
	return answer.len ? answer_status(&answer) : 0;
}

static void test_slow_clients_are_told(void **state)
{
#define HEAD "POST /form HTTP/1.1\r\nHost: portal.test\r\n"
#define BODY                                                                                                 \
	HEAD "Content-Length: 100000\r\n"                                                                    \
	     "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
	static const struct {
		bool tls;
		const char *begin, *piece;
		int status;
	} tries[] = {
		{false, HEAD, "", 408},
		{false, HEAD, "X-A: b\r\n", 408},
		{false, BODY, "", 408},
		{false, BODY, "a", 408},
		{true, BODY, "a", 408},
		/* Only its event thread may write a TLS session, and nothing wakes that one. */
		{true, BODY, "", 0},
		{true, HEAD, "X-A: b\r\n", 0},
		/* Nothing was asked. */
		{false, "", "", 0},
		{false, "GE", "", 0},
	};

	(void)state;
	(void)teardown(NULL);
	struct server_options options = {.limits = {.head_ms = 200, .grace_ms = 200, .idle_s = 3}};
	start(&options);
	for (size_t i = 0; i < COUNT_OF(tries); i++)
		assert_int_equal(slow_status(tries[i].tls, tries[i].begin, tries[i].piece), tries[i].status);
#undef BODY
#undef HEAD
}

static int64_t cpu_ms(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * MS_SECOND +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* Who begins a handshake and says no more costs nothing while we wait. */
static void test_half_handshake_costs_nothing(void **state)
{
	struct client *client = client_open(t.tls_port, false);

	(void)state;
	assert_true(client_send(client, STR("\x16\x03\x01")));
	int64_t before = cpu_ms();
	(void)usleep(500000);
	assert_in_range(cpu_ms() - before, 0, 250);
	client_close(client);
}

/* Past the limit connections wait or are closed, and those that are served still are. */
static void test_connection_limit(void **state)
{
	struct client *clients[40] = {0};
	cleanup(buf_done) struct buf answer = buf_new(1 << 20);

	(void)state;
	(void)teardown(NULL);
	struct server_options options = {.limits = {.connections = 10, .head_ms = 20 * MS_SECOND}};
	start(&options);
	struct client *first = client_open(t.plain_port, false);
	assert_true(client_send(first, STR("GET /hello/x HTTP/1.1\r\nHost: portal.test\r\n\r\n")));
	assert_true(client_read_answer(first, &answer));
	for (size_t i = 0; i < COUNT_OF(clients); i++)
		clients[i] = client_open(t.plain_port, false);
	buf_clear(&answer);
	assert_true(client_send(first, STR("GET /hello/y HTTP/1.1\r\nHost: portal.test\r\n\r\n")));
	assert_true(client_read_answer(first, &answer));
	assert_int_equal(answer_status(&answer), 200);
	client_close(first);
	for (size_t i = 0; i < COUNT_OF(clients); i++)
		client_close(clients[i]);
	/* Once they are gone there is room again. */
	struct client *later = client_open(t.plain_port, false);
	buf_clear(&answer);
	assert_true(client_send(later, STR("GET /hello/z HTTP/1.1\r\nHost: portal.test\r\n\r\n")));
	assert_true(client_read_answer(later, &answer));
	client_close(later);
}

static void test_certificate_reload(void **state)
{
	struct client *old = client_open(t.tls_port, true);
	struct tls_credentials *credentials;
	cleanup(buf_done) struct buf answer = buf_new(1 << 20);
	struct err err = {0};

	(void)state;
	assert_int_equal(client_certificate_serial(old), 1);
	make_certificate(t.certificate, t.key, 2);
	assert_int_equal(tls_credentials_load(t.certificate, t.key, &credentials, &err), RESULT_OK);
	server_set_credentials(t.server, credentials);
	tls_credentials_unref(credentials);
	struct client *fresh = client_open(t.tls_port, true);
	assert_int_equal(client_certificate_serial(fresh), 2);
	client_close(fresh);
	/* And who was connected still is. */
	assert_true(client_send(old, STR("GET /hello/x HTTP/1.1\r\nHost: portal.test\r\n\r\n")));
	assert_true(client_read_answer(old, &answer));
	client_close(old);
	make_certificate(t.certificate, t.key, 1);
}

static void test_trusted_proxy(void **state)
{
	static const struct str proxies[] = {STR_LITERAL("127.0.0.0/8")};
	static const struct str request =
		STR_LITERAL("GET /hello/x HTTP/1.1\r\n" CLOSING "X-Forwarded-For: 6.6.6.6\r\n"
			    "X-Forwarded-For: 192.0.2.7, 127.0.0.2\r\n\r\n");

	(void)state;
	cleanup(buf_done) struct buf direct = send_raw(false, request);
	assert_str(answer_body(&direct), "hello x from 127.0.0.1 ");
	(void)teardown(NULL);
	struct server_options options = {.trusted_proxies = proxies, .trusted_proxy_count = 1};
	start(&options);
	cleanup(buf_done) struct buf behind = send_raw(false, request);
	assert_str(answer_body(&behind), "hello x from 192.0.2.7 ");
}

static void test_taken_port(void **state)
{
	struct server_listen listen = {"127.0.0.1", t.plain_port, false};
	struct server_options options = {.listen = &listen, .listen_count = 1, .router = router};
	struct server *second = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(server_start(&options, &second, &err), RESULT_CONFLICT);
	assert_null(second);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_page),
		TEST(test_head_has_no_body),
		TEST(test_keep_alive),
		TEST(test_hostile_heads),
		TEST(test_large_head),
		TEST(test_405_lists_methods),
		TEST(test_error_page_forgets_the_rest),
		TEST(test_redirect_is_local),
		TEST(test_form),
		TEST(test_long_field_is_refused),
		TEST(test_upload_in_bounded_memory),
		TEST(test_upload_refused),
		TEST(test_upload_after_continue),
		TEST(test_upload_cut),
		TEST(test_download),
		TEST(test_broken_download_is_cut),
		TEST(test_full_queue_gives_503),
		TEST(test_stop_finishes_what_is_in_hand),
		TEST(test_stop_cuts_what_hangs),
		TEST(test_slow_clients_are_cut),
		TEST(test_slow_clients_are_told),
		TEST(test_half_handshake_costs_nothing),
		TEST(test_connection_limit),
		TEST(test_certificate_reload),
		TEST(test_trusted_proxy),
		TEST(test_taken_port),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
