/* The head of a request: its headers, who sent it, and the route it is for. */
#include "web/exchange_private.h"

#include "base/limits.h"
#include "base/list.h"
#include "web/head.h"

#include <string.h>

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
int exchange_read_headers(struct exchange *exchange, const char *method, const char *version)
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

enum http_method exchange_method_of(const char *name)
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

void exchange_read_client(struct exchange *exchange)
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
	       assets_answer(server->options.assets, path->items[1],
		       request_header(&exchange->request, "accept-encoding"),
		       &exchange->response) == RESULT_OK;
}

/* Splits target and cookies, and finds the route; the status to refuse with, or 0. Without a route the
 * response is there already. */
int exchange_find_route(struct exchange *exchange)
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
	if (result == RESULT_NOT_FOUND && request->method == METHOD_GET &&
		exchange->server->options.unknown) {
		request->route = exchange->server->options.unknown;
		return 0;
	}
	if (result != RESULT_OK)
		return result == RESULT_NOT_FOUND ? 404 : 400;
	return route_keep_query(request->route, request) == RESULT_OK ? 0 : 400;
}
