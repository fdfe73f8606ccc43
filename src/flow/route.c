#include "flow/route.h"

#include "base/limits.h"
#include "base/list.h"
#include "flow/choice.h"
#include "flow/mail_out.h"
#include "flow/people.h"
#include "flow/published.h"
#include "flow/strictest.h"
#include "mime/header.h"
#include "policy/decide.h"
#include "store/definition.h"
#include "store/policy_row.h"
#include "tls/domain_name.h"

#define NETWORKS_MAX 50

/* What deciding needs from the database, read in one snapshot. */
struct facts {
	const struct flow_account *account;
	struct keep_request *request;
	struct arena *arena;
	struct definition *definitions; /* of the account */
	size_t definition_count;
	struct definition *published; /* those that the owner may choose, in order */
	size_t published_count;
	struct policy_row *policies;
	size_t policy_count;
	bool from_is_internal;
	struct str *references; /* Message-IDs that the mail refers to */
	size_t reference_count;
	struct message answered; /* the secure message this mail answers; id none: none */
};

/* The newest of them that names a secure message; the newest stand last. */
static enum result find_answered(struct tx *tx, struct facts *f, struct err *err)
{
	struct id account_id = f->account->account.id, id_of_message;

	for (size_t i = f->reference_count; i > 0; i--) {
		uint8_t reference[SEAL_MAC_BYTES];
		keep_reference(f->account, f->references[i - 1], reference);
		enum result found = message_by_reference(
			tx, account_id, (struct bytes){reference, sizeof(reference)}, &id_of_message, err);
		if (found == RESULT_NOT_FOUND)
			continue;
		TRY(found);
		return message_find(tx, account_id, id_of_message, f->arena, &f->answered, err);
	}
	return RESULT_OK;
}

/* All that the mail refers to: In-Reply-To comes last, being the surest. */
static enum result read_references(struct facts *f, struct err *err)
{
	static const char *const fields[] = {"References", "In-Reply-To"};
	struct str header = content_header(f->request->content);
	struct list list = list_new(f->arena, sizeof(struct str));
	struct str id;

	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		struct str line = mime_header_unfold(mime_header_get(header, str_of(fields[i])), f->arena);
		while (mime_message_id_next(&line, &id) && list.count <= LIMIT_REFERENCES)
			*(struct str *)list_add(&list) = id;
	}
	f->references = list.items;
	f->reference_count = list.count;
	if (list.count > LIMIT_REFERENCES)
		return err_code(err, RESULT_INVALID, "too-many-references",
			"the mail refers to more than %d others", LIMIT_REFERENCES);
	return RESULT_OK;
}

/* The header From when it is one address of the account, else the envelope sender. So also of mail that was
 * forwarded under a foreign envelope sender: only what is nobody's here is relayed whatever it asks for. */
static void choose_owner(struct facts *f)
{
	struct keep_request *r = f->request;
	const struct letter *letter = content_letter(r->content);

	r->owner_is_internal = true;
	if (letter->from_count == 1 && f->from_is_internal && is_address(letter->from.address)) {
		r->owner = letter->from.address;
		r->owner_name = letter->from.name;
	} else if (r->sender_is_internal) {
		r->owner = r->sender;
	}
}

static enum result gather(struct tx *tx, void *context, struct err *err)
{
	struct facts *f = context;
	struct id account_id = f->account->account.id;
	const struct letter *letter = content_letter(f->request->content);

	TRY(policy_row_list(tx, account_id, f->arena, &f->policies, &f->policy_count, err));
	f->from_is_internal = f->request->sender_is_internal;
	if (!str_equal_nocase(address_domain(letter->from.address), address_domain(f->request->sender)))
		TRY(people_is_internal(tx, account_id, letter->from.address, &f->from_is_internal, err));
	choose_owner(f);
	TRY(definition_list_for(
		tx, account_id, f->request->owner, f->arena, &f->definitions, &f->definition_count, err));
	TRY(published_among(
		f->definitions, f->definition_count, f->arena, &f->published, &f->published_count, err));
	return find_answered(tx, f, err);
}

static const struct definition *definition_with_id(const struct facts *f, struct id id)
{
	for (size_t i = 0; i < f->definition_count; i++)
		if (id_equal(f->definitions[i].id, id))
			return &f->definitions[i];
	return NULL;
}

static enum result sender_choice(
	struct facts *f, const struct definition **ret, struct str *ret_subject, struct err *err)
{
	struct choice_facts facts = {.definitions = f->published,
		.count = f->published_count,
		.header = content_header(f->request->content),
		.answers = !id_is_none(f->answered.id),
		.answered = definition_with_id(f, f->answered.definition_id)};

	return choice_find(&facts, f->arena, ret, ret_subject, err);
}

/* Domains are compared as DNS has them: mail programs write either form of an international one. */
static struct policy_party party_of(int64_t scope, struct str value, struct arena *arena)
{
	struct str ascii = scope == POLICY_DOMAIN ? domain_name_ascii(value, arena)
						  : address_with_ascii_domain(value, arena);

	return (struct policy_party){(enum policy_scope)scope, ascii};
}

static struct policy_rule rule_of(const struct policy_row *row, struct arena *arena)
{
	struct list networks = list_new(arena, sizeof(struct network));
	struct str rest = row->source_networks;

	while (rest.len > 0 && networks.count < NETWORKS_MAX) {
		struct network network;
		if (network_parse(str_cut(&rest, ' '), &network))
			*(struct network *)list_add(&networks) = network;
	}
	return (struct policy_rule){.id = row->id,
		.narrative = row->narrative,
		.secures = !id_is_none(row->definition_id),
		.definition = row->definition_id,
		.basis = (enum policy_basis)row->based_on,
		.from = party_of(row->from_scope, row->from_value, arena),
		.to = party_of(row->to_scope, row->to_value, arena),
		.enabled = row->enabled,
		.starts_at = row->starts_at,
		.ends_at = row->ends_at,
		.is_override = row->is_override,
		.sender_may_replace = row->sender_may_replace,
		.bidirectional = row->bidirectional,
		.networks = networks.items,
		.network_count = networks.count,
		.created_at = row->created_at};
}

static enum result decide_recipients(
	struct facts *f, const struct definition *chosen, const struct policy_rule *rules, struct err *err)
{
	struct keep_request *r = f->request;
	struct policy_facts facts = {.envelope_from = address_with_ascii_domain(r->sender, f->arena),
		.header_from = address_with_ascii_domain(content_letter(r->content)->from.address, f->arena),
		.from_is_internal = r->sender_is_internal || f->from_is_internal,
		.sender_chose = chosen != NULL,
		.sender_choice = chosen ? chosen->id : (struct id){{0}},
		.now = r->now};

	facts.source_known = network_parse(r->actor.origin, &facts.source);
	for (size_t i = 0; i < r->recipient_count; i++) {
		struct keep_recipient *recipient = &r->recipients[i];
		facts.recipient = address_with_ascii_domain(recipient->address, f->arena);
		facts.recipient_is_internal = recipient->is_internal;
		struct policy_decision decision = policy_decide(&facts, rules, f->policy_count, f->arena);
		recipient->way = KEEP_RELAYED;
		if (decision.action == POLICY_SECURE) {
			const struct definition *definition = definition_with_id(f, decision.definition);
			if (definition == NULL)
				return err_set(
					err, RESULT_INTERNAL, "a policy names a definition that is gone");
			recipient->way = KEEP_IN_PORTAL;
			strictest_add(&r->definition, definition, f->arena);
		}
		if (r->detail.len == 0 && decision.step_count)
			r->detail = decision.steps[decision.step_count - 1];
	}
	return RESULT_OK;
}

/* Internal recipients of a secured message get the mail itself, unless the definition keeps all in the
 * portal. */
static void route_internal(struct keep_request *r)
{
	for (size_t i = 0; i < r->recipient_count; i++)
		if (r->recipients[i].is_internal)
			r->recipients[i].way = r->definition.all_recipients ? KEEP_IN_PORTAL : KEEP_BY_SERVER;
}

/* R10: such a copy is never secured again. To anybody else than its owner it is mail as any other, so that
 * the mark opens no way past a policy. */
static bool is_own_copy(const struct facts *f)
{
	const struct keep_request *r = f->request;

	for (size_t i = 0; i < r->recipient_count; i++)
		if (!str_equal_nocase(r->recipients[i].address, r->owner))
			return false;
	return own_copy_is_ours(f->account, content_header(r->content));
}

static void relay_all(struct keep_request *r, struct str why)
{
	for (size_t i = 0; i < r->recipient_count; i++)
		r->recipients[i].way = KEEP_RELAYED;
	r->detail = why;
}

enum result route_mail(struct keep_request *request, struct arena *arena, struct err *err)
{
	struct facts f = {.account = request->account, .request = request, .arena = arena};
	const struct definition *chosen;
	struct str subject;

	TRY(read_references(&f, err));
	TRY(db_read(flow_db(request->flow), gather, &f, err));
	if (request->owner.len == 0 || is_own_copy(&f)) {
		relay_all(request,
			request->owner.len
				? STR("the owner's own copy of a secure message, handed back")
				: STR("nobody of the account sent it: relayed whatever it asks for"));
		return RESULT_OK;
	}
	TRY(sender_choice(&f, &chosen, &subject, err));
	struct policy_rule *rules = arena_array(arena, struct policy_rule, f.policy_count);
	for (size_t i = 0; i < f.policy_count; i++)
		rules[i] = rule_of(&f.policies[i], arena);
	TRY(decide_recipients(&f, chosen, rules, err));
	if (!id_is_none(request->definition.id)) {
		content_letter(request->content)->subject = subject;
		route_internal(request);
	}
	request->answers_id = f.answered.id;
	return RESULT_OK;
}
