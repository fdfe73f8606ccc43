#include "tests/unit/unit.h"

#include "base/mem.h"
#include "web/router.h"

static enum result page(struct request *request, struct response *response)
{
	(void)request;
	(void)response;
	return RESULT_OK;
}

static const struct route_parameter id_parameters[] = {
	{PARAMETER_PATH, "id", 5, 0, ""},
	{PARAMETER_PATH, "part", 5, 0, ""},
	{PARAMETER_QUERY, "page", 3, 0, ""},
	{PARAMETER_FIELD, "to", 4, 2, ""},
	{0},
};
static const struct route rows[] = {
	{METHOD_GET, "/", RIGHTS_ANYONE, NULL, page, NULL, "root"},
	{METHOD_GET, "/message/{id}", RIGHTS_SIGNED_IN, id_parameters, page, NULL, "message"},
	{METHOD_POST, "/message/{id}", RIGHTS_SIGNED_IN, id_parameters, page, NULL, "reply"},
	{METHOD_GET, "/message/new", RIGHTS_SIGNED_IN, NULL, page, NULL, "new"},
};
static const struct route more[] = {
	{METHOD_GET, "/message/{id}/part/{part}", RIGHTS_SIGNED_IN, id_parameters, page, NULL, "part"},
};
static const struct route_table tables[] = {ROUTES(rows), ROUTES(more)};

static void test_find(void **state)
{
	static const struct {
		enum http_method method;
		const char *path;
		enum result result;
		const char *summary; /* or the Allow field */
		const char *id;
	} cases[] = {
		{METHOD_GET, "/", RESULT_OK, "root", ""},
		{METHOD_HEAD, "/", RESULT_OK, "root", ""},
		{METHOD_GET, "/message/a%20b", RESULT_OK, "message", "a b"},
		{METHOD_GET, "/message/new", RESULT_OK, "new", ""},
		{METHOD_POST, "/message/new", RESULT_OK, "reply", "new"},
		{METHOD_GET, "/message/x/part/1.2", RESULT_OK, "part", "x"},
		{METHOD_GET, "/message", RESULT_NOT_FOUND, NULL, NULL},
		{METHOD_GET, "/message/", RESULT_NOT_FOUND, NULL, NULL},
		{METHOD_GET, "/message/a/", RESULT_NOT_FOUND, NULL, NULL},
		{METHOD_GET, "/MESSAGE/a", RESULT_NOT_FOUND, NULL, NULL},
		{METHOD_GET, "/message/toolong", RESULT_INVALID, NULL, NULL},
		{METHOD_POST, "/", RESULT_DENIED, "GET, HEAD", NULL},
		{METHOD_DELETE, "/message/a", RESULT_DENIED, "GET, HEAD, POST", NULL},
		{METHOD_OTHER, "/message/a", RESULT_DENIED, "GET, HEAD, POST", NULL},
		{METHOD_OTHER, "/nothing", RESULT_NOT_FOUND, NULL, NULL},
	};
	cleanup(router_free_at) struct router *router = router_new(tables, COUNT_OF(tables));

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(arena_done) struct arena arena = {0};
		const struct route *route = NULL;
		struct pairs parameters = {0};
		struct segments path = {0};
		struct str allow = STR_NONE;
		assert_ok(path_parse(&arena, str_of(cases[i].path), &path));
		enum result result =
			router_find(router, &arena, cases[i].method, &path, &route, &parameters, &allow);
		if (result != cases[i].result)
			fail_msg("%s: %s", cases[i].path, result_name(result));
		if (result == RESULT_OK) {
			assert_string_equal(route->summary, cases[i].summary);
			assert_str(pairs_get(&parameters, "id"), cases[i].id);
		} else if (result == RESULT_DENIED) {
			assert_str(allow, cases[i].summary);
		}
	}
	assert_string_equal(router_row(router, 4)->summary, "part");
	assert_null(router_row(router, 5));
}

static enum result keep(const char *text, bool query, struct request *ret, struct arena *arena)
{
	struct pairs pairs = {0};

	assert_ok(urlencoded_parse(arena, str_of(text), 100, &pairs));
	*ret = (struct request){.arena = arena, .query = pairs, .fields = pairs, .route = &rows[2]};
	return query ? route_keep_query(&rows[2], ret) : route_keep_fields(&rows[2], ret);
}

static void test_parameters(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct request request;
	size_t index = 0;

	(void)state;
	assert_ok(keep("page=12&evil=1&to=x", true, &request, &arena));
	assert_int_equal(request.query.count, 1);
	assert_int_equal(request_query_number(&request, "page", 100, 1), 12);
	assert_int_equal(request_query_number(&request, "page", 11, 1), 1);
	assert_int_equal(keep("page=1234", true, &request, &arena), RESULT_INVALID);
	assert_int_equal(keep("page=1&page=2", true, &request, &arena), RESULT_INVALID);

	assert_ok(keep("to=a&csrf=abc&to=b&page=1", false, &request, &arena));
	assert_int_equal(request.fields.count, 3);
	assert_str(request_field(&request, "csrf"), "abc");
	assert_str(request_field_next(&request, "to", &index), "a");
	assert_str(request_field_next(&request, "to", &index), "b");
	assert_null(request_field_next(&request, "to", &index).ptr);
	assert_int_equal(keep("to=a&to=b&to=c", false, &request, &arena), RESULT_INVALID);
	assert_int_equal(keep("to=abcde", false, &request, &arena), RESULT_INVALID);
	assert_int_equal(keep("csrf=1&csrf=2", false, &request, &arena), RESULT_INVALID);
}

static void test_local_path(void **state)
{
	static const struct {
		const char *path, *result;
	} cases[] = {
		{"/", "/"},
		{"/inbox?page=2", "/inbox?page=2"},
		{"", "/else"},
		{"inbox", "/else"},
		{"//evil.test", "/else"},
		{"/\\evil.test", "/else"},
		{"\\\\evil.test", "/else"},
		{"/\t/evil.test", "/else"},
		{"\t//evil.test", "/else"},
		{"/a\r\nSet-Cookie: x", "/else"},
		{"https://evil.test", "/else"},
		{"https:evil.test", "/else"},
		{"javascript:alert(1)", "/else"},
		{"/\xe2\x80\xae", "/else"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_str(request_local_path(str_of(cases[i].path), STR("/else")), cases[i].result);
}

static void test_same_site(void **state)
{
	static const struct {
		const char *origin, *site;
		bool is_same;
	} cases[] = {
		{NULL, NULL, true},
		{"https://portal.test", NULL, true},
		{"https://portal.test", "same-origin", true},
		{NULL, "none", true},
		{"http://portal.test", NULL, false},
		{"https://portal.test:444", NULL, false},
		{"https://portal.test.evil.test", NULL, false},
		{"null", NULL, false},
		{"", NULL, false},
		{"https://evil.test", "same-origin", false},
		{"https://portal.test", "cross-site", false},
		{NULL, "same-site", false},
		{NULL, "", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct pair headers[2];
		struct request request = {.origin = STR("https://portal.test"), .headers = {headers, 0}};
		if (cases[i].origin)
			headers[request.headers.count++] =
				(struct pair){STR("origin"), str_of(cases[i].origin)};
		if (cases[i].site)
			headers[request.headers.count++] =
				(struct pair){STR("sec-fetch-site"), str_of(cases[i].site)};
		if (request_is_same_site(&request) != cases[i].is_same)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_local_path),
		cmocka_unit_test(test_same_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
