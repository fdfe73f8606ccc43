/* The policy decision: facts about one recipient of one mail in, what to do and why out. Pure: the same facts
 * and rules always give the same decision, whatever the order of the rules.
 *
 * Exactly one policy acts: of those that match the strongest by override flag, then From level, then To level
 * (everyone < internal, external < domain < address), then the older one. The sender's own choice (tag or
 * header) can only make it stricter: it secures what no policy does; where a policy demands a definition,
 * that one counts unless the policy says that the sender's choice may replace it. */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "base/arena.h"
#include "base/id.h"
#include "base/network.h"

/* Numbers are stored; they never change. Levels grow with the numbers but for internal and external, which
 * are alike. */
enum policy_scope {
	POLICY_EVERYONE = 1,
	POLICY_INTERNAL = 2,
	POLICY_EXTERNAL = 3,
	POLICY_DOMAIN = 4,
	POLICY_ADDRESS = 6
};

/* Which sender address a policy looks at. */
enum policy_basis { POLICY_ENVELOPE = 1, POLICY_HEADER = 2, POLICY_EITHER = 3 };

struct policy_party {
	enum policy_scope scope;
	struct str value; /* of a domain or an address */
};

struct policy_rule {
	struct id id;
	struct str narrative;
	bool secures;	      /* false: take no action */
	struct id definition; /* when it secures */
	enum policy_basis basis;
	struct policy_party from, to;
	bool enabled;
	int64_t starts_at, ends_at; /* ms; 0: eternal */
	bool is_override;
	bool sender_may_replace;
	bool bidirectional;	  /* also matches with From and To exchanged */
	struct network *networks; /* of the source; none: any */
	size_t network_count;
	int64_t created_at;
};

struct policy_facts {
	struct str envelope_from; /* may be empty */
	struct str header_from;	  /* may be empty */
	bool from_is_internal;
	struct str recipient;
	bool recipient_is_internal;
	struct network source;
	bool source_known;
	bool sender_chose; /* by tag or header */
	struct id sender_choice;
	int64_t now;
};

enum policy_action { POLICY_RELAY, POLICY_SECURE };

struct policy_decision {
	enum policy_action action;
	struct id definition; /* when secured */
	struct id rule;	      /* the policy that acted, or none */
	/* Why, step by step, for people. */
	struct str *steps;
	size_t step_count;
};

struct policy_decision policy_decide(
	const struct policy_facts *facts, const struct policy_rule *rules, size_t count, struct arena *arena);

/* "everyone", "internal", "external", "domain:acme.example", "address:alice@acme.example" or just the
 * address. INVALID is false. The value lives as long as the text. */
bool policy_party_parse(struct str text, struct policy_party *ret);

#endif
