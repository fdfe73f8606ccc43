#include "cli/command.h"
#include "cli/exit.h"
#include "cli/node.h"
#include "cli/options.h"
#include "smtp/tls.h"
#include "store/domain.h"

#include <stdio.h>
#include <unistd.h>

#define SPACE_LEAST (UINT64_C(1) << 30)

/* Counts what is wrong and what is only doubtful. */
struct checking {
	struct node *node;
	int problems;
	struct arena arena;
};

static void good(const char *what)
{
	(void)printf("ok       %s\n", what);
}

static void warn(const char *what, const char *mend)
{
	(void)printf("warning  %s\n         -> %s\n", what, mend);
}

static void problem(struct checking *c, const char *what, const char *mend)
{
	c->problems++;
	(void)printf("problem  %s\n         -> %s\n", what, mend);
}

static enum result check_accounts(struct tx *tx, void *context, struct err *err)
{
	struct checking *c = context;
	struct account *accounts;
	struct domain *domains;
	struct flow_account loaded;
	size_t count, domain_count;

	TRY(account_list(tx, &c->arena, &accounts, &count, err));
	if (count == 0)
		warn("there is no account yet", "sealpost account add NAME");
	for (size_t i = 0; i < count; i++)
		TRY(flow_account_load(c->node->flow, tx, accounts[i].id, &c->arena, &loaded, err));
	if (count)
		good("the root key opens every account's key");
	TRY(domain_list(tx, (struct id){{0}}, &c->arena, &domains, &domain_count, err));
	for (size_t i = 0; i < domain_count; i++)
		if (domains[i].hop_tls == HOP_TLS_LOOSENED)
			warn(arena_printf(&c->arena,
				     "secure content goes to the next hop of %.*s without verified TLS",
				     STR_ARG(domains[i].name))
					.ptr,
				"give that server a certificate, then: sealpost domain set … --tls verified");
	return RESULT_OK;
}

static void check_files(struct checking *c)
{
	const struct config *config = c->node->config;
	struct smtp_credentials *credentials = NULL;
	struct err err = {0};
	uint64_t space;

	if (config->tls_certificate == NULL)
		warn("no certificate: no STARTTLS, no AUTH, no portal by https",
			"set tls.certificate and tls.key");
	else if (smtp_credentials_load(config->tls_certificate, config->tls_key, &credentials, &err) !=
		 RESULT_OK)
		problem(c, err.text, "give certificate and key that belong together");
	else
		good("certificate and key belong together");
	smtp_credentials_unref(credentials);
	if (blob_free_space(c->node->blobs, &space, &err) != RESULT_OK)
		problem(c, err.text, "make the blob folder usable");
	else if (space < SPACE_LEAST)
		problem(c, "less than 1 GB is left for blobs", "make room");
	else
		good("the blob folder has room");
	if (config->web_dir && access(config->web_dir, R_OK) != 0)
		problem(c, "the folder web_dir cannot be read",
			"set web_dir to the folder with the templates");
	if (config->outbox)
		warn("all outgoing mail goes to the outbox, none to the net",
			"take `outbox` out of the configuration");
}

int cmd_check(int argc, char **argv)
{
	const char *config = NULL;
	const struct option_row rows[] = {{"config", "FILE", "configuration of the node", &config, NULL}};
	struct options options = {.usage = "check [--config FILE]", .rows = rows, .count = 1};
	struct node node;
	struct checking checking = {.node = &node};
	struct err err = {0};
	int code = options_read(&options, argc, argv, 0, 0);

	if (code >= 0)
		return code;
	enum result result = node_open(config, true, &node, &err);
	if (result != RESULT_OK)
		return exit_with(result, &err);
	good("configuration, root key and database can be used");
	result = db_read(node.db, check_accounts, &checking, &err);
	if (result != RESULT_OK)
		problem(&checking, err.text, "use the root key that the database was made with");
	check_files(&checking);
	node_close(&node);
	arena_done(&checking.arena);
	return checking.problems ? 1 : 0;
}
