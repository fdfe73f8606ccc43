#include "seal/box.h"
#include "tests/unit/seal/seal_unit.h"

static void boxes_open_in_their_place_only(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct message_key key;
	struct box_context context = {"list", id_new(1)};
	struct bytes plain;

	(void)state;
	message_key_new(&key);
	struct bytes box = box_seal(&key, context, str_bytes(STR("a subject")), &arena);
	assert_ok(box_open(&key, context, box, &arena, &plain, NULL));
	assert_str(bytes_str(plain), "a subject");
	struct box_context elsewhere[] = {{"head", context.record}, {"list", id_new(1)}};
	for (size_t i = 0; i < COUNT_OF(elsewhere); i++)
		assert_int_equal(box_open(&key, elsewhere[i], box, &arena, &plain, NULL), RESULT_INTERNAL);
	for (size_t i = 0; i < box.len; i++) {
		((uint8_t *)(uintptr_t)box.ptr)[i] ^= 4;
		assert_int_equal(box_open(&key, context, box, &arena, &plain, NULL), RESULT_INTERNAL);
		((uint8_t *)(uintptr_t)box.ptr)[i] ^= 4;
		struct bytes cut = {box.ptr, i};
		assert_int_equal(box_open(&key, context, cut, &arena, &plain, NULL), RESULT_INTERNAL);
	}
}

static void an_empty_box_and_an_account_box_come_back(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct account_key account, other;
	struct message_key message_key;
	struct box_context context = {"name", id_new(1)};
	struct bytes plain = {(const uint8_t *)"?", 1};
	struct err err = {0};

	(void)state;
	account_key_new(&account);
	account_key_new(&other);
	struct bytes empty = box_seal_account(&account, context, (struct bytes){0}, &arena);
	assert_ok(box_open_account(&account, context, empty, &arena, &plain, NULL));
	assert_int_equal(plain.len, 0);
	struct bytes box = box_seal_account(&account, context, str_bytes(STR("Carol")), &arena);
	assert_ok(box_open_account(&account, context, box, &arena, &plain, NULL));
	assert_str(bytes_str(plain), "Carol");
	assert_int_equal(box_open_account(&other, context, box, &arena, &plain, &err), RESULT_INTERNAL);
	assert_string_equal(err.code, "sealed-damaged");
	assert_str(bytes_str(plain), "Carol");
	message_key_new(&message_key);
	assert_int_equal(box_open(&message_key, context, box, &arena, &plain, NULL), RESULT_INTERNAL);
	assert_int_equal(box_open_account(&account, context, (struct bytes){0}, &arena, &plain, NULL),
		RESULT_INTERNAL);
}

static void the_same_text_is_never_the_same_box(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	struct message_key key;
	struct box_context context = {"list", id_new(1)};

	(void)state;
	message_key_new(&key);
	struct bytes one = box_seal(&key, context, str_bytes(STR("a subject")), &arena);
	struct bytes two = box_seal(&key, context, str_bytes(STR("a subject")), &arena);
	assert_int_equal(one.len, two.len);
	assert_memory_not_equal(one.ptr, two.ptr, one.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boxes_open_in_their_place_only),
		cmocka_unit_test(an_empty_box_and_an_account_box_come_back),
		cmocka_unit_test(the_same_text_is_never_the_same_box),
	};
	return cmocka_run_group_tests(tests, seal_setup, NULL);
}
