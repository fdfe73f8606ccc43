#include "tests/unit/unit.h"

#include "tests/unit/temporary_folder.h"
#include "web/assets.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder;

static void write_file(const char *path, const char *text)
{
	char whole[200];

	(void)snprintf(whole, sizeof(whole), "%s/%s", folder, path);
	FILE *file = fopen(whole, "w");
	assert_non_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
}

static void remove_file(const char *path)
{
	char whole[200];

	(void)snprintf(whole, sizeof(whole), "%s/%s", folder, path);
	(void)remove(whole);
}

static int setup(void **state)
{
	static const char *const folders[] = {"styles", "scripts", "icons"};

	(void)state;
	folder = temporary_folder();
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		char path[200];
		(void)snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
		if (mkdir(path, 0700))
			return 1;
	}
	write_file("styles/main.css", "body {}");
	write_file("icons/logo.svg", "<svg/>");
	return 0;
}

static void test_serving(void **state)
{
	cleanup(assets_free_at) struct assets *assets = NULL;
	cleanup(arena_done) struct arena arena = {0};
	cleanup(response_done) struct response response;
	struct err err = {0};

	(void)state;
	assert_ok(assets_load(folder, &assets, &err));
	struct str url = assets_url(assets, "main.css");
	assert_true(str_starts(url, STR("/static/main.")) && str_ends_nocase(url, STR(".css")));
	assert_null(assets_url(assets, "other.css").ptr);
	response_init(&response, &arena);
	assert_ok(assets_answer(assets, str_from(url, strlen("/static/")), STR_NONE, &response));
	assert_str(bytes_str(response.constant), "body {}");
	assert_str(pairs_get(&response.headers, "Cache-Control"), "public, max-age=31536000, immutable");
	assert_int_equal(assets_answer(assets, STR("main.css"), STR_NONE, &response), RESULT_NOT_FOUND);
	assert_int_equal(
		assets_answer(assets, STR("../styles/main.css"), STR_NONE, &response), RESULT_NOT_FOUND);
	/* Other content is another name. */
	cleanup(assets_free_at) struct assets *changed = NULL;
	write_file("styles/main.css", "body { color: red }");
	assert_ok(assets_load(folder, &changed, &err));
	assert_false(str_equal(url, assets_url(changed, "main.css")));
}

/* What the browser gets as Content-Encoding for its Accept-Encoding, and how long the answer is. */
static size_t answer_to(const struct assets *assets, const char *accept_encoding, struct str *ret_encoding)
{
	static struct arena arena;
	struct response response;
	struct str url = assets_url(assets, "long.css");

	response_init(&response, &arena);
	assert_ok(
		assets_answer(assets, str_from(url, strlen("/static/")), str_of(accept_encoding), &response));
	*ret_encoding = pairs_get(&response.headers, "Content-Encoding");
	size_t len = response.constant.len;
	assert_str(pairs_get(&response.headers, "Vary"), "Accept-Encoding");
	response_done(&response);
	return len;
}

static void test_packed(void **state)
{
	static const char *const takes[] = {"gzip", "deflate, gzip;q=0.5, br", "br,GZIP"};
	static const char *const leaves[] = {"", "br", "gzip;q=0, identity", "gzip; q=0.000", "gzippy"};
	cleanup(assets_free_at) struct assets *assets = NULL;
	struct err err = {0};
	char css[2000];
	struct str encoding;

	(void)state;
	memset(css, 'a', sizeof(css) - 1);
	css[sizeof(css) - 1] = 0;
	write_file("styles/long.css", css);
	assert_ok(assets_load(folder, &assets, &err));
	for (size_t i = 0; i < COUNT_OF(takes); i++) {
		assert_true(answer_to(assets, takes[i], &encoding) < 100);
		assert_str(encoding, "gzip");
	}
	for (size_t i = 0; i < COUNT_OF(leaves); i++) {
		assert_int_equal(answer_to(assets, leaves[i], &encoding), sizeof(css) - 1);
		assert_null(encoding.ptr);
	}
}

static void test_refusals(void **state)
{
	struct assets *assets = NULL;
	struct err err = {0};

	(void)state;
	write_file("scripts/program.exe", "x");
	assert_int_equal(assets_load(folder, &assets, &err), RESULT_INVALID);
	remove_file("scripts/program.exe");
	write_file("scripts/main.css", "x");
	assert_int_equal(assets_load(folder, &assets, &err), RESULT_INVALID);
	remove_file("scripts/main.css");
	assert_int_equal(assets_load("/nonexistent", &assets, &err), RESULT_NOT_FOUND);
	assert_null(assets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serving),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
