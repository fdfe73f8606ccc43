#include "web/response.h"

#include "base/limits.h"
#include "base/mem.h"
#include "web/disposition.h"

#include <assert.h>
#include <string.h>

#define HEADERS_MAX 32

void response_init(struct response *response, struct arena *arena)
{
	*response = (struct response){
		.arena = arena,
		.status = 200,
		.headers = {arena_array(arena, struct pair, HEADERS_MAX), 0},
		.body = buf_new(LIMIT_HTTP_BODY_BYTES),
	};
}

void response_done(struct response *response)
{
	if (response->stream_done)
		response->stream_done(response->stream.context);
	response->stream_done = NULL;
	buf_done(&response->body);
}

void response_reset(struct response *response)
{
	struct arena *arena = response->arena;

	response_done(response);
	response_init(response, arena);
}

void response_header(struct response *response, const char *name, struct str value)
{
	assert(response->headers.count < HEADERS_MAX);
	assert(token_is_valid(str_of(name)) && field_value_is_valid(value));
	struct pair *pair = &response->headers.items[response->headers.count++];
	pair->name = arena_str(response->arena, str_of(name));
	pair->value = arena_str(response->arena, value);
}

struct buf *response_html(struct response *response)
{
	response_header(response, "Content-Type", STR("text/html; charset=utf-8"));
	return &response->body;
}

void response_text(struct response *response, const char *type, struct str body)
{
	response_header(response, "Content-Type", str_of(type));
	buf_add(&response->body, body);
}

void response_picture(struct response *response, const char *type, struct str body)
{
	response->policy = POLICY_FILE;
	response_text(response, type, body);
	response_header(response, "Content-Disposition", STR("inline"));
}

void response_redirect(struct response *response, struct str local_path)
{
	buf_clear(&response->body);
	response->status = 303;
	response_header(response, "Location", request_local_path(local_path, STR("/")));
}

/* `type/subtype` of what a mail or a client claims, or the type that says nothing. */
static struct str safe_type(struct str type)
{
	struct str rest = field_main(type);
	struct str whole = rest;
	struct str main = str_cut(&rest, '/');

	return token_is_valid(main) && token_is_valid(rest) ? whole : STR("application/octet-stream");
}

static void set_stream(
	struct response *response, struct reader reader, struct str etag, void (*done)(void *context))
{
	response->stream = reader;
	response->stream_done = done;
	response->takes_ranges = true;
	response->etag = etag.len ? arena_str(response->arena, etag) : STR_NONE;
}

void response_download(struct response *response, struct reader reader, struct str name, struct str type,
	struct str etag, void (*done)(void *context))
{
	response->policy = POLICY_FILE;
	response_header(response, "Content-Type", safe_type(type));
	response_header(response, "Content-Disposition", disposition_attachment(response->arena, name));
	set_stream(response, reader, etag, done);
}

void response_inline_image(struct response *response, struct reader reader, struct str name, struct str type,
	struct str etag, void (*done)(void *context))
{
	static const char *const shown[] = {"image/png", "image/jpeg", "image/gif", "image/webp"};
	struct str main = field_main(type);

	for (size_t i = 0; i < COUNT_OF(shown); i++) {
		if (!str_equal_nocase(main, str_of(shown[i])))
			continue;
		response->policy = POLICY_IMAGE;
		response_header(response, "Content-Type", str_of(shown[i]));
		set_stream(response, reader, etag, done);
		return;
	}
	response_download(response, reader, name, type, etag, done);
}

void response_cookie(struct response *response, const char *name, struct str value, int64_t max_age_s)
{
	struct str age =
		max_age_s ? arena_printf(response->arena, "; Max-Age=%lld", (long long)max_age_s) : STR("");

	/* Anything but a token could add attributes. */
	assert(token_is_valid(str_of(name)) && token_is_valid(value));
	response_header(response, "Set-Cookie",
		arena_printf(response->arena, "__Host-%s=%.*s; Path=/; Secure; HttpOnly; SameSite=Lax%.*s",
			name, STR_ARG(value), STR_ARG(age)));
}

void response_cookie_remove(struct response *response, const char *name)
{
	response_header(response, "Set-Cookie",
		arena_printf(response->arena, "__Host-%s=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
			name));
}

int response_status_of(enum result result)
{
	static const int statuses[RESULT_COUNT] = {
		[RESULT_OK] = 200,
		[RESULT_NOT_FOUND] = 404,
		[RESULT_DENIED] = 403,
		[RESULT_CONFLICT] = 409,
		[RESULT_INVALID] = 400,
		[RESULT_GONE] = 410,
		[RESULT_TOO_LARGE] = 413,
		[RESULT_BUSY] = 429,
		[RESULT_UNAVAILABLE] = 503,
		[RESULT_INTERNAL] = 500,
	};

	return statuses[result];
}

const char *response_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{410, "Gone"},
		{411, "Length Required"},
		{413, "Content Too Large"},
		{416, "Range Not Satisfiable"},
		{421, "Misdirected Request"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
	};

	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "";
}

#define POLICY_PAGE_TEXT                                                                                     \
	"default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "      \
	"form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"

static struct str content_policy(const struct response *response, struct str origin)
{
	switch (response->policy) {
	case POLICY_PAGE:
		return STR(POLICY_PAGE_TEXT);
	case POLICY_MESSAGE:
		/* The frame's origin is opaque, so 'self' would name nothing: the portal is named in full. */
		return arena_printf(response->arena,
			"sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
			"style-src 'unsafe-inline'; img-src %.*s data:; form-action 'none'; base-uri 'none'; "
			"frame-ancestors 'self'",
			STR_ARG(origin));
	case POLICY_FILE:
	case POLICY_IMAGE:
		break;
	}
	return STR("sandbox; default-src 'none'; frame-ancestors 'none'");
}

void response_add_security(struct response *response, struct str origin, bool is_https)
{
	bool is_page = response->policy == POLICY_PAGE;
	bool is_message = response->policy == POLICY_MESSAGE;

	response_header(response, "Content-Security-Policy", content_policy(response, origin));
	response_header(response, "X-Content-Type-Options", STR("nosniff"));
	response_header(response, "X-Frame-Options", is_message ? STR("SAMEORIGIN") : STR("DENY"));
	/* no-referrer would make browsers send `Origin: null` with our own forms, which looks forged. */
	response_header(response, "Referrer-Policy", is_page ? STR("same-origin") : STR("no-referrer"));
	response_header(response, "Cross-Origin-Opener-Policy", STR("same-origin"));
	/* Images are loaded by the message frame, whose origin is opaque; SameSite cookies keep others out.
	 */
	response_header(response, "Cross-Origin-Resource-Policy",
		response->policy == POLICY_IMAGE ? STR("cross-origin") : STR("same-origin"));
	if (is_https)
		response_header(response, "Strict-Transport-Security", STR("max-age=31536000"));
	if (!response->is_cacheable)
		response_header(response, "Cache-Control", STR("no-store"));
}

uint64_t response_size(const struct response *response)
{
	if (response->stream.read_at)
		return response->stream.size;
	return response->constant.ptr ? response->constant.len : response->body.len;
}

/* Whether the range asked for is of the body that we have (RFC 9110 section 13.1.5). */
static bool if_range_holds(const struct response *response, const struct request *request)
{
	struct str tag = request_header(request, "if-range");

	return !tag.ptr || (response->etag.len && str_equal(str_trim(tag), response->etag));
}

/* The status that the request's conditions lead to, and the piece of the body that goes with it. */
static int status_under_conditions(
	const struct response *response, const struct request *request, struct byte_range *ret_piece)
{
	uint64_t size = response_size(response);
	struct str range = request_header(request, "range");

	*ret_piece = (struct byte_range){0, size};
	if (response->status != 200)
		return response->status;
	if (etag_matches(request_header(request, "if-none-match"), response->etag))
		return 304;
	if (!response->takes_ranges || !range.ptr || request->is_head || !if_range_holds(response, request))
		return 200;
	enum result result = range_parse(range, size, ret_piece);
	return result == RESULT_OK ? 206 : result == RESULT_TOO_LARGE ? 416 : 200;
}

bool response_sends_body(const struct response *response, const struct request *request)
{
	struct byte_range piece;
	int status = status_under_conditions(response, request, &piece);

	return !request->is_head && (status == 200 || status == 206);
}

struct byte_range response_apply_conditions(struct response *response, const struct request *request)
{
	struct byte_range piece;
	int status = status_under_conditions(response, request, &piece);
	unsigned long long size = response_size(response);

	if (response->status != 200)
		return piece;
	response->status = status;
	if (response->etag.len)
		response_header(response, "ETag", response->etag);
	if (response->takes_ranges && status != 304)
		response_header(response, "Accept-Ranges", STR("bytes"));
	if (status == 416)
		response_header(
			response, "Content-Range", arena_printf(response->arena, "bytes */%llu", size));
	if (status == 206)
		response_header(response, "Content-Range",
			arena_printf(response->arena, "bytes %llu-%llu/%llu", (unsigned long long)piece.start,
				(unsigned long long)(piece.start + piece.len - 1), size));
	return status == 304 || status == 416 ? (struct byte_range){0, 0} : piece;
}
