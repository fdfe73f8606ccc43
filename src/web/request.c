#include "web/request.h"

#include "web/router.h"

#include <assert.h>

/* Asking for a name that the row does not list would never find anything: our bug. */
static void assert_listed(const struct request *request, enum parameter_place place, const char *name)
{
	assert(!request->route || str_equal(str_of(name), STR("csrf")) ||
		route_parameter(request->route, place, str_of(name)));
	(void)request;
	(void)place;
	(void)name;
}

struct str request_parameter(const struct request *request, const char *name)
{
	assert_listed(request, PARAMETER_PATH, name);
	return pairs_get(&request->parameters, name);
}

struct str request_query(const struct request *request, const char *name)
{
	assert_listed(request, PARAMETER_QUERY, name);
	return pairs_get(&request->query, name);
}

struct str request_field(const struct request *request, const char *name)
{
	assert_listed(request, PARAMETER_FIELD, name);
	return pairs_get(&request->fields, name);
}

struct str request_cookie(const struct request *request, const char *name)
{
	struct str wanted = arena_printf(request->arena, "__Host-%s", name);

	return pairs_get(&request->cookies, wanted.ptr);
}

struct str request_header(const struct request *request, const char *lower_case_name)
{
	return pairs_get(&request->headers, lower_case_name);
}

struct str request_field_next(const struct request *request, const char *name, size_t *index)
{
	assert_listed(request, PARAMETER_FIELD, name);
	while (*index < request->fields.count) {
		const struct pair *pair = &request->fields.items[(*index)++];
		if (str_equal(pair->name, str_of(name)))
			return pair->value;
	}
	return STR_NONE;
}

uint64_t request_query_number(
	const struct request *request, const char *name, uint64_t max, uint64_t otherwise)
{
	uint64_t number = otherwise;

	(void)str_to_uint(request_query(request, name), max, &number);
	return number;
}

struct str request_local_path(struct str path, struct str otherwise)
{
	if (!path.len || path.ptr[0] != '/')
		return otherwise;
	if (path.len > 1 && path.ptr[1] == '/')
		return otherwise;
	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.ptr[i];
		if (c <= 0x20 || c >= 0x7f || c == '\\')
			return otherwise;
	}
	return path;
}

bool request_is_same_site(const struct request *request)
{
	struct str origin = request_header(request, "origin");
	struct str site = request_header(request, "sec-fetch-site");

	if (origin.ptr && !str_equal_nocase(origin, request->origin))
		return false;
	return !site.ptr || str_equal(site, STR("same-origin")) || str_equal(site, STR("none"));
}

/* How often a header came; its first value in *ret. */
static size_t header_count(const struct request *request, struct str name, struct str *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < request->headers.count; i++) {
		if (!str_equal(request->headers.items[i].name, name))
			continue;
		if (count++ == 0)
			*ret = request->headers.items[i].value;
	}
	return count;
}

static enum result check_length(struct request *request, uint64_t *ret_length)
{
	struct str value = STR_NONE;
	size_t count = header_count(request, STR("content-length"), &value);

	bool is_coded = header_count(request, STR("transfer-encoding"), &(struct str){0}) > 0;
	if (count > 1 || (count && is_coded))
		return err_set(&request->err, RESULT_INVALID, "the length of the request is not clear");
	if (is_coded)
		return err_set(&request->err, RESULT_UNAVAILABLE, "the length of the request is missing");
	*ret_length = 0;
	if (!count)
		return RESULT_OK;
	if (str_to_uint(value, INT64_MAX, ret_length))
		return RESULT_OK;
	return err_set(&request->err, RESULT_INVALID, "the length of the request is not a number");
}

/* The configured origin with this host; Host holds no scheme, and origins do not repeat hosts. */
static enum result check_host(struct request *request, const struct request_rules *rules)
{
	struct str host = STR_NONE;

	if (header_count(request, STR("host"), &host) != 1)
		return err_set(&request->err, RESULT_INVALID, "the request does not name one host");
	for (size_t i = 0; i < rules->origin_count; i++) {
		struct str origin = rules->origins[i];
		ptrdiff_t slashes = str_find(origin, STR("://"));
		if (slashes > 0 && str_equal_nocase(str_from(origin, (size_t)slashes + 3), host)) {
			request->origin = origin;
			return RESULT_OK;
		}
	}
	return err_set(&request->err, RESULT_NOT_FOUND, "this is not the host that was asked for");
}

enum result request_check_head(
	struct request *request, const struct request_rules *rules, uint64_t *ret_length)
{
	for (size_t i = 0; i < request->headers.count; i++) {
		const struct pair *header = &request->headers.items[i];
		if (!token_is_valid(header->name) || !field_value_is_valid(header->value))
			return err_set(&request->err, RESULT_INVALID, "a header is malformed");
	}
	if (!target_is_valid(request->target))
		return err_set(&request->err, RESULT_INVALID, "the request's target is not a path");
	/* h2c and the like: nothing here is ever upgraded, and a proxy must not believe it was. */
	if (request_header(request, "upgrade").ptr)
		return err_set(&request->err, RESULT_INVALID, "nothing is upgraded here");
	TRY(check_length(request, ret_length));
	return check_host(request, rules);
}
