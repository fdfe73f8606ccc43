/* A page is a documented row. Router, limits on parameters, and the list of pages all come from these rows.
 */
#ifndef WEB_ROUTER_H
#define WEB_ROUTER_H

#include "base/mem.h"
#include "web/form.h"
#include "web/request.h"
#include "web/response.h"

enum route_rights {
	RIGHTS_ANYONE,	    /* no session needed, though there may be one */
	RIGHTS_OWN_COOKIES, /* as ANYONE; with nobody signed in it changes only cookies of who asks, or what a
			     * secret in its path stands for, so that any form is as good as one of ours */
	RIGHTS_WATCHING,    /* as ANYONE; a script asks by itself, so that it is no use of the session (R7) */
	RIGHTS_PROVED_OR_DUE, /* as ANYONE; whoever is signed in has shown who it is a short while ago */
	RIGHTS_SIGNED_IN,     /* a person's session */
	RIGHTS_PROVED,	      /* and who it is was shown a short while ago */
	RIGHTS_ADMIN,	      /* an administrator's session */
};

/* A page's work: straight-line code in a worker thread. On OK the response is sent as it stands; any other
 * result, with request->err, becomes the error page of its status (response_status_of). */
typedef enum result route_handler(struct request *request, struct response *response);

/* Where the files of a form go. Called in a worker thread before the first byte of the body, with head,
 * parameters of path and query, and cookies at hand; so it can refuse who may not upload. */
typedef enum result route_sink(struct request *request, struct upload_sink *ret);

enum parameter_place { PARAMETER_PATH = 1, PARAMETER_QUERY, PARAMETER_FIELD };

/* A parameter that a page takes. What is not listed here never reaches the handler; what is too long or
 * comes too often is refused with 400. The field `csrf` of a POST is always taken. */
struct route_parameter {
	enum parameter_place place;
	const char *name;
	size_t limit; /* bytes after decoding */
	size_t many;  /* how often it may come; 0 means once */
	const char *summary;
};

struct route {
	enum http_method method;		  /* HEAD is answered from GET */
	const char *pattern;			  /* "/message/{id}/part/{part}" */
	enum route_rights rights;		  /* judged by the application's `handle`, server.h */
	const struct route_parameter *parameters; /* ends with a zero row; NULL: none but those of the path */
	route_handler *handler;
	route_sink *open_sink; /* NULL: the form has no files; otherwise mind request->over */
	const char *summary;   /* what the page is for, one sentence */
};

struct route_table {
	const struct route *rows;
	size_t count;
};

#define ROUTES(array) ((struct route_table){(array), COUNT_OF(array)})

struct router;

/* Composes the tables, which must outlive it. A pattern that is malformed or given twice is our bug. */
struct router *router_new(const struct route_table *tables, size_t count);
void router_free(struct router *router);
DEFINE_CLEANUP(struct router *, router_free)

/* Finds the row for a method and a path; fixed segments win over `{name}`. OK: *ret_route and the decoded
 * path parameters. NOT_FOUND: no such page. INVALID: a path parameter past its limit. DENIED: the page
 * exists with other methods, listed in *ret_allow as "GET, HEAD" for the Allow field (405). */
enum result router_find(const struct router *router, struct arena *arena, enum http_method method,
	const struct segments *path, const struct route **ret_route, struct pairs *ret_parameters,
	struct str *ret_allow) must_check;

/* All rows in order, for tests and documents; NULL past the end. */
const struct route *router_row(const struct router *router, size_t index);

/* The limit of a parameter, NULL when the row does not list it. */
const struct route_parameter *route_parameter(
	const struct route *route, enum parameter_place place, struct str name);

/* Leaves in request->query (or request->fields) only what the row lists. INVALID, with request->err: a value
 * past its limit, or given too often. A field past its limit of a form with files is kept and named in
 * request->over instead, so that its page can show again what was written. */
#define ROUTE_CSRF_BYTES 128
enum result route_keep_query(const struct route *route, struct request *request) must_check;
enum result route_keep_fields(const struct route *route, struct request *request) must_check;

#endif
