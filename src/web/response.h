/* What a page answers. A handler fills it; the server sends it. Text handed in is copied. */
#ifndef WEB_RESPONSE_H
#define WEB_RESPONSE_H

#include "base/io.h"
#include "web/conditions.h"
#include "web/request.h"

/* Which Content-Security-Policy goes with the body. */
enum response_policy {
	POLICY_PAGE,	/* a page of ours: own styles, images, scripts, frames and form targets only */
	POLICY_MESSAGE, /* cleaned HTML of a message, in its sandboxed frame: nothing runs, images of ours */
	POLICY_IMAGE,	/* an image that a message frame shows */
	POLICY_FILE,	/* a download: sandboxed, nothing is loaded */
};

struct response {
	struct arena *arena; /* the request's */
	int status;	     /* 200 at first */
	enum response_policy policy;
	struct pairs headers; /* besides the ones the server adds */
	struct buf body;
	struct reader stream;  /* used instead of `body` when read_at is set */
	struct bytes constant; /* a body that outlives the response (assets); instead of `body` */
	void (*stream_done)(
		void *context); /* called once, with stream.context, when all is sent or given up */
	int64_t not_before;	/* clock_monotonic when it may leave at the earliest; 0: at once */
	bool is_cacheable;	/* false: Cache-Control: no-store is added */
	bool takes_ranges;
	struct str etag; /* strong, with quotes; none when empty */
};

void response_init(struct response *response, struct arena *arena);
/* Frees the body and, unless the server took it over, ends the stream. */
void response_done(struct response *response);

/* Takes everything back, so that an error page can be written instead. */
void response_reset(struct response *response);

/* Adds a header. A value with CR, LF or another control character is our bug and ends in an assertion, so
 * foreign text never goes here without being encoded first. */
void response_header(struct response *response, const char *name, struct str value);

/* A page of HTML: Content-Type and an empty body to append to. */
struct buf *response_html(struct response *response);

/* A body of another type, copied. */
void response_text(struct response *response, const char *type, struct str body);

/* 303 See Other to a path on this site; a path that is not local in every browser's reading goes to "/". */
void response_redirect(struct response *response, struct str local_path);

/* A download: always an attachment by RFC 6266 whatever the name, application/octet-stream unless `type` is
 * well-formed, with ranges, sandboxed. `reader` must work until `done(done_context)` is called, from any
 * thread; `etag` (may be empty) is needed for If-Range. */
void response_download(struct response *response, struct reader reader, struct str name, struct str type,
	struct str etag, void (*done)(void *context));

/* An image or other inline resource of a message: as download, but shown in place. Only the types
 * image/png, image/jpeg, image/gif and image/webp are shown; any other becomes a download. */
void response_inline_image(struct response *response, struct reader reader, struct str name, struct str type,
	struct str etag, void (*done)(void *context));

/* A picture that we made, shown by a page of ours; `type` is image/png or image/jpeg. */
void response_picture(struct response *response, const char *type, struct str body);

/* Cookies are always `__Host-…; Secure; HttpOnly; SameSite=Lax; Path=/`. `name` comes without the prefix;
 * the value must be a cookie value (our tokens are base 32). A max_age_s of 0 is a cookie of the browser's
 * session. */
void response_cookie(struct response *response, const char *name, struct str value, int64_t max_age_s);
void response_cookie_remove(struct response *response, const char *name);

/* The HTTP status of a result: OK 200, NOT_FOUND 404, DENIED 403, CONFLICT 409, INVALID 400, GONE 410,
 * TOO_LARGE 413, BUSY 429, UNAVAILABLE 503, INTERNAL 500. */
int response_status_of(enum result result);

/* The reason phrase, for plain error pages. */
const char *response_reason(int status);

/* Security headers for the policy; `origin` is what images of a message frame come from. Added by the
 * server to each and every answer. */
void response_add_security(struct response *response, struct str origin, bool is_https);

/* What is to be sent once the request's conditions are taken into account (If-None-Match, Range, If-Range):
 * changes status and headers to 304, 206 or 416 and gives the piece of the body. */
struct byte_range response_apply_conditions(struct response *response, const struct request *request);

/* Whether the body, or a piece of it, is sent under these conditions: not for HEAD, nor as 304 or 416. */
bool response_sends_body(const struct response *response, const struct request *request);

/* Bytes of the body in all. */
uint64_t response_size(const struct response *response);

#endif
