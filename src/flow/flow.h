/* What every verb works on: the database, the blobs, the keys, and the node's names. One for the process,
 * used by all threads. */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "base/arena.h"
#include "base/clock.h"
#include "blob/blob.h"
#include "db/db.h"
#include "seal/key.h"
#include "store/account.h"
#include "store/setting.h"
#include "text/zone.h"

struct flow_names {
	struct str host_name;	  /* of this node, in SMTP and Received fields */
	struct str portal_url;	  /* "https://portal.example", without a slash at the end */
	struct str return_domain; /* the domain of our tagged return addresses */
	bool direct_delivery;	  /* outside mail goes to the MX itself, not to a smart host */
	struct str smart_host;	  /* host:port, when not direct */
	int64_t mail_bytes_max;
	int hops_max;		   /* 0: LIMIT_SMTP_HOPS */
	const struct zones *zones; /* for days and months of accounts; NULL: UTC alone */
};

struct flow;

/* Everything given must outlive it. */
struct flow *flow_new(const struct flow_names *names, struct db *db, struct blob_store *blobs,
	const struct root_key *root_key);
void flow_free(struct flow *flow);
DEFINE_CLEANUP(struct flow *, flow_free)

const struct flow_names *flow_names(const struct flow *flow);
struct db *flow_db(const struct flow *flow);
struct blob_store *flow_blobs(const struct flow *flow);
const struct root_key *flow_root_key(const struct flow *flow);

/* Who asks for something, and from where: goes into events and decides what may be done. */
struct actor {
	struct id account_id;
	struct id person_id;	   /* whose mailbox; none: the system, or the command line */
	struct id self_id;	   /* who acts, where that mailbox is of a shared address; none: person_id */
	struct str origin;	   /* the peer's address, "cli", or empty */
	struct bytes session_hash; /* of the person's session; empty: none */
	bool has_second_factor;	   /* was shown in this session, or its browser is remembered */
};

/* Who acts: named in events, and whose sign-in and choices are changed. */
static inline struct id actor_self(const struct actor *actor)
{
	return id_is_none(actor->self_id) ? actor->person_id : actor->self_id;
}

/* An account as verbs need it: its key (owned by flow, unwrapped once for the process) and its settings. */
struct flow_account {
	struct account account;
	const struct account_key *key;
	struct account_settings settings;
};

/* Loads it inside a transaction; texts in the arena. NOT_FOUND; INTERNAL when the root key is not the one the
 * account was made with. */
enum result flow_account_load(struct flow *flow, struct tx *tx, struct id account_id, struct arena *arena,
	struct flow_account *ret, struct err *err) must_check;

/* The zone in which the account's days and months begin; UTC when its setting names none that is known. */
const struct zone *flow_account_zone(const struct flow *flow, const struct flow_account *account)
	__attribute__((returns_nonnull));

#endif
