#include "cli/admin.h"
#include "cli/command.h"
#include "flow/administer.h"

#include <string.h>

static const char *next_hop, *tls;
static bool force;

static enum result read_tls(enum hop_tls *ret, struct err *err)
{
	*ret = HOP_TLS_VERIFIED;
	if (tls && !hop_tls_parse(str_of(tls), ret))
		return err_set(err, RESULT_INVALID, "--tls takes verified, always or loosened");
	return RESULT_OK;
}

static enum result add(struct admin *admin, const struct options *options, struct err *err)
{
	enum hop_tls hop_tls;

	TRY(read_tls(&hop_tls, err));
	return account_add_domain(admin->node.flow, &admin->actor, str_of(options->words[0]),
		str_of(next_hop), hop_tls, admin->now, err);
}

static enum result set(struct admin *admin, const struct options *options, struct err *err)
{
	enum hop_tls hop_tls;

	TRY(read_tls(&hop_tls, err));
	return account_change_domain(admin->node.flow, &admin->actor, str_of(options->words[0]),
		str_of(next_hop), hop_tls, admin->now, err);
}

static enum result remove_domain(struct admin *admin, const struct options *options, struct err *err)
{
	return account_remove_domain(
		admin->node.flow, &admin->actor, str_of(options->words[0]), force, admin->now, err);
}

static enum result list_in_tx(struct tx *tx, void *context, struct err *err)
{
	struct admin *admin = context;
	static const char *const columns[] = {"domain", "next_hop", "tls", NULL};
	struct domain *domains;
	size_t count;

	TRY(domain_list(tx, admin->actor.account_id, &admin->arena, &domains, &count, err));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list,
			json_pack("{s:o,s:o,s:s}", "domain", admin_text(domains[i].name), "next_hop",
				admin_text(domains[i].next_hop), "tls", hop_tls_name(domains[i].hop_tls)));
	admin_print(admin, list, columns);
	return RESULT_OK;
}

static enum result list(struct admin *admin, const struct options *options, struct err *err)
{
	(void)options;
	return admin_read(admin, list_in_tx, admin, err);
}

int cmd_domain(int argc, char **argv)
{
	struct admin admin = {0};
	const struct option_row rows[] = {ADMIN_ROWS(&admin),
		{"next-hop", "HOST:PORT", "the organisation's own mail server for the domain", &next_hop,
			NULL},
		{"tls", "verified|always|loosened",
			"content of secure messages only by verified TLS: off this machine (default), "
			"always, or not",
			&tls, NULL},
		{"force", NULL, "remove it with users or mail left behind", NULL, &force}};
	static const struct admin_verb verbs[] = {
		{"add", "add DOMAIN --next-hop HOST:PORT [--tls verified|always|loosened]", 1, 1, true, add},
		{"set", "set DOMAIN --next-hop HOST:PORT [--tls verified|always|loosened]", 1, 1, true, set},
		{"remove", "remove DOMAIN [--force]", 1, 1, true, remove_domain},
		{"list", "list [--json]", 0, 0, true, list},
	};

	return admin_run("domain", verbs, COUNT_OF(verbs), rows, COUNT_OF(rows), &admin, argc, argv);
}
