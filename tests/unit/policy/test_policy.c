#include "base/mem.h"
#include "policy/decide.h"
#include "policy/tag.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <time.h>

static void tags_are_found_and_removed(void **state)
{
	static const struct {
		const char *subject, *rest;
		size_t count;
		const char *last; /* what the last tag names */
	} cases[] = {
		{"Offer [secure]", "Offer", 1, NULL},
		{"[SECURE] Offer", "Offer", 1, NULL},
		{"Offer (Secure) now", "Offer now", 1, NULL},
		{"{secure}Offer", "Offer", 1, NULL},
		{"[ secure ] Offer", "Offer", 1, NULL},
		{"a [secure:No print] b", "a b", 1, "No print"},
		{"a [secure :No print] b", "a b", 1, "No print"},
		{"a [secure week] b", "a b", 1, "week"},
		{"[secure] x [secure: Week ]", "x", 2, "Week"},
		{"[secure:nope] x", "x", 1, "nope"},
		{"[secure:]", "", 1, ""},
		{"[secure:No\xc2\xa0 print] x", "x", 1, "No print"},
		{"[secure\xc2\xa0: Week\xe3\x80\x80] x", "x", 1, "Week"},
		{"\xef\xbc\x88secure\xef\xbc\x9aWeek\xef\xbc\x89x", "x", 1, "Week"},
		{"\xef\xbc\xbbsecure\xe3\x80\x80week\xef\xbc\xbd", "", 1, "week"},
		{"\xef\xbc\xbbsecure]", "\xef\xbc\xbbsecure]", 0, NULL},
		{"(secure parking) x", "(secure parking) x", 0, NULL},
		{"insecure", "insecure", 0, NULL},
		{"[secure", "[secure", 0, NULL},
		{"[secured]", "[secured]", 0, NULL},
		{"[secureweek]", "[secureweek]", 0, NULL},
		{"[secure)", "[secure)", 0, NULL},
		{"", "", 0, NULL},
	};
	static const struct str known[] = {{"No print", 8}, {"Week", 4}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		cleanup(arena_done) struct arena arena = {0};
		struct subject_tags tags =
			subject_tags_find(str_of(cases[i].subject), known, COUNT_OF(known), &arena);
		assert_int_equal(tags.count, cases[i].count);
		assert_str(tags.subject, cases[i].rest);
		if (tags.count == 0)
			continue;
		struct str last = tags.names[tags.count - 1];
		assert_int_equal(last.ptr == NULL, cases[i].last == NULL);
		assert_str(last, cases[i].last ? cases[i].last : "");
	}
}

/* Brackets that are never closed, or by one at the end: the subject is searched once for all of them. */
static void many_brackets_are_not_dear(void **state)
{
	static const char open[] = "\xef\xbc\xbbsecure";
	const size_t count = 40000, open_len = sizeof(open) - 1;
	cleanup(arena_done) struct arena arena = {0};
	char *text = arena_alloc(&arena, count * open_len + 3);

	(void)state;
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * open_len, open, open_len);
	memcpy(text + count * open_len, "\xef\xbc\xbd", 3);
	clock_t before = clock();
	for (size_t end = 0; end <= 3; end += 3) {
		struct str subject = {text, count * open_len + end};
		struct subject_tags tags = subject_tags_find(subject, NULL, 0, &arena);
		assert_int_equal(tags.count, end ? 1 : 0); /* the last one alone */
	}
	assert_in_range(clock() - before, 0, CLOCKS_PER_SEC);
}

/* The table sets what a case is about behind the usual values. */
#pragma GCC diagnostic ignored "-Woverride-init"

enum { A = 1, B, C };

static struct id id_of(int number)
{
	return (struct id){.b = {(uint8_t)number}};
}

/* A rule that secures with the definition of its own number. */
#define RULE(number, from_scope, from_value, to_scope, to_value, ...)                                        \
	{                                                                                                    \
		.id = {.b = {number}}, .narrative = STR(#number), .secures = true,                           \
		.definition = {.b = {number}}, .basis = POLICY_ENVELOPE,                                     \
		.from = {from_scope, STR(from_value)}, .to = {to_scope, STR(to_value)}, .enabled = true,     \
		.created_at = number, __VA_ARGS__                                                            \
	}

static const struct {
	const char *name;
	struct policy_rule rules[2];
	int chosen; /* by the sender; 0: nothing */
	int acts;   /* number of the definition; 0: relayed */
} decisions[] = {
	{"address beats domain",
		{RULE(A, POLICY_DOMAIN, "acme.example", POLICY_EVERYONE, ""),
			RULE(B, POLICY_ADDRESS, "alice@acme.example", POLICY_EVERYONE, "")},
		0, B},
	{"From level before To level",
		{RULE(A, POLICY_DOMAIN, "acme.example", POLICY_EVERYONE, ""),
			RULE(B, POLICY_EVERYONE, "", POLICY_ADDRESS, "carol@partner.example")},
		0, A},
	{"To level decides when From is alike",
		{RULE(A, POLICY_INTERNAL, "", POLICY_EXTERNAL, ""),
			RULE(B, POLICY_INTERNAL, "", POLICY_DOMAIN, "partner.example")},
		0, B},
	{"the older one wins a tie",
		{RULE(A, POLICY_INTERNAL, "", POLICY_EXTERNAL, ""),
			RULE(B, POLICY_INTERNAL, "", POLICY_EXTERNAL, "")},
		0, A},
	{"override beats all",
		{RULE(A, POLICY_ADDRESS, "alice@acme.example", POLICY_EVERYONE, ""),
			RULE(B, POLICY_EVERYONE, "", POLICY_EVERYONE, "", .is_override = true)},
		0, B},
	{"no action exempts",
		{RULE(A, POLICY_INTERNAL, "", POLICY_EXTERNAL, ""),
			RULE(B, POLICY_ADDRESS, "alice@acme.example", POLICY_EVERYONE, "", .secures = false)},
		0, 0},
	{"disabled, not yet and no longer valid ones do not act",
		{RULE(A, POLICY_EVERYONE, "", POLICY_EVERYONE, "", .enabled = false),
			RULE(B, POLICY_EVERYONE, "", POLICY_EVERYONE, "", .starts_at = 1001)},
		0, 0},
	{"ended", {RULE(A, POLICY_EVERYONE, "", POLICY_EVERYONE, "", .ends_at = 1000)}, 0, 0},
	{"exchanged when bidirectional",
		{RULE(A, POLICY_DOMAIN, "partner.example", POLICY_DOMAIN, "acme.example",
			.bidirectional = true)},
		0, A},
	{"not exchanged otherwise",
		{RULE(A, POLICY_DOMAIN, "partner.example", POLICY_DOMAIN, "acme.example")}, 0, 0},
	{"the sender's choice secures what no policy does", {{.enabled = false}}, C, C},
	{"the sender's choice stands beside no action",
		{RULE(A, POLICY_EVERYONE, "", POLICY_EVERYONE, "", .secures = false)}, C, C},
	{"a policy wins over the sender's choice", {RULE(A, POLICY_EVERYONE, "", POLICY_EVERYONE, "")}, C, A},
	{"unless it lets itself be replaced",
		{RULE(A, POLICY_EVERYONE, "", POLICY_EVERYONE, "", .sender_may_replace = true)}, C, C},
};

static void the_strongest_policy_acts_whatever_the_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(decisions); i++)
		for (int swapped = 0; swapped < 2; swapped++) {
			cleanup(arena_done) struct arena arena = {0};
			struct policy_rule rules[2] = {
				decisions[i].rules[swapped], decisions[i].rules[1 - swapped]};
			struct policy_facts facts = {.envelope_from = STR("alice@acme.example"),
				.header_from = STR("alice@acme.example"),
				.from_is_internal = true,
				.recipient = STR("carol@partner.example"),
				.sender_chose = decisions[i].chosen != 0,
				.sender_choice = id_of(decisions[i].chosen),
				.now = 1000};
			struct policy_decision decision = policy_decide(&facts, rules, 2, &arena);
			bool right = decisions[i].acts == 0 ? decision.action == POLICY_RELAY
							    : decision.action == POLICY_SECURE &&
								      id_equal(decision.definition,
									      id_of(decisions[i].acts));
			if (!right || decision.step_count == 0)
				fail_msg("%s", decisions[i].name);
		}
}

static void networks_contain_addresses(void **state)
{
	static const struct {
		const char *network, *address;
		bool contains;
	} cases[] = {
		{"192.0.2.0/24", "192.0.2.200", true},
		{"192.0.2.0/24", "192.0.3.1", false},
		{"192.0.2.7", "192.0.2.7", true},
		{"0.0.0.0/0", "::1", false},
		{"2001:db8::/32", "2001:db8:1::5", true},
		{"::ffff:192.0.2.0/120", "192.0.2.9", true},
	};
	struct network network, address;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_true(network_parse(str_of(cases[i].network), &network));
		assert_true(network_parse(str_of(cases[i].address), &address));
		assert_int_equal(network_contains(&network, &address), cases[i].contains);
	}
	assert_false(network_parse(STR("192.0.2.0/33"), &network));
	assert_false(network_parse(STR("example.com"), &network));
	assert_true(network_is_loopback(STR("127.8.0.1")));
	assert_true(network_is_loopback(STR("::1")));
	assert_false(network_is_loopback(STR("10.0.0.1")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_are_found_and_removed),
		cmocka_unit_test(many_brackets_are_not_dear),
		cmocka_unit_test(the_strongest_policy_acts_whatever_the_order),
		cmocka_unit_test(networks_contain_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
