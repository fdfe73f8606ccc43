/* A request as a page sees it. Everything lives until the handler returns, in the request's arena. */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "base/arena.h"
#include "base/io.h"
#include "base/result.h"
#include "web/syntax.h"

enum http_method { METHOD_GET = 1, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_DELETE, METHOD_OTHER };

struct route;

struct request {
	void *app;	     /* server_options.app */
	void *state;	     /* the application's own, for this request (session, transaction …) */
	struct arena *arena; /* for whatever lives as long as the request */
	int64_t now;	     /* ms since 1970 UTC, when it was handed to the handler */
	struct err err;	     /* detail of the result that the handler returns */
	enum http_method
		method; /* METHOD_GET for HEAD as well: the body is left out behind the handler's back */
	bool is_head;
	struct str target; /* as sent, with the query */
	struct str path;   /* as sent, without the query */
	const struct route *route;
	struct str client; /* the client's address as text, from a trusted proxy's word when there is one */
	struct str
		origin; /* the configured "https://host[:port]" that Host named; build links from it only */
	struct pairs headers;	 /* names in lower case */
	struct pairs parameters; /* of the path */
	struct pairs query;
	struct pairs fields; /* of the form, files left out; their bytes went to the sink */
	struct str over;     /* of a form with files: what is past its limit, a field's name, "files" or
				"fields"; the page shows it again and does nothing else */
	bool is_cut;	     /* and not all of that was kept */
	struct pairs cookies;
	void *upload; /* context of the sink that took the form's files; NULL without one */
};

/* Each gives the value, or STR_NONE (ptr NULL) when there is none. Values are valid UTF-8 without NUL, except
 * those of headers, which may hold any byte that is no control character. */
struct str request_parameter(const struct request *request, const char *name);
struct str request_query(const struct request *request, const char *name);
struct str request_field(const struct request *request, const char *name);
struct str request_cookie(const struct request *request, const char *name);
struct str request_header(const struct request *request, const char *lower_case_name);

/* The values of a field that comes several times: set *index to 0, call until it gives STR_NONE. */
struct str request_field_next(const struct request *request, const char *name, size_t *index);

/* A decimal number from the query within 0..max, or `otherwise`. */
uint64_t request_query_number(
	const struct request *request, const char *name, uint64_t max, uint64_t otherwise);

/* A path on this site that a form or query wants to come back to (`next=`); `otherwise` unless it is local in
 * every browser's reading: one slash, then neither slash nor backslash, no control characters. */
struct str request_local_path(struct str path, struct str otherwise);

/* Whether a change (anything but GET and HEAD) comes from a page of this site, by Origin and Sec-Fetch-Site;
 * a client that sends neither is let through to the token check. The server refuses the rest with 403. */
bool request_is_same_site(const struct request *request);

/* Checks what goes before routing: one Host that is among `origins`, no Transfer-Encoding, one valid
 * Content-Length, plain field names and values, a path as target. Fills request->origin.
 * Results: OK; INVALID (400); NOT_FOUND: Host is not ours (421); UNAVAILABLE: chunked (411; browsers never
 * send forms so, and what is not parsed cannot be smuggled). */
struct request_rules {
	const struct str *origins; /* "https://portal.example:8443" */
	size_t origin_count;
};
enum result request_check_head(
	struct request *request, const struct request_rules *rules, uint64_t *ret_length) must_check;

#endif
