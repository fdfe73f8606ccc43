#include "tests/unit/unit.h"

#include "base/mem.h"
#include "web/peer.h"

static void test_ranges(void **state)
{
	static const struct {
		const char *range, *address;
		bool is_range, is_in;
	} cases[] = {
		{"10.0.0.0/8", "10.1.2.3", true, true},
		{"10.0.0.0/8", "11.0.0.0", true, false},
		{"10.0.0.0/8", "::ffff:10.9.9.9", true, true},
		{"192.0.2.128/25", "192.0.2.127", true, false},
		{"192.0.2.128/25", "192.0.2.255", true, true},
		{"192.0.2.1", "192.0.2.1", true, true},
		{"192.0.2.1", "192.0.2.2", true, false},
		{"0.0.0.0/0", "255.1.1.1", true, true},
		{"0.0.0.0/0", "2001:db8::1", true, false},
		{"::/0", "2001:db8::1", true, true},
		{"2001:db8::/33", "2001:db8:7fff::1", true, true},
		{"2001:db8::/33", "2001:db8:8000::1", true, false},
		{"10.0.0.1/8", "", false, false},
		{"10.0.0.0/33", "", false, false},
		{"10.0.0.0/", "", false, false},
		{"10.0.0/8", "", false, false},
		{"::1/129", "", false, false},
		{"portal.test", "", false, false},
		{"", "", false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct peer_range range;
		struct peer peer;
		if (peer_range_parse(str_of(cases[i].range), &range) != cases[i].is_range)
			fail_msg("%s", cases[i].range);
		if (!cases[i].is_range)
			continue;
		assert_true(peer_parse(str_of(cases[i].address), &peer));
		if (peer_in_range(&peer, &range) != cases[i].is_in)
			fail_msg("%s in %s", cases[i].address, cases[i].range);
	}
}

static void test_behind_proxies(void **state)
{
	static const struct {
		const char *connected, *forwarded, *client;
	} cases[] = {
		{"10.0.0.1", "192.0.2.7", "192.0.2.7"},
		{"10.0.0.1", "6.6.6.6, 192.0.2.7", "192.0.2.7"},
		{"10.0.0.1", "192.0.2.7, 10.0.0.2", "192.0.2.7"},
		{"10.0.0.1", "6.6.6.6,10.0.0.3,10.0.0.2", "6.6.6.6"},
		{"10.0.0.1", "10.0.0.9", "10.0.0.9"},
		{"10.0.0.1", "", "10.0.0.1"},
		{"10.0.0.1", "unknown", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.7, nonsense", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.7,", "10.0.0.1"},
		{"10.0.0.1", "2001:db8::5", "2001:db8::5"},
		{"203.0.113.9", "192.0.2.7", "203.0.113.9"},
	};
	struct peer_range trusted;

	(void)state;
	assert_true(peer_range_parse(STR("10.0.0.0/8"), &trusted));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(arena_done) struct arena arena = {0};
		struct peer connected;
		assert_true(peer_parse(str_of(cases[i].connected), &connected));
		struct peer client = peer_behind_proxies(&connected, str_of(cases[i].forwarded), &trusted, 1);
		assert_str(peer_text(&arena, &client), cases[i].client);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_behind_proxies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
