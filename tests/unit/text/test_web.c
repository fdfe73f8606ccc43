/* The product's own templates and texts: everything under web/ that is filled. */
#include "tests/unit/unit.h"

#include "text/template.h"

#include <stdlib.h>
#include <string.h>

#define HOSTILE "\"'><script>alert(1)</script>{{t.x}}"

static struct template_set *load(const char *folder)
{
	cleanup(arena_done) struct arena arena = {0};
	struct template_set *set = NULL;
	struct err err = {0};
	const char *source = getenv("SEALPOST_SOURCE_DIR");

	struct str path = arena_printf(&arena, "%s/web/%s", source ? source : ".", folder);
	if (template_set_load(path.ptr, &set, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	return set;
}

static struct languages *load_languages(void)
{
	cleanup(arena_done) struct arena arena = {0};
	struct languages *languages = NULL;
	struct err err = {0};
	const char *source = getenv("SEALPOST_SOURCE_DIR");

	struct str path = arena_printf(&arena, "%s/web/languages", source ? source : ".");
	if (languages_load(path.ptr, &languages, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	return languages;
}

static void render(const struct template_set *set, const char *name, const json_t *view,
	const struct language *language, struct buf *out)
{
	struct err err = {0};

	if (template_render(set, name, view, language, out, &err) != RESULT_OK)
		fail_msg("%s: %s", name, err.text);
}

static void fills_everything_in_every_language(void **state)
{
	static const char *const folders[] = {"templates", "notifications"};
	cleanup(languages_free_at) struct languages *languages = load_languages();
	json_t *view = json_object();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		cleanup(template_set_free_at) struct template_set *set = load(folders[i]);
		for (size_t t = 0; template_set_at(set, t); t++)
			for (size_t l = 0; languages_at(languages, l); l++) {
				cleanup(buf_done) struct buf out = buf_new(1 << 20);
				render(set, template_set_at(set, t), view, languages_at(languages, l), &out);
				assert_int_equal(str_find(buf_str(&out), STR("{{")), -1);
			}
		assert_true(template_exists(set, template_set_at(set, 0)));
	}
	json_decref(view);
}

/* Every field of every page that takes words from people. */
static json_t *hostile_view(void)
{
	static const char *const words[] = {"address", "back_url", "cc", "code", "csrf", "date", "detail",
		"domains", "expires_in", "expires_on", "form_id", "from_address", "id", "limit", "link",
		"link_id", "masked", "next_url", "path", "reference", "sender_name", "sent_on",
		"shown_address", "snippet", "subject", "text", "to_text", "url", "who", "name", "size",
		"type_words", "kind"};
	json_t *view = json_object();
	json_t *all = json_object();

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		json_object_set_new(view, words[i], json_string(HOSTILE));
		json_object_set_new(all, words[i], json_string(HOSTILE));
	}
	json_t *list = json_array();
	json_array_append_new(list, all);
	json_t *person = json_pack("{s:s, s:s, s:s}", "name", HOSTILE, "address", HOSTILE, "help", HOSTILE);
	static const char *const people[] = {
		"account", "from", "sender", "person", "recipient", "quote", "kept"};
	for (size_t i = 0; i < COUNT_OF(people); i++)
		json_object_set(view, people[i], person);
	static const char *const lists[] = {"rows", "people", "languages", "zones", "lost_files"};
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		json_object_set(view, lists[i], list);
	static const char *const boxes[] = {"files", "recipients", "to", "problems", "list", "states"};
	for (size_t i = 0; i < COUNT_OF(boxes); i++)
		json_object_set_new(view, boxes[i],
			json_pack("{s:O, s:O, s:O}", "list", list, "people", list, "rows", list));
	json_object_set_new(view, "body", json_pack("{s:O, s:s}", "pieces", list, "size", HOSTILE));
	json_object_set_new(view, "has_rows", json_true());
	json_decref(person);
	json_decref(list);
	return view;
}

static void lets_no_markup_through(void **state)
{
	static const char *const folders[] = {"templates", "notifications"};
	cleanup(languages_free_at) struct languages *languages = load_languages();
	json_t *view = hostile_view();
	int shown = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		cleanup(template_set_free_at) struct template_set *set = load(folders[i]);
		for (size_t t = 0; template_set_at(set, t); t++) {
			const char *name = template_set_at(set, t);
			cleanup(buf_done) struct buf out = buf_new(1 << 20);
			if (str_ends_nocase(str_of(name), STR(".txt")))
				continue;
			render(set, name, view, languages_at(languages, 0), &out);
			if (str_find(buf_str(&out), STR("<script>")) >= 0)
				fail_msg("%s lets markup through", name);
			shown += str_find(buf_str(&out), STR("&lt;script&gt;")) >= 0;
		}
	}
	assert_true(shown > 30);
	json_decref(view);
}

static void keeps_notifications_small_and_complete(void **state)
{
	static const char link[] = "https://portal.acme.example/open/01hf3zx5w8q9e2r7t6y5u4i3o2";
	static const char *const names[] = {"notification.txt", "notification.html"};
	cleanup(languages_free_at) struct languages *languages = load_languages();
	cleanup(template_set_free_at) struct template_set *set = load("notifications");
	json_t *view = json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:s}", "link", link,
		"expires_on", "30 November 2026", "sender", "name", "Alice Adams", "address",
		"alice@acme.example", "account", "name", "Acme", "recipient", "address",
		"carol@partner.example", "portal", "host", "portal.acme.example", "from_address",
		"secure@acme.example");

	(void)state;
	assert_non_null(view);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		for (size_t l = 0; languages_at(languages, l); l++) {
			cleanup(buf_done) struct buf out = buf_new(30 * 1024);
			render(set, names[i], view, languages_at(languages, l), &out);
			static const char *const parts[] = {link, "Alice Adams", "alice@acme.example", "Acme",
				"30 November 2026", "portal.acme.example", "secure@acme.example"};
			for (size_t p = 0; p < COUNT_OF(parts); p++)
				if (str_find(buf_str(&out), str_of(parts[p])) < 0)
					fail_msg("%s has no %s", names[i], parts[p]);
		}
	json_decref(view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_everything_in_every_language),
		cmocka_unit_test(lets_no_markup_through),
		cmocka_unit_test(keeps_notifications_small_and_complete),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
