#include "flow/sign_in_private.h"

#include "base/list.h"
#include "flow/people.h"
#include "seal/random.h"
#include "store/copy.h"
#include "store/event.h"
#include "store/session_write.h"
#include "store/shared.h"

struct mailbox_query {
	struct flow *flow;
	struct bytes token;
	const struct visitor *visitor;
	struct id person_id; /* to be switched to */
	int64_t now;
	struct arena *arena;
	struct list mailboxes;
	bool needs_code;
	struct sign_in sign_in;
};

/* The session, its person, and the mailboxes it entitles to. */
struct entitled {
	struct session session;
	struct bytes token_hash;
	struct person *entered; /* the rows of the address it was begun by … */
	struct person *people;	/* … and whom they sign in as, or what those share with others */
	size_t count;
};

/* The addresses that a person shares with others, behind the person. */
static enum result add_shared(struct tx *tx, const struct mailbox_query *q, const struct person *entered,
	const struct person *person, struct list *rows, struct list *people, struct err *err)
{
	struct person *shared;
	size_t count;

	*(struct person *)list_add(rows) = *entered;
	*(struct person *)list_add(people) = *person;
	TRY(shared_list_of(tx, person->id, q->arena, &shared, &count, err));
	for (size_t i = 0; i < count; i++) {
		*(struct person *)list_add(rows) = *entered;
		*(struct person *)list_add(people) = shared[i];
	}
	return RESULT_OK;
}

static enum result find_entitled(
	struct tx *tx, const struct mailbox_query *q, struct entitled *ret, struct err *err)
{
	uint8_t *hash = arena_alloc(q->arena, HASH_BYTES);
	struct list rows = list_new(q->arena, sizeof(struct person));
	struct list open = list_new(q->arena, sizeof(struct person));
	struct person entered, *people;
	size_t count;

	hash_bytes(q->token, hash);
	ret->token_hash = (struct bytes){hash, HASH_BYTES};
	TRY(session_find(tx, ret->token_hash, q->arena, &ret->session, err));
	if (ret->session.stage != SESSION_OPEN)
		return err_set(err, RESULT_NOT_FOUND, "the session is not open yet");
	TRY(person_find(tx, ret->session.account_id, ret->session.entered_id, q->arena, &entered, err));
	TRY(people_list_by_address(tx, entered.address, q->arena, &people, &count, err));
	for (size_t i = 0; i < count; i++) {
		struct person other;
		TRY(sign_in_main(tx, &people[i], q->arena, &other, err));
		bool is_own = id_equal(other.id, session_self(&ret->session));
		bool is_proved =
			(ret->session.proof & PROOF_CODE) && other.password_set_at <= ret->session.created_at;
		if (!is_own && !is_proved)
			continue;
		TRY(add_shared(tx, q, &people[i], &other, &rows, &open, err));
	}
	ret->entered = rows.items;
	ret->people = open.items;
	ret->count = open.count;
	return RESULT_OK;
}

static enum result list_mailboxes(struct tx *tx, void *context, struct err *err)
{
	struct mailbox_query *q = context;
	struct entitled entitled = {0};
	struct account *accounts;
	size_t account_count;

	q->mailboxes = list_new(q->arena, sizeof(struct mailbox));
	TRY(find_entitled(tx, q, &entitled, err));
	for (size_t i = 0; i < entitled.count; i++) {
		const struct person *person = &entitled.people[i];
		struct mailbox *mailbox = list_add(&q->mailboxes);
		struct account_settings settings;
		struct folder_count inbox;
		TRY(settings_load(tx, person->account_id, q->arena, &settings, err));
		TRY(copy_count(tx, person->id, FOLDER_INBOX, &inbox, err));
		*mailbox = (struct mailbox){.person_id = person->id,
			.account_name = settings.display_name,
			.shared = person->shared_at ? person->address : STR_NONE,
			.unread = inbox.unread,
			.is_current = id_equal(person->id, entitled.session.person_id)};
	}
	TRY(account_list(tx, q->arena, &accounts, &account_count, err));
	q->needs_code = !(entitled.session.proof & PROOF_CODE) && account_count > 1;
	return RESULT_OK;
}

enum result mailbox_list(struct flow *flow, struct bytes token, int64_t now, struct arena *arena,
	struct mailbox **ret, size_t *ret_count, bool *ret_needs_code, struct err *err)
{
	struct mailbox_query query = {.flow = flow, .token = token, .now = now, .arena = arena};

	TRY(db_read(flow_db(flow), list_mailboxes, &query, err));
	*ret = query.mailboxes.items;
	*ret_count = query.mailboxes.count;
	*ret_needs_code = query.needs_code;
	return RESULT_OK;
}

/* The new session stands in for the old one: it ends no later, and leads no further. */
static enum result replace_session(struct tx *tx, struct mailbox_query *q, const struct entitled *entitled,
	const struct person *entered, struct err *err)
{
	const struct session *old = &entitled->session;
	struct person left = {.id = session_self(old), .account_id = old->account_id};
	uint8_t hash[HASH_BYTES];
	/* In the same account it stays the same person, who has shown the second factor. */
	int64_t proof =
		id_equal(entered->account_id, old->account_id) ? old->proof : old->proof & ~PROOF_SECOND;

	TRY(session_remove(tx, entitled->token_hash, err));
	TRY(sign_in_note(tx, EVENT_SIGNED_OUT, &left, (struct id){0}, q->visitor->origin,
		STR("other mailbox"), q->now, err));
	TRY(sign_in_begin(q->flow, tx, entered, proof,
		&(struct shared_wish){.visitor = q->visitor, .into = q->person_id}, q->now, &q->sign_in,
		err));
	hash_bytes((struct bytes){q->sign_in.token, sizeof(q->sign_in.token)}, hash);
	return session_stand_in(tx, (struct bytes){hash, sizeof(hash)}, old, proof & old->proved_by, err);
}

static enum result switch_mailbox(struct tx *tx, void *context, struct err *err)
{
	struct mailbox_query *q = context;
	struct entitled entitled = {0};

	TRY(find_entitled(tx, q, &entitled, err));
	for (size_t i = 0; i < entitled.count; i++)
		if (id_equal(entitled.people[i].id, q->person_id))
			return replace_session(tx, q, &entitled, &entitled.entered[i], err);
	return err_set(err, RESULT_NOT_FOUND, "there is no such mailbox");
}

enum result mailbox_switch(struct flow *flow, struct bytes token, const struct visitor *visitor,
	struct id person_id, int64_t now, struct sign_in *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct mailbox_query query = {.flow = flow,
		.token = token,
		.visitor = visitor,
		.person_id = person_id,
		.now = now,
		.arena = &arena};

	TRY(db_write(flow_db(flow), switch_mailbox, &query, err));
	*ret = query.sign_in;
	return RESULT_OK;
}
