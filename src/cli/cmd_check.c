#include "base/clock.h"
#include "base/network.h"
#include "build_config.h"
#include "cli/admin.h"
#include "cli/check_hop.h"
#include "cli/command.h"
#include "cli/exit.h"
#include "cli/logo.h"
#include "cli/node.h"
#include "flow/destruction_file.h"
#include "flow/preview.h"
#include "store/domain.h"
#include "text/language.h"
#include "text/template.h"
#include "tls/tls.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPACE_LEAST (UINT64_C(1) << 30)
#define EXPIRES_SOON (14 * MS_DAY)

/* What was found, in order: {"finding": "ok" | "warning" | "problem", "what": …, "mend": …}. */
struct checking {
	const struct config *config;
	struct node node;
	json_t *findings;
	bool has_problem;
	struct domain *domains; /* of all accounts */
	size_t account_count, domain_count;
	const char *without_logo; /* an account whose logo is not where it was kept, or NULL */
	struct arena arena;
};

static void add(struct checking *c, const char *finding, const char *what, const char *mend)
{
	json_t *how = mend ? admin_text(str_of(mend)) : json_null();

	(void)json_array_append_new(c->findings, json_pack("{s:s,s:o,s:o}", "finding", finding, "what",
							 admin_text(str_of(what)), "mend", how));
}

static void good(struct checking *c, const char *what)
{
	add(c, "ok", what, NULL);
}

static void warn(struct checking *c, const char *what, const char *mend)
{
	add(c, "warning", what, mend);
}

static void problem(struct checking *c, const char *what, const char *mend)
{
	c->has_problem = true;
	add(c, "problem", what, mend);
}

static bool has_logo(struct checking *c, struct str name)
{
	return access(arena_printf(&c->arena, "%s/%.*s", c->config->logos, STR_ARG(name)).ptr, R_OK) == 0;
}

static enum result read_accounts(struct tx *tx, void *context, struct err *err)
{
	struct checking *c = context;
	struct account *accounts;
	struct flow_account loaded;

	TRY(account_list(tx, &c->arena, &accounts, &c->account_count, err));
	c->without_logo = NULL;
	for (size_t i = 0; i < c->account_count; i++) {
		TRY(flow_account_load(c->node.flow, tx, accounts[i].id, &c->arena, &loaded, err));
		if (loaded.settings.logo_file.len && !has_logo(c, loaded.settings.logo_file))
			c->without_logo = arena_cstr(&c->arena, accounts[i].name);
	}
	return domain_list(tx, (struct id){{0}}, &c->arena, &c->domains, &c->domain_count, err);
}

static void check_accounts(struct checking *c)
{
	struct err err = {0};

	if (db_read(c->node.db, read_accounts, c, &err) != RESULT_OK) {
		problem(c, err.text, "use the root key that the database was made with");
		return;
	}
	if (c->account_count == 0)
		warn(c, "there is no account yet", "sealpost account add NAME");
	else
		good(c, "the root key opens every account's key");
	if (c->without_logo)
		warn(c,
			arena_printf(
				&c->arena, "the logo of %s is not in %s", c->without_logo, c->config->logos)
				.ptr,
			"set `logos` to the folder it was kept in, or: sealpost account set logo_file FILE");
	for (size_t i = 0; i < c->domain_count; i++)
		if (c->domains[i].hop_tls == HOP_TLS_LOOSENED)
			warn(c,
				arena_printf(&c->arena,
					"secure content goes to the next hop of %.*s without verified TLS",
					STR_ARG(c->domains[i].name))
					.ptr,
				"give that server a certificate, then: sealpost domain set … --tls verified");
}

static void check_previews(struct checking *c)
{
	if (!preview_can_show(PREVIEW_IMAGE))
		warn(c, "pictures and PDF files are not previewed: the program sealpost-preview is not there",
			"install the whole package");
	else if (!preview_can_show(PREVIEW_PDF))
		warn(c, "PDF files are not previewed",
			"apt install poppler-utils, on a kernel with Landlock");
	else
		good(c, "pictures and PDF files can be previewed");
}

static void check_certificate_end(struct checking *c, const struct tls_credentials *credentials)
{
	int64_t end = tls_credentials_end(credentials), now = clock_now();
	const char *mend = "put a new certificate there, then send the node SIGHUP";

	if (end <= now)
		problem(c, "the certificate has expired", mend);
	else if (end <= now + EXPIRES_SOON)
		warn(c, "the certificate expires within two weeks", mend);
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
			good(c, arena_printf(&c->arena, "%s is free", address).ptr);
		else if (failed == EADDRINUSE)
			warn(c, arena_printf(&c->arena, "%s is in use", address).ptr,
				"nothing to do when this node runs; otherwise stop the program that has it");
		else
			problem(c, arena_printf(&c->arena, "%s: %s", address, strerror(failed)).ptr,
				"listen on an address of this machine and a port that we may use");
	}
}

static void check_edges(struct checking *c)
{
	const struct config *config = c->config;

	if (config->listen_smtp.count + config->listen_smtps.count == 0)
		warn(c, "no mail comes in at this node", "set listen.smtp, unless another node takes it");
	if (config->listen_https.count + config->listen_http.count == 0)
		warn(c, "this node has no portal", "set listen.https, unless another node has one");
}

static void check_tls(struct checking *c)
{
	const struct config *config = c->config;
	struct tls_credentials *credentials = NULL;
	struct tls_trust *trust = NULL;
	struct err err = {0};

	if (config->tls_certificate == NULL) {
		warn(c, "no certificate: no STARTTLS, no AUTH, no portal by https",
			"set tls.certificate and tls.key");
	} else if (tls_credentials_load(config->tls_certificate, config->tls_key, &credentials, &err) !=
		   RESULT_OK) {
		problem(c, err.text, "give certificate and key, in PEM, that belong together");
	} else {
		good(c, "certificate and key belong together");
		check_certificate_end(c, credentials);
	}
	tls_credentials_unref(credentials);
	if (config->tls_authorities && tls_trust_load(config->tls_authorities, &trust, &err) != RESULT_OK)
		problem(c, err.text, "give a PEM file with the authorities' certificates in tls.authorities");
	tls_trust_free(trust);
}

static void check_room(struct checking *c)
{
	struct err err = {0};
	uint64_t space;

	if (access(c->config->blobs, W_OK | X_OK) != 0)
		problem(c, "the blob folder cannot be written", "give it to the user the node runs as");
	else if (c->node.blobs == NULL)
		return; /* told already */
	else if (blob_free_space(c->node.blobs, &space, &err) != RESULT_OK)
		problem(c, err.text, "make the blob folder usable");
	else if (space < SPACE_LEAST)
		problem(c, "less than 1 GB is left for blobs", "make room");
	else
		good(c, "the blob folder has room");
}

/* A folder that is made when it is not there. */
static bool can_be_folder(const char *path)
{
	char folder[PATH_MAX];
	struct stat facts;

	if (stat(path, &facts) == 0)
		return S_ISDIR(facts.st_mode) && access(path, W_OK | X_OK) == 0;
	(void)snprintf(folder, sizeof(folder), "%s", path);
	return errno == ENOENT && access(dirname(folder), W_OK | X_OK) == 0;
}

static void check_web(struct checking *c)
{
	static const char *const folders[] = {"notifications", "templates"};
	const char *web = c->config->web_dir ? c->config->web_dir : SEALPOST_WEB_DIR;
	struct template_set *templates;
	struct languages *languages;
	struct err err = {0};
	enum result result =
		languages_load(arena_printf(&c->arena, "%s/languages", web).ptr, &languages, &err);

	if (result == RESULT_OK)
		languages_free(languages);
	for (size_t i = 0; i < COUNT_OF(folders) && result == RESULT_OK; i++) {
		const char *folder = arena_printf(&c->arena, "%s/%s", web, folders[i]).ptr;
		result = template_set_load(folder, &templates, &err);
		if (result == RESULT_OK)
			template_set_free(templates);
	}
	if (config_at(c->config, "web_dir", result, &err) != RESULT_OK)
		problem(c, err.text, "set web_dir to the folder with the templates");
}

static void check_files(struct checking *c)
{
	const struct config *config = c->config;
	struct err err = {0};

	check_web(c);
	if (config_at(config, "logos", logo_folder_check(config->logos, !config_sets(config, "logos"), &err),
		    &err) != RESULT_OK)
		problem(c, err.text, "set `logos` to a folder that the user the node runs as can read");
	if (config_at(config, "destructions", destruction_file_check(config->destructions, &err), &err) !=
		RESULT_OK)
		problem(c, err.text, "give a file in a folder that the user the node runs as can write");
	if (config->outbox && !can_be_folder(config->outbox))
		problem(c, arena_printf(&c->arena, "the outbox %s cannot be written", config->outbox).ptr,
			"give a folder that the user the node runs as can write");
	if (config->smart_host_password_file && access(config->smart_host_password_file, R_OK) != 0)
		problem(c, "the file smart_host.password_file cannot be read",
			"put the password into it, for the user the node runs as");
	if (config->outbox)
		warn(c, "all outgoing mail goes to the outbox, none to the net",
			"take `outbox` out of the configuration");
}

static const char *mend_of(enum result result, const struct err *err)
{
	if (err->code && strcmp(err->code, "blobs") == 0)
		return "set `blobs` to a folder that the user the node runs as can write";
	if (err->code && strcmp(err->code, "root_key") == 0 && result == RESULT_UNAVAILABLE)
		return "set `root_key` to the file with the key";
	switch (result) {
	case RESULT_NOT_FOUND:
		return "bring it back from its backup; on a new node: sealpost init";
	case RESULT_DENIED:
		return "run this as the user the node runs as";
	case RESULT_UNAVAILABLE:
		return "start the database, or set `database` to where it is";
	default:
		return "after an upgrade: sealpost migrate; otherwise give key and database that belong "
		       "together";
	}
}

static void check_node(struct checking *c, const char *file)
{
	struct err err = {0};
	enum result result = node_open(file, true, &c->node, &err);

	if (result != RESULT_OK) {
		problem(c, err.text, mend_of(result, &err));
		return;
	}
	good(c, "root key and database can be used");
	check_accounts(c);
}

static void check_hop(struct checking *c, const struct check_hop *hop, const char *whose)
{
	const char *tls = "", *mend = NULL;
	struct err err = {0};

	if (check_hop_try(hop, &c->arena, &tls, &mend, &err) == RESULT_OK)
		good(c, arena_printf(
				&c->arena, "%s, %.*s, answers (%s)", whose, STR_ARG(hop->destination), tls)
				.ptr);
	else
		warn(c,
			arena_printf(&c->arena, "%s, %.*s: %s", whose, STR_ARG(hop->destination), err.text)
				.ptr,
			mend);
}

static void check_each_hop(struct checking *c, struct check_hop *hop)
{
	const struct config *config = c->config;

	for (size_t i = 0; i < c->domain_count; i++) {
		const struct domain *d = &c->domains[i];
		hop->destination = d->next_hop;
		hop->needs_tls = d->hop_tls != HOP_TLS_LOOSENED;
		hop->spares_loopback = d->hop_tls == HOP_TLS_VERIFIED;
		check_hop(c, hop, arena_printf(&c->arena, "the next hop of %.*s", STR_ARG(d->name)).ptr);
	}
	if (config->smart_host_address == NULL || strcmp(config->delivery, "smart_host") != 0)
		return;
	hop->destination = str_of(config->smart_host_address);
	hop->needs_tls = strcmp(config->smart_host_tls, "verified") == 0;
	hop->spares_loopback = false;
	check_hop(c, hop, "the smart host");
}

/* Warnings only: another server that is down is no fault of this configuration, and its mail waits. */
static void check_hops(struct checking *c)
{
	const struct config *config = c->config;
	struct tls_trust *trust = NULL;
	struct resolver *resolver = NULL;
	struct err err = {0};

	if (config->outbox || tls_trust_load(config->tls_authorities, &trust, &err) != RESULT_OK)
		return; /* told already */
	if (resolver_new(config->resolver_server, config->resolver_anchor, (int)config->mx_port, &resolver,
		    &err) == RESULT_OK)
		check_each_hop(c,
			&(struct check_hop){.resolver = resolver, .trust = trust, .helo = config->host_name});
	else
		problem(c, err.text, "mend the section `resolver`");
	resolver_free(resolver);
	tls_trust_free(trust);
}

static void print(const json_t *findings, bool as_json)
{
	const json_t *row;
	size_t index;

	if (as_json) {
		(void)json_dumpf(findings, stdout, JSON_INDENT(2));
		(void)printf("\n");
		return;
	}
	json_array_foreach((json_t *)(uintptr_t)findings, index, row)
	{
		const char *mend = json_string_value(json_object_get(row, "mend"));
		(void)printf("%-8s %s\n", json_string_value(json_object_get(row, "finding")),
			json_string_value(json_object_get(row, "what")));
		if (mend)
			(void)printf("         -> %s\n", mend);
	}
}

static void check_all(struct checking *c, const char *file)
{
	good(c, "the configuration can be read");
	check_node(c, file);
	check_tls(c);
	check_room(c);
	check_files(c);
	check_ports(c, &c->config->listen_smtp);
	check_ports(c, &c->config->listen_smtps);
	check_ports(c, &c->config->listen_https);
	check_ports(c, &c->config->listen_http);
	check_edges(c);
	check_previews(c);
	check_hops(c);
}

int cmd_check(int argc, char **argv)
{
	const char *file = NULL;
	bool as_json = false;
	const struct option_row rows[] = {{"config", "FILE", "configuration of the node", &file, NULL},
		{"json", NULL, "print JSON", NULL, &as_json}};
	struct options options = {
		.usage = "check [--config FILE] [--json]\nTries also each domain's next hop and the smart "
			 "host, "
			 "without sending mail or a password; what does not answer within 10 s a step is a "
			 "warning.\nThe exit code is not 0 when there is a problem; warnings do not change "
			 "it.",
		.rows = rows,
		.count = 2};
	cleanup(config_free_at) struct config *config = NULL;
	struct err err = {0};
	int code = options_read(&options, argc, argv, 0, 0);

	if (code >= 0)
		return code;
	enum result result = config_load(node_config_file(file), &config, &err);
	if (result != RESULT_OK)
		return exit_with(result, &err);
	struct checking checking = {.config = config, .findings = json_array()};
	check_all(&checking, file);
	print(checking.findings, as_json);
	json_decref(checking.findings);
	node_close(&checking.node);
	arena_done(&checking.arena);
	return exit_code(checking.has_problem ? RESULT_INVALID : RESULT_OK);
}
