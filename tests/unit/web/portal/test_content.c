#include "tests/unit/unit.h"

#include "web/portal/content.h"

#include <string.h>

/* The pieces of a text, links in brackets. */
static void write_pieces(const char *text, struct buf *out)
{
	cleanup(json_decrefp) json_t *pieces = json_array();
	size_t index;
	json_t *piece;

	content_add_pieces(pieces, str_of(text));
	json_array_foreach(pieces, index, piece)
	{
		const char *url = json_string_value(json_object_get(piece, "url"));
		const char *shown = json_string_value(json_object_get(piece, "text"));
		buf_printf(out, url[0] ? "[%s]" : "%s", shown);
		if (url[0])
			assert_string_equal(url, shown);
	}
}

static void test_links(void **state)
{
	static const struct {
		const char *text, *pieces;
	} cases[] = {
		{"", ""},
		{"no link", "no link"},
		{"see https://a.example/b?c=1&d=2.", "see [https://a.example/b?c=1&d=2]."},
		{"(https://a.example/b)", "([https://a.example/b])"},
		{"https://a.example/w_(x) y", "[https://a.example/w_(x)] y"},
		{"<http://a.example/>,x", "<[http://a.example/]>,x"},
		{"HTTPS://A.example", "[HTTPS://A.example]"},
		{"xhttps://a.example", "xhttps://a.example"},
		{"https:// http://", "https:// http://"},
		{"javascript:alert(1) http https", "javascript:alert(1) http https"},
		{"https://a\"onclick=x", "[https://a]\"onclick=x"},
		{"two https://a https://b", "two [https://a] [https://b]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(buf_done) struct buf out = buf_new(1000);
		write_pieces(cases[i].text, &out);
		assert_str(buf_str(&out), cases[i].pieces);
	}
}

/* A text of links only becomes a page that can still be sent. */
static void test_many_links(void **state)
{
	cleanup(json_decrefp) json_t *pieces = json_array();
	cleanup(buf_done) struct buf text = buf_new(1 << 20);

	(void)state;
	while (!text.overflow)
		buf_add(&text, STR("http://a "));
	content_add_pieces(pieces, buf_str(&text));
	assert_true(json_array_size(pieces) < 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_many_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
