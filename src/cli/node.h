/* What every command stands on: configuration, keys, database, blobs, and flow over them. */
#ifndef CLI_NODE_H
#define CLI_NODE_H

#include "base/config.h"
#include "flow/flow.h"

struct node {
	struct config *config;
	struct root_key *root_key;
	struct db *db;
	struct blob_store *blobs;
	struct zones *zones;
	struct flow *flow;
};

/* The file given, or that of the environment variable SEALPOST_CONFIG, or /etc/sealpost/sealpost.conf. */
const char *node_config_file(const char *given);

/* Opens everything; with `migrated` the database must be at this program's version. Results are those of the
 * parts. */
enum result node_open(const char *config_file, bool migrated, struct node *ret, struct err *err) must_check;
void node_close(struct node *node);

/* The account named, or the only one when name is NULL. INVALID when there are several. */
enum result node_find_account(
	struct node *node, const char *name, struct id *ret, struct err *err) must_check;

#endif
