#include "seal/content_mac.h"
#include "tests/unit/seal/seal_unit.h"

#include <string.h>

static void mac_of(const struct account_key *key, struct str first, struct str second,
	uint8_t ret[static CONTENT_MAC_BYTES])
{
	struct content_mac mac;

	content_mac_init(&mac, key);
	content_mac_add(&mac, first);
	content_mac_add(&mac, second);
	content_mac_final(&mac, ret);
}

static void pieces_give_what_the_whole_gives(void **state)
{
	struct account_key key = {.b = {1}};
	char text[100];
	uint8_t whole[CONTENT_MAC_BYTES], pieces[CONTENT_MAC_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text));
	mac_of(&key, (struct str){text, sizeof(text)}, STR_NONE, whole);
	for (size_t at = 0; at <= sizeof(text); at++) {
		mac_of(&key, (struct str){text, at}, (struct str){text + at, sizeof(text) - at}, pieces);
		assert_memory_equal(whole, pieces, sizeof(whole));
	}
}

static void it_can_be_asked_before_more_is_added(void **state)
{
	struct account_key key = {.b = {1}};
	struct content_mac mac;
	uint8_t begin[CONTENT_MAC_BYTES], whole[CONTENT_MAC_BYTES], expected[CONTENT_MAC_BYTES];

	(void)state;
	mac_of(&key, STR("one "), STR("two"), expected);
	content_mac_init(&mac, &key);
	content_mac_add(&mac, STR("one "));
	content_mac_final(&mac, begin);
	content_mac_add(&mac, STR("two"));
	content_mac_final(&mac, whole);
	assert_memory_equal(whole, expected, sizeof(whole));
	assert_memory_not_equal(whole, begin, sizeof(whole));
}

static void every_byte_the_end_and_the_account_count(void **state)
{
	struct account_key key = {.b = {1}}, other = {.b = {2}};
	char text[40] = {0};
	uint8_t plain[CONTENT_MAC_BYTES], changed[CONTENT_MAC_BYTES];
	struct str all = {text, sizeof(text)};

	(void)state;
	mac_of(&key, all, STR_NONE, plain);
	for (size_t at = 0; at < sizeof(text); at++) {
		text[at] = 1;
		mac_of(&key, all, STR_NONE, changed);
		assert_memory_not_equal(plain, changed, sizeof(plain));
		text[at] = 0;
		mac_of(&key, (struct str){text, at}, STR_NONE, changed);
		assert_memory_not_equal(plain, changed, sizeof(plain));
	}
	mac_of(&other, all, STR_NONE, changed);
	assert_memory_not_equal(plain, changed, sizeof(plain));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_give_what_the_whole_gives),
		cmocka_unit_test(it_can_be_asked_before_more_is_added),
		cmocka_unit_test(every_byte_the_end_and_the_account_count),
	};

	return cmocka_run_group_tests(tests, seal_setup, NULL);
}
