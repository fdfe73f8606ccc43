#include "cli/node.h"

#include "mime/header.h"
#include "store/schema.h"

#include <stdlib.h>
#include <string.h>

#define CONFIG_FILE "/etc/sealpost/sealpost.conf"

const char *node_config_file(const char *given)
{
	const char *named = getenv("SEALPOST_CONFIG");

	return given ? given : named && *named ? named : CONFIG_FILE;
}

static struct flow_names names_of(const struct config *config)
{
	return (struct flow_names){.host_name = str_of(config->host_name),
		.portal_url = str_of(config->portal_url),
		.return_domain = str_of(config->return_domain),
		.direct_delivery = strcmp(config->delivery, "direct") == 0,
		.smart_host = str_of(config->smart_host_address),
		.mail_bytes_max = config->mail_size,
		.hops_max = (int)config->smtp_hops};
}

static enum result open_parts(struct node *node, bool migrated, struct err *err)
{
	const struct config *config = node->config;
	struct db_config db_config = {
		.url = str_of(config->database), .connections = (int)config->database_connections};

	TRY(seal_init());
	mime_init();
	node->root_key = seal_secret_new(sizeof(*node->root_key));
	TRY(config_at(config, "root_key", root_key_load(config->root_key, node->root_key, err), err));
	TRY(config_at(config, "database", db_open(&db_config, &node->db, err), err));
	if (migrated)
		TRY(schema_check(node->db, err));
	TRY(config_at(config, "blobs", blob_folder_open(config->blobs, &node->blobs, err), err));
	node->zones = zones_open(ZONE_FOLDER);
	struct flow_names names = names_of(config);
	names.zones = node->zones;
	node->flow = flow_new(&names, node->db, node->blobs, node->root_key);
	return RESULT_OK;
}

enum result node_open(const char *config_file, bool migrated, struct node *ret, struct err *err)
{
	struct node node = {0};

	TRY(config_load(node_config_file(config_file), &node.config, err));
	enum result result = open_parts(&node, migrated, err);
	if (result != RESULT_OK) {
		node_close(&node);
		return result;
	}
	*ret = node;
	return RESULT_OK;
}

void node_close(struct node *node)
{
	flow_free(node->flow);
	zones_free(node->zones);
	blob_store_close(node->blobs);
	db_close(node->db);
	if (node->root_key)
		seal_secret_free(node->root_key);
	config_free(node->config);
	*node = (struct node){0};
}

struct find {
	const char *name;
	struct id id;
};

static enum result find_account(struct tx *tx, void *context, struct err *err)
{
	struct find *f = context;
	cleanup(arena_done) struct arena arena = {0};
	struct account *accounts;
	size_t count;

	TRY(account_list(tx, &arena, &accounts, &count, err));
	for (size_t i = 0; i < count; i++)
		if (count == 1 ? f->name == NULL || str_equal(accounts[i].name, str_of(f->name))
			       : f->name && str_equal(accounts[i].name, str_of(f->name))) {
			f->id = accounts[i].id;
			return RESULT_OK;
		}
	if (f->name)
		return err_set(err, RESULT_NOT_FOUND, "there is no account %s", f->name);
	return err_set(err, RESULT_INVALID, "%s",
		count ? "there are several accounts: name one with --account"
		      : "there is no account yet: sealpost account add");
}

enum result node_find_account(struct node *node, const char *name, struct id *ret, struct err *err)
{
	struct find find = {.name = name};

	TRY(db_read(node->db, find_account, &find, err));
	*ret = find.id;
	return RESULT_OK;
}
