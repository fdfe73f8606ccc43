#include "flow/flow.h"

#include "base/thread.h"

#include <string.h>

#define KEYS_RANK 100

/* The key of one account, unwrapped once for the process. */
struct known_key {
	struct known_key *next;
	struct id account_id;
	struct account_key *key;
};

struct flow {
	struct flow_names names;
	struct db *db;
	struct blob_store *blobs;
	const struct root_key *root_key;
	struct lock keys_lock; /* guards the list; keys in it never change */
	struct known_key *keys;
};

struct flow *flow_new(const struct flow_names *names, struct db *db, struct blob_store *blobs,
	const struct root_key *root_key)
{
	struct flow *flow = mem_new(sizeof(*flow));

	*flow = (struct flow){.names = *names, .db = db, .blobs = blobs, .root_key = root_key};
	lock_init(&flow->keys_lock, "account keys", KEYS_RANK);
	return flow;
}

void flow_free(struct flow *flow)
{
	if (flow == NULL)
		return;
	while (flow->keys) {
		struct known_key *known = flow->keys;
		flow->keys = known->next;
		seal_secret_free(known->key);
		free(known);
	}
	lock_done(&flow->keys_lock);
	free(flow);
}

const struct flow_names *flow_names(const struct flow *flow)
{
	return &flow->names;
}

struct db *flow_db(const struct flow *flow)
{
	return flow->db;
}

struct blob_store *flow_blobs(const struct flow *flow)
{
	return flow->blobs;
}

const struct root_key *flow_root_key(const struct flow *flow)
{
	return flow->root_key;
}

static enum result key_find(
	struct flow *flow, const struct account *account, const struct account_key **ret, struct err *err)
{
	LOCKED(&flow->keys_lock);
	for (struct known_key *known = flow->keys; known; known = known->next)
		if (id_equal(known->account_id, account->id)) {
			*ret = known->key;
			return RESULT_OK;
		}
	struct account_key *key = seal_secret_new(sizeof(*key));
	enum result result = account_key_unwrap(flow->root_key, account->id, account->key_wrap, key, err);
	if (result != RESULT_OK) {
		seal_secret_free(key);
		return result;
	}
	struct known_key *known = mem_new(sizeof(*known));
	*known = (struct known_key){.next = flow->keys, .account_id = account->id, .key = key};
	flow->keys = known;
	*ret = key;
	return RESULT_OK;
}

enum result flow_account_load(struct flow *flow, struct tx *tx, struct id account_id, struct arena *arena,
	struct flow_account *ret, struct err *err)
{
	struct flow_account loaded = {0};

	TRY(account_find(tx, account_id, arena, &loaded.account, err));
	TRY(key_find(flow, &loaded.account, &loaded.key, err));
	TRY(settings_load(tx, account_id, arena, &loaded.settings, err));
	*ret = loaded;
	return RESULT_OK;
}

const struct zone *flow_account_zone(const struct flow *flow, const struct flow_account *account)
{
	const struct zone *zone =
		flow->names.zones ? zone_find(flow->names.zones, account->settings.time_zone) : NULL;

	return zone ? zone : zone_utc();
}
