#include "cli/admin.h"
#include "cli/command.h"
#include "flow/administer.h"

#include "policy/decide.h"
#include <stdio.h>

#include <string.h>

static const char *from, *to, *definition, *narrative, *based_on, *source, *starts, *ends;
static bool no_action, override, sender_may_replace, bidirectional;

struct find {
	struct admin *admin;
	struct definition definition;
};

static enum result find_definition(struct tx *tx, void *context, struct err *err)
{
	struct find *f = context;

	return definition_by_name(
		tx, f->admin->actor.account_id, str_of(definition), &f->admin->arena, &f->definition, err);
}

static enum result read_basis(int64_t *ret, struct err *err)
{
	*ret = based_on == NULL || strcmp(based_on, "envelope") == 0 ? POLICY_ENVELOPE
	       : strcmp(based_on, "header") == 0		     ? POLICY_HEADER
	       : strcmp(based_on, "either") == 0		     ? POLICY_EITHER
								     : 0;
	return *ret ? RESULT_OK : err_set(err, RESULT_INVALID, "--based-on takes envelope, header or either");
}

static enum result read_party(const char *text, const char *option, struct policy_party *ret, struct err *err)
{
	return text && policy_party_parse(str_of(text), ret)
		       ? RESULT_OK
		       : err_set(err, RESULT_INVALID,
				 "--%s takes everyone, internal, external, domain:NAME or an address",
				 option);
}

/* "2026-12-31T18:00", or "2026-12-31" for the moment at which the day begins, in the account's time zone, or
 * with a "Z" at its end in UTC. Without the option 0: no limit. */
static enum result read_time(
	struct admin *admin, const char *text, const char *option, int64_t *ret, struct err *err)
{
	const struct zone *zone;
	int64_t day;

	*ret = 0;
	if (text == NULL)
		return RESULT_OK;
	TRY(admin_zone(admin, &zone, err));
	bool is_day = zone_day_parse(str_of(text), &day);
	if (is_day)
		*ret = zone_day_begins(zone, day);
	if ((is_day || zone_read_time(zone, str_of(text), ret)) && *ret > 0)
		return RESULT_OK;
	return err_set(err, RESULT_INVALID,
		"--%s takes a day such as 2026-12-31 or a time such as 2026-12-31T18:00, "
		"in the account's time zone, or with a Z at its end in UTC",
		option);
}

/* Events name a policy by its narrative: one that was not told says whom the policy is about. */
static struct str narrative_of(struct admin *admin)
{
	struct str text = str_sub(arena_printf(&admin->arena, "%s to %s", from, to), 0, POLICY_NARRATIVE_MAX);

	return str_sub(text, 0, str_utf8_prefix(text));
}

static enum result add(struct admin *admin, const struct options *options, struct err *err)
{
	struct policy_party from_party, to_party;
	struct policy_row policy = {.narrative = str_of(narrative ? narrative : ""),
		.enabled = true,
		.is_override = override,
		.sender_may_replace = sender_may_replace,
		.bidirectional = bidirectional,
		.source_networks = str_of(source ? source : "")};
	struct network network;

	(void)options;
	TRY(read_party(from, "from", &from_party, err));
	TRY(read_party(to, "to", &to_party, err));
	TRY(read_basis(&policy.based_on, err));
	TRY(read_time(admin, starts, "starts", &policy.starts_at, err));
	TRY(read_time(admin, ends, "ends", &policy.ends_at, err));
	if (policy.ends_at && policy.ends_at <= policy.starts_at)
		return err_set(err, RESULT_INVALID, "--ends must be after --starts");
	if ((definition != NULL) == no_action)
		return err_set(err, RESULT_INVALID, "a policy has --definition NAME or --no-action");
	if (source && !network_parse(str_of(source), &network))
		return err_set(err, RESULT_INVALID, "--source takes an address range such as 192.0.2.0/24");
	if (source && !network_is_whole(str_of(source)))
		return err_set(err, RESULT_INVALID,
			"--source %s does not begin where the range begins: for one address leave out the /",
			source);
	if (definition) {
		struct find find = {.admin = admin};
		TRY(admin_read(admin, find_definition, &find, err));
		policy.definition_id = find.definition.id;
	}
	if (narrative == NULL)
		policy.narrative = narrative_of(admin);
	policy.from_scope = from_party.scope;
	policy.from_value = from_party.value;
	policy.to_scope = to_party.scope;
	policy.to_value = to_party.value;
	TRY(account_add_policy(admin->node.flow, &admin->actor, &policy, admin->now, err));
	admin_print_id(admin, policy.id);
	return RESULT_OK;
}

static enum result change(struct admin *admin, const struct options *options, int what, struct err *err)
{
	struct id id;

	if (!id_parse(str_of(options->words[0]), &id))
		return err_set(err, RESULT_INVALID, "%s is not an identifier", options->words[0]);
	if (what < 0)
		return account_remove_policy(admin->node.flow, &admin->actor, id, admin->now, err);
	return account_enable_policy(admin->node.flow, &admin->actor, id, what > 0, admin->now, err);
}

static enum result enable(struct admin *admin, const struct options *options, struct err *err)
{
	return change(admin, options, 1, err);
}

static enum result disable(struct admin *admin, const struct options *options, struct err *err)
{
	return change(admin, options, 0, err);
}

static enum result remove_policy(struct admin *admin, const struct options *options, struct err *err)
{
	return change(admin, options, -1, err);
}

static json_t *party(struct admin *admin, int64_t scope, struct str value)
{
	static const char *const words[] = {[POLICY_EVERYONE] = "everyone",
		[POLICY_INTERNAL] = "internal",
		[POLICY_EXTERNAL] = "external"};

	if (scope <= POLICY_EXTERNAL)
		return json_string(words[scope]);
	return admin_text(arena_printf(
		&admin->arena, "%s%.*s", scope == POLICY_DOMAIN ? "domain:" : "", STR_ARG(value)));
}

static const char *basis_word(int64_t based_on)
{
	return based_on == POLICY_ENVELOPE ? "envelope" : based_on == POLICY_HEADER ? "header" : "either";
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"id", "narrative", "from", "to", "definition", "enabled",
		"override", "sender_may_replace", "bidirectional", "based_on", "source", "starts", "ends",
		NULL};
	struct policy_row *rows;
	struct definition found;
	size_t count;

	TRY(policy_row_list(tx, admin->actor.account_id, &admin->arena, &rows, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		bool secures = !id_is_none(rows[i].definition_id);
		if (secures)
			TRY(definition_find(tx, admin->actor.account_id, rows[i].definition_id, &admin->arena,
				&found, err));
		(void)json_array_append_new(
			list, json_pack("{s:o,s:o,s:o,s:o,s:o,s:b,s:b,s:o,s:o,s:s,s:b,s:b,s:o}", "id",
				      admin_id(rows[i].id), "narrative", admin_text(rows[i].narrative),
				      "from", party(admin, rows[i].from_scope, rows[i].from_value), "to",
				      party(admin, rows[i].to_scope, rows[i].to_value), "definition",
				      secures ? admin_text(found.name) : json_string("no action"), "enabled",
				      rows[i].enabled, "override", rows[i].is_override, "starts",
				      admin_time(rows[i].starts_at), "ends", admin_time(rows[i].ends_at),
				      "based_on", basis_word(rows[i].based_on), "sender_may_replace",
				      rows[i].sender_may_replace, "bidirectional", rows[i].bidirectional,
				      "source", admin_text(rows[i].source_networks)));
	}
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, list_in_tx, admin, err);
}

int cmd_policy(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin),
		{"from", "SCOPE", "everyone, internal, external, domain:NAME or an address", &from, NULL},
		{"to", "SCOPE", "the same for the recipient", &to, NULL},
		{"definition", "NAME", "secure with this definition", &definition, NULL},
		{"no-action", NULL, "an explicit exemption", NULL, &no_action},
		{"narrative", "TEXT", "what the policy is for, as events name it; else its From and To",
			&narrative, NULL},
		{"based-on", "WHICH", "sender address: envelope (default), header or either", &based_on,
			NULL},
		{"source", "CIDR", "only mail handed in from there", &source, NULL},
		{"starts", "TIME", "from then on: 2026-12-31 or 2026-12-31T18:00, in the account's time zone",
			&starts, NULL},
		{"ends", "TIME", "until then, a day not included; with a Z at its end a time is in UTC",
			&ends, NULL},
		{"override", NULL, "wins over more specific ones", NULL, &override},
		{"sender-may-replace", NULL, "the sender's own choice counts instead", NULL,
			&sender_may_replace},
		{"bidirectional", NULL, "also with From and To exchanged", NULL, &bidirectional}};
	static const struct admin_verb verbs[] = {
		{"add",
			"add --from SCOPE --to SCOPE (--definition NAME | --no-action) [--narrative TEXT] "
			"[--based-on WHICH] [--source CIDR] [--starts TIME] [--ends TIME] [--override] "
			"[--sender-may-replace] [--bidirectional] [--json]",
			0, 0, true, add},
		{"list", "list [--json]", 0, 0, true, list},
		{"enable", "enable ID", 1, 1, true, enable},
		{"disable", "disable ID", 1, 1, true, disable},
		{"remove", "remove ID", 1, 1, true, remove_policy},
	};

	return admin_run("policy", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
