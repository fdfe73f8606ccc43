#include "flow/route.h"

#include "base/list.h"
#include "flow/people.h"
#include "mime/header.h"
#include "policy/decide.h"
#include "policy/tag.h"
#include "store/definition.h"
#include "store/policy_row.h"

#define DEFINITION_HEADER STR("X-Sealpost-Definition")
#define NETWORKS_MAX 50

/* What deciding needs from the database, read in one snapshot. */
struct facts {
	const struct flow_account *account;
	struct keep_request *request;
	struct arena *arena;
	struct definition *definitions;
	size_t definition_count;
	struct policy_row *policies;
	size_t policy_count;
	bool sender_is_internal;
	bool from_is_internal;
	struct message answered; /* the secure message this mail answers; id none: none */
};

static enum result find_answered(struct tx *tx, struct facts *f, struct err *err)
{
	const struct letter *letter = content_letter(f->request->content);
	struct id id_of_message;

	for (size_t i = 0; i < letter->reference_count; i++) {
		uint8_t reference[SEAL_MAC_BYTES];
		keep_reference(f->account, letter->references[i], reference);
		enum result found = message_by_reference(tx, f->account->account.id,
			(struct bytes){reference, sizeof(reference)}, &id_of_message, err);
		if (found == RESULT_NOT_FOUND)
			continue;
		TRY(found);
		return message_find(tx, f->account->account.id, id_of_message, f->arena, &f->answered, err);
	}
	return RESULT_OK;
}

static enum result gather(struct tx *tx, void *context, struct err *err)
{
	struct facts *f = context;
	struct id account_id = f->account->account.id;
	const struct letter *letter = content_letter(f->request->content);

	TRY(definition_list(tx, account_id, f->arena, &f->definitions, &f->definition_count, err));
	TRY(policy_row_list(tx, account_id, f->arena, &f->policies, &f->policy_count, err));
	TRY(people_is_internal(tx, account_id, f->request->sender, &f->sender_is_internal, err));
	TRY(people_is_internal(tx, account_id, letter->from.address, &f->from_is_internal, err));
	return find_answered(tx, f, err);
}

/* The header From when it is one address of the account, else the envelope sender. */
static void choose_owner(struct facts *f, bool is_foreign)
{
	struct keep_request *r = f->request;
	const struct letter *letter = content_letter(r->content);
	struct mime_address *from;
	struct str field = mime_header_get(content_header(r->content), STR("From"));
	bool one = mime_addresses(field, f->arena, &from) == 1;

	r->owner_is_internal = true;
	if (is_foreign)
		return;
	if (one && f->from_is_internal && is_address(letter->from.address)) {
		r->owner = letter->from.address;
		r->owner_name = letter->from.name;
	} else if (f->sender_is_internal) {
		r->owner = r->sender;
	}
}

static const struct definition *definition_named(const struct facts *f, struct str name)
{
	for (size_t i = 0; i < f->definition_count; i++)
		if (str_equal_nocase(f->definitions[i].name, name))
			return &f->definitions[i];
	return NULL;
}

static const struct definition *definition_with_id(const struct facts *f, struct id id)
{
	for (size_t i = 0; i < f->definition_count; i++)
		if (id_equal(f->definitions[i].id, id))
			return &f->definitions[i];
	return NULL;
}

static enum result unknown_definition(const struct facts *f, struct str name, struct err *err)
{
	struct str names = STR_NONE;

	for (size_t i = 0; i < f->definition_count; i++)
		names = arena_printf(f->arena, "%.*s%s%.*s", STR_ARG(names), i ? ", " : "",
			STR_ARG(str_sub(f->definitions[i].name, 0, 60)));
	return err_code(err, RESULT_INVALID, "unknown-definition",
		"there is no definition \"%.*s\" for this sender; there are: %.*s",
		STR_ARG(str_sub(name, 0, 60)), STR_ARG(str_sub(names, 0, 300)));
}

/* The sender's own choice: the header before the tag, the tag before what is answered. *ret NULL: none. */
static enum result sender_choice(struct facts *f, const struct definition **ret, struct err *err)
{
	struct letter *letter = content_letter(f->request->content);
	struct str header = mime_header_get(content_header(f->request->content), DEFINITION_HEADER);
	struct subject_tag tag = subject_tag_find(letter->subject, f->arena);
	struct str name = tag.definition;

	letter->subject = tag.subject;
	*ret = NULL;
	if (header.ptr)
		name = mime_header_text(header, 200, f->arena);
	if (name.len) {
		*ret = definition_named(f, name);
		return *ret ? RESULT_OK : unknown_definition(f, name, err);
	}
	if (tag.found || header.ptr)
		*ret = f->definition_count ? &f->definitions[0] : NULL;
	else if (!id_is_none(f->answered.id))
		*ret = definition_with_id(f, f->answered.definition_id)
			       ? definition_with_id(f, f->answered.definition_id)
			       : &f->definitions[0];
	return RESULT_OK;
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
		.from = {(enum policy_scope)row->from_scope, row->from_value},
		.to = {(enum policy_scope)row->to_scope, row->to_value},
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

/* When recipients of one mail call for several definitions, the message gets the strictest of each rule,
 * since it has one set of rights for all. */
static void add_definition(struct definition *sum, const struct definition *one)
{
	if (id_is_none(sum->id)) {
		*sum = *one;
		return;
	}
	sum->rights.print = sum->rights.print && one->rights.print;
	sum->rights.reply = sum->rights.reply && one->rights.reply;
	sum->rights.reply_all = sum->rights.reply_all && one->rights.reply_all;
	sum->read_receipt = sum->read_receipt || one->read_receipt;
	sum->all_recipients = sum->all_recipients || one->all_recipients;
	if (one->expire_days && (sum->expire_days == 0 || one->expire_days < sum->expire_days))
		sum->expire_days = one->expire_days;
}

static enum result decide_recipients(
	struct facts *f, const struct definition *chosen, const struct policy_rule *rules, struct err *err)
{
	struct keep_request *r = f->request;
	struct policy_facts facts = {.envelope_from = r->sender,
		.header_from = content_letter(r->content)->from.address,
		.from_is_internal = f->sender_is_internal || f->from_is_internal,
		.sender_chose = chosen != NULL,
		.sender_choice = chosen ? chosen->id : (struct id){{0}},
		.now = r->now};

	facts.source_known = network_parse(r->actor.origin, &facts.source);
	for (size_t i = 0; i < r->recipient_count; i++) {
		struct keep_recipient *recipient = &r->recipients[i];
		facts.recipient = recipient->address;
		facts.recipient_is_internal = recipient->is_internal;
		struct policy_decision decision = policy_decide(&facts, rules, f->policy_count, f->arena);
		recipient->way = KEEP_RELAYED;
		if (decision.action == POLICY_SECURE) {
			const struct definition *definition = definition_with_id(f, decision.definition);
			if (definition == NULL)
				return err_set(
					err, RESULT_INTERNAL, "a policy names a definition that is gone");
			recipient->way = KEEP_IN_PORTAL;
			add_definition(&r->definition, definition);
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

enum result route_mail(struct keep_request *request, const struct flow_account *account, bool is_foreign,
	struct arena *arena, struct err *err)
{
	struct facts f = {.account = account, .request = request, .arena = arena};
	const struct definition *chosen = NULL;

	TRY(db_read(flow_db(request->flow), gather, &f, err));
	choose_owner(&f, is_foreign);
	struct letter *letter = content_letter(request->content);
	struct str subject = letter->subject;
	TRY(sender_choice(&f, &chosen, err));
	if (request->owner.len == 0) {
		/* Nobody of the account answers for it: relayed, never secured under that name. */
		letter->subject = subject;
		for (size_t i = 0; i < request->recipient_count; i++)
			request->recipients[i].way = KEEP_RELAYED;
		return RESULT_OK;
	}
	struct policy_rule *rules = arena_array(arena, struct policy_rule, f.policy_count);
	for (size_t i = 0; i < f.policy_count; i++)
		rules[i] = rule_of(&f.policies[i], arena);
	TRY(decide_recipients(&f, chosen, rules, err));
	if (id_is_none(request->definition.id))
		letter->subject = subject;
	else
		route_internal(request);
	request->answers_id = f.answered.id;
	return RESULT_OK;
}
