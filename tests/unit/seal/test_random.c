#include "seal/random.h"
#include "tests/unit/seal/seal_unit.h"

static void a_hash_of_pieces_is_the_hash_of_the_whole(void **state)
{
	uint8_t whole[HASH_BYTES], pieces[HASH_BYTES];
	struct hash hash;

	(void)state;
	hash_bytes(str_bytes(STR("one two three")), whole);
	hash_init(&hash);
	hash_add(&hash, STR("one"));
	hash_add(&hash, STR_NONE);
	hash_add(&hash, STR(" two three"));
	hash_final(&hash, pieces);
	assert_memory_equal(whole, pieces, HASH_BYTES);
}

static void secrets_compare(void **state)
{
	(void)state;
	assert_true(secret_equal(str_bytes(STR("same")), str_bytes(STR("same"))));
	assert_true(secret_equal((struct bytes){0}, (struct bytes){0}));
	assert_false(secret_equal(str_bytes(STR("same")), str_bytes(STR("sane"))));
	assert_false(secret_equal(str_bytes(STR("same")), str_bytes(STR("sam"))));
	assert_false(secret_equal(str_bytes(STR("same")), (struct bytes){0}));
}

static void random_numbers_reach_every_value_below_the_bound(void **state)
{
	unsigned seen[10] = {0};

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint32_t digit = random_below(10);
		assert_true(digit < 10);
		seen[digit]++;
	}
	/* 1000 each; ten standard deviations are 300. */
	for (size_t i = 0; i < 10; i++)
		assert_in_range(seen[i], 700, 1300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hash_of_pieces_is_the_hash_of_the_whole),
		cmocka_unit_test(secrets_compare),
		cmocka_unit_test(random_numbers_reach_every_value_below_the_bound),
	};
	return cmocka_run_group_tests(tests, seal_setup, NULL);
}
