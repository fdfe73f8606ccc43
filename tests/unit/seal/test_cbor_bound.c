#include "seal/cbor_bound.h"
#include "tests/unit/seal/seal_unit.h"

#define BYTES(...) ((struct bytes){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})

static void items_up_to_the_end_are_bounded(void **state)
{
	(void)state;
	assert_true(cbor_is_bounded(BYTES(0x83, 0x01, 0x02, 0x03)));
	assert_true(cbor_is_bounded(BYTES(0xa1, 0x61, 'a', 0x41, 'b')));
	assert_true(cbor_is_bounded(BYTES(0x9f, 0x01, 0xff)));
	assert_true(cbor_is_bounded(BYTES(0xa0, 0xa0)));
}

/* The counts that libcbor would allocate for: 1 billion, 2^64 - 1, and the same again in each of a nest. */
static void a_count_beyond_the_bytes_is_not(void **state)
{
	(void)state;
	assert_false(cbor_is_bounded(BYTES(0x9a, 0x3f, 0x79, 0x79, 0x79, 0x01)));
	assert_false(cbor_is_bounded(BYTES(0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)));
	assert_false(cbor_is_bounded(BYTES(0x85, 0x85, 0x85, 0x85, 0x85, 0x01)));
}

static void cut_or_broken_items_are_not(void **state)
{
	(void)state;
	assert_false(cbor_is_bounded(BYTES(0x58, 0x05, 'a')));
	assert_false(cbor_is_bounded(BYTES(0x19, 0x01)));
	assert_false(cbor_is_bounded(BYTES(0x1c)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_up_to_the_end_are_bounded),
		cmocka_unit_test(a_count_beyond_the_bytes_is_not),
		cmocka_unit_test(cut_or_broken_items_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
