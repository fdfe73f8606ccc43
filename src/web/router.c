#include "web/router.h"

#include "base/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_SEGMENTS_MAX LIMIT_HTTP_SEGMENTS

/* A row with its pattern split. */
struct entry {
	const struct route *route;
	struct str segments[PATTERN_SEGMENTS_MAX]; /* with braces when it is a parameter */
	size_t segment_count;
};

struct router {
	struct entry *entries;
	size_t count;
};

static bool is_placeholder(struct str segment)
{
	return segment.len > 2 && segment.ptr[0] == '{' && segment.ptr[segment.len - 1] == '}';
}

static struct str placeholder_name(struct str segment)
{
	return str_sub(segment, 1, segment.len - 2);
}

static void split_pattern(struct entry *entry)
{
	struct str pattern = str_of(entry->route->pattern);

	assert(pattern.len && pattern.ptr[0] == '/');
	for (struct str rest = str_from(pattern, 1); rest.ptr && pattern.len > 1;) {
		assert(entry->segment_count < PATTERN_SEGMENTS_MAX);
		struct str segment = str_cut(&rest, '/');
		assert(segment.len || !rest.ptr);
		if (is_placeholder(segment))
			assert(route_parameter(entry->route, PARAMETER_PATH, placeholder_name(segment)));
		entry->segments[entry->segment_count++] = segment;
	}
}

/* Whether two patterns can be met by the same path with no fixed segment to prefer. */
static bool is_same_shape(const struct entry *a, const struct entry *b)
{
	if (a->segment_count != b->segment_count)
		return false;
	for (size_t i = 0; i < a->segment_count; i++) {
		bool both = is_placeholder(a->segments[i]) && is_placeholder(b->segments[i]);
		if (!both && !str_equal(a->segments[i], b->segments[i]))
			return false;
	}
	return true;
}

static void assert_unique(const struct router *router)
{
	for (size_t i = 0; i < router->count; i++) {
		for (size_t j = i + 1; j < router->count; j++) {
			const struct entry *a = &router->entries[i], *b = &router->entries[j];
			assert(a->route->method != b->route->method || !is_same_shape(a, b));
		}
	}
}

struct router *router_new(const struct route_table *tables, size_t count)
{
	struct router *router = mem_new(sizeof(*router));
	size_t rows = 0;

	for (size_t i = 0; i < count; i++)
		rows += tables[i].count;
	router->entries = mem_resize(NULL, rows ? rows : 1, sizeof(*router->entries));
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < tables[i].count; j++) {
			struct entry *entry = &router->entries[router->count++];
			*entry = (struct entry){.route = &tables[i].rows[j]};
			assert(entry->route->handler && entry->route->method != METHOD_HEAD);
			split_pattern(entry);
		}
	}
	assert_unique(router);
	return router;
}

void router_free(struct router *router)
{
	if (!router)
		return;
	free(router->entries);
	free(router);
}

static bool entry_matches(const struct entry *entry, const struct segments *path)
{
	if (entry->segment_count != path->count)
		return false;
	for (size_t i = 0; i < path->count; i++) {
		if (is_placeholder(entry->segments[i]) ? path->items[i].len == 0
						       : !str_equal(entry->segments[i], path->items[i]))
			return false;
	}
	return true;
}

/* Whether `a` names more of the path than `b`, looking from the left. */
static bool is_more_exact(const struct entry *a, const struct entry *b)
{
	for (size_t i = 0; i < a->segment_count; i++) {
		bool a_fixed = !is_placeholder(a->segments[i]), b_fixed = !is_placeholder(b->segments[i]);
		if (a_fixed != b_fixed)
			return a_fixed;
	}
	return false;
}

static const char *const method_names[] = {
	[METHOD_GET] = "GET, HEAD", [METHOD_POST] = "POST", [METHOD_PUT] = "PUT", [METHOD_DELETE] = "DELETE"};

/* The methods that the path knows, for the Allow field. */
static struct str allowed(const struct router *router, struct arena *arena, const struct segments *path)
{
	struct str allow = STR_NONE;
	bool seen[COUNT_OF(method_names)] = {false};

	for (size_t i = 0; i < router->count; i++) {
		enum http_method method = router->entries[i].route->method;
		if (seen[method] || !entry_matches(&router->entries[i], path))
			continue;
		seen[method] = true;
		allow = arena_printf(
			arena, "%.*s%s%s", STR_ARG(allow), allow.len ? ", " : "", method_names[method]);
	}
	return allow;
}

static enum result fill_parameters(
	const struct entry *entry, struct arena *arena, const struct segments *path, struct pairs *ret)
{
	struct pair *items = arena_array(arena, struct pair, path->count + 1);
	size_t count = 0;

	for (size_t i = 0; i < path->count; i++) {
		if (!is_placeholder(entry->segments[i]))
			continue;
		struct pair pair = {placeholder_name(entry->segments[i]), path->items[i]};
		if (pair.value.len > route_parameter(entry->route, PARAMETER_PATH, pair.name)->limit)
			return RESULT_INVALID;
		items[count++] = pair;
	}
	*ret = (struct pairs){items, count};
	return RESULT_OK;
}

enum result router_find(const struct router *router, struct arena *arena, enum http_method method,
	const struct segments *path, const struct route **ret_route, struct pairs *ret_parameters,
	struct str *ret_allow)
{
	const struct entry *best = NULL;

	if (method == METHOD_HEAD)
		method = METHOD_GET;
	for (size_t i = 0; i < router->count; i++) {
		const struct entry *entry = &router->entries[i];
		if (entry->route->method == method && entry_matches(entry, path) &&
			(!best || is_more_exact(entry, best)))
			best = entry;
	}
	if (!best) {
		struct str allow = allowed(router, arena, path);
		if (!allow.len)
			return RESULT_NOT_FOUND;
		*ret_allow = allow;
		return RESULT_DENIED;
	}
	TRY(fill_parameters(best, arena, path, ret_parameters));
	*ret_route = best->route;
	return RESULT_OK;
}

const struct route *router_row(const struct router *router, size_t index)
{
	return index < router->count ? router->entries[index].route : NULL;
}

const struct route_parameter *route_parameter(
	const struct route *route, enum parameter_place place, struct str name)
{
	for (const struct route_parameter *row = route->parameters; row && row->place; row++) {
		if (row->place == place && str_equal(str_of(row->name), name))
			return row;
	}
	return NULL;
}

/* Keeps the pairs that the row lists, in order. With `over`, values past their limit stay and are named. */
static enum result keep_listed(const struct route *route, struct arena *arena, enum parameter_place place,
	const struct pairs *given, struct pairs *ret, struct str *over, struct err *err)
{
	struct pair *items = arena_array(arena, struct pair, given->count + 1);
	size_t count = 0;

	for (size_t i = 0; i < given->count; i++) {
		struct pair pair = given->items[i];
		const struct route_parameter *row = route_parameter(route, place, pair.name);
		bool is_csrf = place == PARAMETER_FIELD && str_equal(pair.name, STR("csrf"));
		if (!row && !is_csrf)
			continue;
		size_t before = 0;
		for (size_t j = 0; j < count; j++)
			before += str_equal(items[j].name, pair.name);
		if (before >= (row && row->many ? row->many : 1))
			return err_set(
				err, RESULT_INVALID, "\"%.*s\" is given too often", STR_ARG(pair.name));
		bool is_long = pair.value.len > (row ? row->limit : ROUTE_CSRF_BYTES);
		if (is_long && !over)
			return err_set(err, RESULT_INVALID, "\"%.*s\" is too long", STR_ARG(pair.name));
		if (is_long && !over->ptr)
			*over = pair.name;
		items[count++] = pair;
	}
	*ret = (struct pairs){items, count};
	return RESULT_OK;
}

enum result route_keep_query(const struct route *route, struct request *request)
{
	struct pairs given = request->query;

	return keep_listed(
		route, request->arena, PARAMETER_QUERY, &given, &request->query, NULL, &request->err);
}

enum result route_keep_fields(const struct route *route, struct request *request)
{
	struct pairs given = request->fields;

	return keep_listed(route, request->arena, PARAMETER_FIELD, &given, &request->fields,
		route->open_sink ? &request->over : NULL, &request->err);
}
