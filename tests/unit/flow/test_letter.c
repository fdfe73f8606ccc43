#include "base/mem.h"
#include "flow/letter.h"
#include "tests/unit/unit.h"

static void assert_text(struct str got, struct str expected)
{
	if (!str_equal(got, expected))
		fail_msg("'%.*s' and not '%.*s'", STR_ARG(got), STR_ARG(expected));
}

/* Texts from outside come back from their boxes as they were. */
static void test_boxes_give_back_what_was_sealed(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct mime_address to[] = {
		{STR("\"Doe\", \\John"), STR("john@x.example")}, {STR_NONE, STR("b@x.example")}};
	struct letter letter = {.subject = STR("a \"b\" \\c\\ \x01\x1f \xc3\xa9 \xf0\x9f\x8e\x82"),
		.from = {STR("\\"), STR("a@x.example")},
		.snippet = STR("no UTF-8: \xff"),
		.files = 3,
		.sender = {STR_NONE, STR_NONE},
		.to = to,
		.to_count = COUNT_OF(to),
		.message_id = STR("\"quoted\"@x.example"),
		.references = {STR("1@x.example"), STR("2@x.example")},
		.reference_count = 2};
	struct letter back = {0};
	struct message_key key;
	struct id id = id_new(1);

	(void)state;
	message_key_new(&key);
	assert_ok(
		letter_list_open(letter_list_seal(&letter, &key, id, &arena), &key, id, &arena, &back, NULL));
	assert_ok(
		letter_head_open(letter_head_seal(&letter, &key, id, &arena), &key, id, &arena, &back, NULL));
	assert_text(back.subject, letter.subject);
	assert_text(back.from.name, letter.from.name);
	assert_text(back.from.address, letter.from.address);
	assert_text(back.snippet, STR_NONE);
	assert_int_equal(back.files, 3);
	assert_text(back.sender.address, STR_NONE);
	assert_int_equal(back.to_count, 2);
	assert_text(back.to[0].name, to[0].name);
	assert_text(back.to[1].address, to[1].address);
	assert_int_equal(back.cc_count, 0);
	assert_text(back.message_id, letter.message_id);
	assert_int_equal(back.reference_count, 2);
	assert_text(back.references[1], letter.references[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boxes_give_back_what_was_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
