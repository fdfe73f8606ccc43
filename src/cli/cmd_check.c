#include "base/clock.h"
#include "base/network.h"
#include "cli/command.h"
#include "cli/exit.h"
#include "cli/node.h"
#include "cli/options.h"
#include "store/domain.h"
#include "tls/tls.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPACE_LEAST (UINT64_C(1) << 30)
#define EXPIRES_SOON (14 * MS_DAY)

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

static void check_certificate_end(struct checking *c, const struct tls_credentials *credentials)
{
	int64_t end = tls_credentials_end(credentials), now = clock_now();
	const char *mend = "put a new certificate there, then send the node SIGHUP";

	if (end <= now)
		problem(c, "the certificate has expired", mend);
	else if (end <= now + EXPIRES_SOON)
		warn("the certificate expires within two weeks", mend);
}

/* 0, or why nobody can listen there. */
static int try_port(const char *address)
{
	struct host_port parts;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	const int yes = 1;
	int failed = 0;

	if (!host_port_parse(str_of(address), &parts) || getaddrinfo(parts.host, parts.port, &hints, &found))
		return EINVAL;
	cleanup(fd_close_at) int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
		bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 1) < 0)
		failed = errno;
	freeaddrinfo(found);
	return failed;
}

static void check_ports(struct checking *c, const struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *address = list->items[i];
		int failed = try_port(address);
		if (failed == 0)
			good(arena_printf(&c->arena, "%s is free", address).ptr);
		else if (failed == EADDRINUSE)
			warn(arena_printf(&c->arena, "%s is in use", address).ptr,
				"nothing to do when this node runs; otherwise stop the program that has it");
		else
			problem(c, arena_printf(&c->arena, "%s: %s", address, strerror(failed)).ptr,
				"listen on an address of this machine and a port that we may use");
	}
}

static void check_files(struct checking *c)
{
	const struct config *config = c->node->config;
	struct tls_credentials *credentials = NULL;
	struct err err = {0};
	uint64_t space;

	if (config->tls_certificate == NULL)
		warn("no certificate: no STARTTLS, no AUTH, no portal by https",
			"set tls.certificate and tls.key");
	else if (tls_credentials_load(config->tls_certificate, config->tls_key, &credentials, &err) !=
		 RESULT_OK)
		problem(c, err.text, "give certificate and key that belong together");
	else
		good("certificate and key belong together");
	if (credentials)
		check_certificate_end(c, credentials);
	tls_credentials_unref(credentials);
	if (access(config->blobs, W_OK | X_OK) != 0)
		problem(c, "the blob folder cannot be written", "give it to the user the node runs as");
	else if (blob_free_space(c->node->blobs, &space, &err) != RESULT_OK)
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
	if (result != RESULT_OK) {
		(void)exit_with(result, &err);
		return 1;
	}
	good("configuration, root key and database can be used");
	result = db_read(node.db, check_accounts, &checking, &err);
	if (result != RESULT_OK)
		problem(&checking, err.text, "use the root key that the database was made with");
	check_files(&checking);
	check_ports(&checking, &node.config->listen_smtp);
	check_ports(&checking, &node.config->listen_smtps);
	check_ports(&checking, &node.config->listen_https);
	check_ports(&checking, &node.config->listen_http);
	node_close(&node);
	arena_done(&checking.arena);
	return checking.problems ? 1 : 0;
}
