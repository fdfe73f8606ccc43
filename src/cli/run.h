/* Running a node in the foreground: used by serve and demo. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/node.h"
#include "flow/deliver.h"

struct run_hooks {
	/* Everything listens. */
	void (*ready)(void *context, struct node *node);
	/* A mail went out. */
	void (*sent)(void *context, const struct deliver_job *job);
	void *context;
};

/* Until SIGTERM or SIGINT; SIGHUP reads the certificates again. */
enum result run_node(struct node *node, const struct run_hooks *hooks, struct err *err) must_check;

#endif
