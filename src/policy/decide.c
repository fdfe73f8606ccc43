#include "policy/decide.h"

#include "base/address.h"
#include "base/list.h"
#include "base/mem.h"

#include <string.h>

static bool party_matches(const struct policy_party *party, struct str address, bool is_internal)
{
	switch (party->scope) {
	case POLICY_EVERYONE:
		return true;
	case POLICY_INTERNAL:
		return is_internal;
	case POLICY_EXTERNAL:
		return !is_internal;
	case POLICY_DOMAIN:
		return str_equal_nocase(address_domain(address), party->value);
	case POLICY_ADDRESS:
		return str_equal_nocase(address, party->value);
	}
	return false;
}

static bool from_matches(
	const struct policy_rule *rule, const struct policy_party *party, const struct policy_facts *facts)
{
	bool envelope = party_matches(party, facts->envelope_from, facts->from_is_internal);
	bool header = party_matches(party, facts->header_from, facts->from_is_internal);

	return (envelope && (rule->basis & POLICY_ENVELOPE)) || (header && (rule->basis & POLICY_HEADER));
}

static bool source_matches(const struct policy_rule *rule, const struct policy_facts *facts)
{
	for (size_t i = 0; i < rule->network_count; i++)
		if (facts->source_known && network_contains(&rule->networks[i], &facts->source))
			return true;
	return rule->network_count == 0;
}

static bool is_valid_now(const struct policy_rule *rule, int64_t now)
{
	return rule->enabled && rule->starts_at <= now && (rule->ends_at == 0 || now < rule->ends_at);
}

static bool rule_matches(const struct policy_rule *rule, const struct policy_facts *facts)
{
	if (!is_valid_now(rule, facts->now) || !source_matches(rule, facts))
		return false;
	if (from_matches(rule, &rule->from, facts) &&
		party_matches(&rule->to, facts->recipient, facts->recipient_is_internal))
		return true;
	return rule->bidirectional && from_matches(rule, &rule->to, facts) &&
	       party_matches(&rule->from, facts->recipient, facts->recipient_is_internal);
}

static int level_of(const struct policy_party *party)
{
	return party->scope == POLICY_EXTERNAL ? POLICY_INTERNAL : (int)party->scope;
}

static bool is_stronger(const struct policy_rule *a, const struct policy_rule *b)
{
	if (a->is_override != b->is_override)
		return a->is_override;
	if (level_of(&a->from) != level_of(&b->from))
		return level_of(&a->from) > level_of(&b->from);
	if (level_of(&a->to) != level_of(&b->to))
		return level_of(&a->to) > level_of(&b->to);
	if (a->created_at != b->created_at)
		return a->created_at < b->created_at;
	return memcmp(a->id.b, b->id.b, ID_BYTES) < 0;
}

static void explain(struct list *steps, struct str step)
{
	*(struct str *)list_add(steps) = step;
}

static const struct policy_rule *strongest(
	const struct policy_facts *facts, const struct policy_rule *rules, size_t count, struct list *steps)
{
	const struct policy_rule *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (rule_matches(&rules[i], facts) && (best == NULL || is_stronger(&rules[i], best)))
			best = &rules[i];
	for (size_t i = 0; i < count; i++)
		if (&rules[i] != best && rule_matches(&rules[i], facts))
			explain(steps,
				arena_printf(steps->arena, "policy \"%.*s\" matches too, a stronger one acts",
					STR_ARG(rules[i].narrative)));
	return best;
}

struct policy_decision policy_decide(
	const struct policy_facts *facts, const struct policy_rule *rules, size_t count, struct arena *arena)
{
	struct list steps = list_new(arena, sizeof(struct str));
	struct policy_decision decision = {.action = POLICY_RELAY};
	const struct policy_rule *rule = strongest(facts, rules, count, &steps);

	if (rule == NULL) {
		explain(&steps, STR("no policy matches"));
	} else {
		decision.rule = rule->id;
		explain(&steps, arena_printf(arena, "policy \"%.*s\": %s", STR_ARG(rule->narrative),
					rule->secures ? "secure" : "no action"));
		if (rule->secures) {
			decision.action = POLICY_SECURE;
			decision.definition = rule->definition;
		}
	}
	if (facts->sender_chose) {
		bool counts = decision.action == POLICY_RELAY || rule->sender_may_replace ||
			      id_equal(decision.definition, facts->sender_choice);
		explain(&steps, counts ? STR("the sender's own choice counts")
				       : STR("the sender's own choice gives way to the policy"));
		if (counts) {
			decision.action = POLICY_SECURE;
			decision.definition = facts->sender_choice;
		}
	}
	decision.steps = steps.items;
	decision.step_count = steps.count;
	return decision;
}

bool policy_party_parse(struct str text, struct policy_party *ret)
{
	static const struct {
		const char *word;
		enum policy_scope scope;
	} words[] = {
		{"everyone", POLICY_EVERYONE}, {"internal", POLICY_INTERNAL}, {"external", POLICY_EXTERNAL}};
	struct str rest = text;

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_equal(text, str_of(words[i].word))) {
			*ret = (struct policy_party){.scope = words[i].scope};
			return true;
		}
	struct str word = str_cut(&rest, ':');
	struct policy_party party = {.scope = POLICY_ADDRESS, .value = rest.ptr ? rest : text};
	if (rest.ptr && str_equal(word, STR("domain")))
		party.scope = POLICY_DOMAIN;
	else if (rest.ptr && !str_equal(word, STR("address")))
		return false;
	if (party.scope == POLICY_DOMAIN ? !is_domain_name(party.value) : !is_address(party.value))
		return false;
	*ret = party;
	return true;
}
