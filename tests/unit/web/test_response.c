#include "tests/unit/unit.h"

#include "base/mem.h"
#include "web/response.h"

static struct str header_of(const struct response *response, const char *name)
{
	return pairs_get(&response->headers, name);
}

static void test_cookies(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(response_done) struct response response;

	(void)state;
	response_init(&response, &arena);
	response_cookie(&response, "session", STR("abc"), 3600);
	assert_str(header_of(&response, "Set-Cookie"),
		"__Host-session=abc; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600");
	response_reset(&response);
	response_cookie(&response, "session", STR("abc"), 0);
	assert_str(header_of(&response, "Set-Cookie"),
		"__Host-session=abc; Path=/; Secure; HttpOnly; SameSite=Lax");
	response_reset(&response);
	response_cookie_remove(&response, "session");
	assert_str(header_of(&response, "Set-Cookie"),
		"__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
}

static void test_policies(void **state)
{
	static const struct {
		enum response_policy policy;
		const char *content, *frame, *resource, *referrer;
	} cases[] = {
		{POLICY_PAGE,
			"default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
			"connect-src 'self'; "
			"form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'",
			"DENY", "same-origin", "same-origin"},
		{POLICY_MESSAGE,
			"sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src "
			"'unsafe-inline'; img-src https://portal.test data:; form-action 'none'; base-uri "
			"'none'; "
			"frame-ancestors 'self'",
			"SAMEORIGIN", "same-origin", "no-referrer"},
		{POLICY_FILE, "sandbox; default-src 'none'; frame-ancestors 'none'", "DENY", "same-origin",
			"no-referrer"},
		{POLICY_IMAGE, "sandbox; default-src 'none'; frame-ancestors 'none'", "DENY", "cross-origin",
			"no-referrer"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(arena_done) struct arena arena = {0};
		cleanup(response_done) struct response response;
		response_init(&response, &arena);
		response.policy = cases[i].policy;
		response_add_security(&response, STR("https://portal.test"), true);
		assert_str(header_of(&response, "Content-Security-Policy"), cases[i].content);
		assert_str(header_of(&response, "X-Frame-Options"), cases[i].frame);
		assert_str(header_of(&response, "Cross-Origin-Resource-Policy"), cases[i].resource);
		assert_str(header_of(&response, "Referrer-Policy"), cases[i].referrer);
		assert_str(header_of(&response, "X-Content-Type-Options"), "nosniff");
		assert_str(header_of(&response, "Cross-Origin-Opener-Policy"), "same-origin");
		assert_str(header_of(&response, "Cache-Control"), "no-store");
		assert_str(header_of(&response, "Strict-Transport-Security"), "max-age=31536000");
	}
}

/* Types that a browser would run or render are never shown, whatever a mail claims. */
static void test_types(void **state)
{
	static const struct {
		const char *claimed, *type;
		bool is_shown;
	} cases[] = {
		{"image/png", "image/png", true},
		{"IMAGE/JPEG; x=y", "image/jpeg", true},
		{"image/svg+xml", "image/svg+xml", false},
		{"text/html", "text/html", false},
		{"application/xhtml+xml", "application/xhtml+xml", false},
		{"nonsense", "application/octet-stream", false},
		{"text/ht ml", "application/octet-stream", false},
		{"a/b\r\nX: y", "application/octet-stream", false},
		{"", "application/octet-stream", false},
	};
	static const struct bytes none = {(const uint8_t *)"x", 1};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(arena_done) struct arena arena = {0};
		cleanup(response_done) struct response response;
		response_init(&response, &arena);
		response_inline_image(&response, reader_of_bytes(&none), STR("a"), str_of(cases[i].claimed),
			STR_NONE, NULL);
		assert_str(header_of(&response, "Content-Type"), cases[i].type);
		assert_int_equal(header_of(&response, "Content-Disposition").ptr == NULL, cases[i].is_shown);
	}
}

static void test_statuses(void **state)
{
	(void)state;
	for (int result = 0; result < RESULT_COUNT; result++)
		assert_in_range(response_status_of((enum result)result), 200, 503);
	assert_int_equal(response_status_of(RESULT_GONE), 410);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
