/* Mail domains: each belongs to one account and has the organisation's own mail server as its next hop. */
#ifndef STORE_DOMAIN_H
#define STORE_DOMAIN_H

#include "base/address.h"
#include "base/arena.h"
#include "db/db.h"

enum hop_tls {
	HOP_TLS_VERIFIED = 1, /* content of secure messages only by verified TLS; loopback excepted */
	HOP_TLS_LOOSENED = 2, /* the account allows this hop without; `check` warns of it */
	HOP_TLS_ALWAYS = 3    /* verified, on this machine too */
};

/* "verified", "loosened", "always". */
const char *hop_tls_name(enum hop_tls hop_tls);
bool hop_tls_parse(struct str name, enum hop_tls *ret);

struct domain {
	struct str name; /* lower case */
	struct id account_id;
	struct str next_hop; /* host:port or [address]:port */
	enum hop_tls hop_tls;
	int64_t created_at;
};

/* `name` in any case. NOT_FOUND when no account has it. */
enum result domain_find(
	struct tx *tx, struct str name, struct arena *arena, struct domain *ret, struct err *err) must_check;

/* What would be left behind without the domain: internal users with an address in it, and mail that waits to
 * be delivered to it. */
enum result domain_count_use(struct tx *tx, struct id account_id, struct str name, int64_t *ret_users,
	int64_t *ret_waiting, struct err *err) must_check;

/* The domains of one account by name; with the none identifier those of all. */
enum result domain_list(struct tx *tx, struct id account_id, struct arena *arena, struct domain **ret,
	size_t *ret_count, struct err *err) must_check;

#endif
