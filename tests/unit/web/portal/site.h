/* A whole portal for tests: a database, an account with people and a few secured mails, and the server on a
 * free port of 127.0.0.1. */
#ifndef TESTS_PORTAL_SITE_H
#define TESTS_PORTAL_SITE_H

#include "base/arena.h"
#include "flow/deliver.h"
#include "web/portal/portal.h"

struct site {
	const char *folder;
	char certificate[96], key[96];
	struct arena arena;
	struct db *db;
	struct blob_store *blobs;
	struct root_key root_key;
	struct flow *flow;
	struct portal *portal;
	struct id account_id;
	uint16_t port;
	struct str url;
};

/* Fails the test when anything does. */
void site_start(struct site *site);
void site_stop(struct site *site);

/* Hands in a mail from Alice by SMTP's verbs; `mail` is whole, with CRLF. The message's identifier. */
struct id site_mail(struct site *site, const char *recipient, struct str mail);

/* The copy that the newest notification for this address names. */
struct id site_link(struct site *site, const char *recipient);

/* The code that was sent last to this address. In the site's arena. */
struct str site_code(struct site *site, const char *recipient);

#endif
