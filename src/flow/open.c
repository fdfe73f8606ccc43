#include "flow/open.h"

#include "flow/access_code.h"
#include "flow/letter.h"
#include "flow/open_private.h"
#include "flow/owned.h"
#include "flow/people.h"
#include "mime/inside.h"
#include "seal/box.h"
#include "seal/stream.h"
#include "store/code_entry.h"
#include "store/quote.h"
#include "store/recall.h"
#include "store/sealed_body.h"
#include "store/wrap.h"

/* What is open while the message is held. */
struct open_held {
	struct sealed_content *sealed;
	struct seal_reader *opened;
	struct mime_index index;
	struct mime_inside *inside;
};

static void close_held(struct open_held *held)
{
	mime_inside_free(held->inside);
	seal_reader_free(held->opened);
	sealed_content_free(held->sealed);
	*held = (struct open_held){.index = held->index};
}

struct open_person open_person_of(struct mime_address address)
{
	return (struct open_person){address.name, address.address};
}

struct open_person *open_people_of(const struct mime_address *addresses, size_t count, struct arena *arena)
{
	struct open_person *people = arena_array(arena, struct open_person, count);

	for (size_t i = 0; i < count; i++)
		people[i] = open_person_of(addresses[i]);
	return people;
}

/* Why a recipient may not see it yet. */
static enum result check_factor(const struct message_query *q, const struct copy *copy, struct err *err)
{
	if (copy->is_owner || !q->message.rights.second_factor || q->actor->has_second_factor ||
		q->use == OPEN_LEAVE)
		return RESULT_OK;
	return err_code(err, RESULT_DENIED, "second-factor", "this message asks for a second factor");
}

/* Why the person may not see it any more. */
enum result open_check_not_ended(
	const struct message *message, const struct copy *copy, int64_t now, struct err *err)
{
	if (copy->destroyed_at)
		return err_code(err, RESULT_GONE, "deleted", "you deleted this message for good");
	if (copy->is_owner)
		return RESULT_OK;
	if (message->recalled_at || !id_is_none(copy->recall_id))
		return err_code(err, RESULT_GONE, "recalled", "the sender recalled this message");
	if (message->expires_at && now >= message->expires_at)
		return err_code(err, RESULT_GONE, "expired", "this message has expired");
	return RESULT_OK;
}

/* The one place that asks for the access code. */
static enum result check_code(
	struct tx *tx, const struct message_query *q, const struct copy *copy, struct err *err)
{
	bool was_entered;

	if (!q->message.code_set_at || copy->is_owner || q->use == OPEN_LEAVE)
		return RESULT_OK;
	TRY(code_entry_exists(
		tx, q->actor->session_hash, copy->id, q->message.code_set_at, &was_entered, err));
	return was_entered ? RESULT_OK
			   : err_code(err, RESULT_DENIED, "access-code",
				     "this message opens with a code that its sender tells you");
}

static enum result check_use(const struct message_query *q, const struct copy *copy, struct err *err)
{
	if (q->use == OPEN_PRINT && !copy->is_owner && !q->message.rights.print)
		return err_code(
			err, RESULT_DENIED, "print-not-allowed", "the sender does not allow printing");
	if (q->use == OPEN_SAVE && !copy->is_owner && !q->message.rights.save)
		return err_code(err, RESULT_DENIED, "save-not-allowed",
			"the sender does not allow saving the whole message");
	return RESULT_OK;
}

static void set_letter(struct message_query *q, const struct letter *letter)
{
	struct open_message *opened = q->opened;
	struct open_summary *summary = &opened->summary;

	summary->subject = letter->subject;
	summary->from = open_person_of(letter->from);
	summary->snippet = letter->snippet;
	summary->files = letter->files;
	summary->readable = true;
	opened->sender = open_person_of(letter->sender);
	opened->to = open_people_of(letter->to, letter->to_count, &opened->arena);
	opened->to_count = letter->to_count;
	opened->cc = open_people_of(letter->cc, letter->cc_count, &opened->arena);
	opened->cc_count = letter->cc_count;
}

static enum result open_boxes(struct message_query *q, struct letter *letter, struct err *err)
{
	const struct message_key *key = &q->key;
	struct arena *arena = &q->opened->arena;
	struct id id = q->message.id;

	TRY(letter_list_open(q->message.list_box, key, id, arena, letter, err));
	TRY(letter_head_open(q->message.head_box, key, id, arena, letter, err));
	return letter_index_open(q->message.index_box, key, id, arena, &q->opened->held->index, err);
}

static enum result open_content(struct tx *tx, struct message_query *q, struct err *err)
{
	struct open_held *held = q->opened->held;

	close_held(held);
	TRY(sealed_content_open(tx, flow_blobs(q->flow), &q->message, &held->sealed, err));
	TRY(seal_reader_new(&q->key, q->message.id, sealed_content_reader(held->sealed), &held->opened, err));
	q->opened->content = seal_reader_plain(held->opened);
	q->opened->mail_bytes = q->opened->content.size;
	return RESULT_OK;
}

static enum result open_sealed(struct tx *tx, struct message_query *q, struct err *err)
{
	struct letter letter = {0};
	struct bytes wrap;

	enum result found = wrap_find(tx, q->copy_id, q->message.id, &q->opened->arena, &wrap, err);
	if (found == RESULT_GONE)
		return err_code(err, RESULT_GONE, "destroyed", "this message was destroyed");
	TRY(found);
	TRY(message_key_unwrap(q->account.key, q->message.id, q->copy_id, wrap, &q->key, err));
	TRY(open_boxes(q, &letter, err));
	TRY(access_code_open(&q->message, &q->key, &q->opened->arena, &q->opened->access_code, err));
	TRY(quotes_open(tx, &q->account, q->message.id, &q->key, &q->opened->arena, &q->opened->quotes,
		&q->opened->quote_count, err));
	TRY(open_content(tx, q, err));
	set_letter(q, &letter);
	q->opened->index = &q->opened->held->index;
	return RESULT_OK;
}

/* From is what the sender's mail program wrote. When it names somebody else than the owner, both are shown.
 */
static enum result set_owner(struct tx *tx, struct message_query *q, struct err *err)
{
	struct open_message *opened = q->opened;
	const struct open_person *from = &opened->summary.from;
	struct person owner;

	if (id_is_none(q->message.owner_id))
		return RESULT_OK;
	TRY(person_find(tx, q->message.account_id, q->message.owner_id, &opened->arena, &owner, err));
	opened->owner = (struct open_person){
		people_name(&q->account, owner.id, owner.name_box, &opened->arena), owner.address};
	if (str_equal_nocase(from->address, owner.address))
		opened->owner.name = from->name;
	else
		opened->sender = opened->owner;
	return RESULT_OK;
}

static enum result set_came_to(
	struct tx *tx, struct message_query *q, const struct copy *copy, struct err *err)
{
	struct person person;

	if (id_equal(copy->person_id, copy->mailbox_id))
		return RESULT_OK;
	TRY(person_find(tx, copy->account_id, copy->person_id, &q->opened->arena, &person, err));
	q->opened->summary.came_to = person.address;
	return RESULT_OK;
}

static enum result read_with_key(struct tx *tx, struct message_query *q, struct err *err)
{
	struct open_message *opened = q->opened;
	struct copy copy;

	TRY(copy_find(tx, q->actor->person_id, q->copy_id, &copy, err));
	TRY(flow_account_load(q->flow, tx, copy.account_id, &opened->arena, &q->account, err));
	TRY(message_find(tx, copy.account_id, copy.message_id, &opened->arena, &q->message, err));
	TRY(open_check_not_ended(&q->message, &copy, q->now, err));
	TRY(check_use(q, &copy, err));
	TRY(check_factor(q, &copy, err));
	TRY(check_code(tx, q, &copy, err));
	TRY(open_sealed(tx, q, err));
	TRY(set_owner(tx, q, err));
	TRY(set_came_to(tx, q, &copy, err));
	opened->summary.copy = copy;
	opened->summary.sent_at = q->message.sent_at;
	opened->summary.expires_at = q->message.expires_at;
	opened->summary.recalled_at = q->message.recalled_at;
	opened->summary.extended_at = q->message.extended_at;
	opened->latest_expiry = q->message.content_ends_at;
	opened->rights = q->message.rights;
	opened->read_receipt = q->message.read_receipt;
	opened->all_recipients = q->message.all_recipients;
	opened->code_set_at = q->message.code_set_at;
	opened->definition_id = q->message.definition_id;
	opened->definition_name = q->message.definition_name;
	if (!copy.is_owner)
		return RESULT_OK;
	TRY(copy_tally(tx, q->message.id, &opened->summary.tally, err));
	TRY(quote_recalled_at(tx, q->message.id, &opened->quotes_recalled_at, err));
	return open_evidence(tx, q, err);
}

static enum result read_message(struct tx *tx, void *context, struct err *err)
{
	struct message_query *q = context;
	enum result result = read_with_key(tx, q, err);

	key_wipe(&q->key);
	return result;
}

void open_message_free(struct open_message *message)
{
	if (message == NULL)
		return;
	close_held(message->held);
	free(message->held);
	arena_done(&message->arena);
	free(message);
}

static enum result open_inside(struct open_message *opened, struct err *err)
{
	struct open_held *held = opened->held;

	TRY(mime_inside_open(opened->content, &held->index, LIMIT_INSIDE_BYTES, &held->inside, err));
	if (held->inside) {
		opened->index = mime_inside_index(held->inside);
		opened->content = mime_inside_bytes(held->inside);
	}
	return RESULT_OK;
}

enum result open_message(struct flow *flow, const struct actor *actor, struct id copy_id, enum open_use use,
	int64_t now, struct open_message **ret, struct err *err)
{
	cleanup(open_message_free_at) struct open_message *opened = mem_new(sizeof(*opened));
	struct message_query query = {
		.flow = flow, .actor = actor, .copy_id = copy_id, .use = use, .now = now, .opened = opened};

	opened->held = mem_new(sizeof(*opened->held));
	TRY(db_read(flow_db(flow), read_message, &query, err));
	TRY(open_inside(opened, err));
	*ret = TAKE(opened);
	return RESULT_OK;
}

struct still_query {
	const struct actor *actor;
	struct id copy_id;
	const struct open_message *message; /* or NULL: no code is asked for */
	int64_t now;
};

static enum result read_access(struct tx *tx, void *context, struct err *err)
{
	const struct still_query *q = context;
	struct copy_access access;

	TRY(copy_access(tx, q->actor->person_id, q->copy_id, &access, err));
	if (access.is_recalled)
		return err_code(err, RESULT_GONE, "recalled", "the sender recalled this message");
	if (!access.is_owner && access.expires_at && q->now >= access.expires_at)
		return err_code(err, RESULT_GONE, "expired", "this message has expired");
	if (!access.has_key)
		return err_code(err, RESULT_GONE, "destroyed", "this message was destroyed");
	if (q->message && !access.is_owner && access.code_set_at != q->message->code_set_at)
		return err_code(err, RESULT_DENIED, "access-code", "its sender set another code");
	return RESULT_OK;
}

enum result open_still(struct flow *flow, const struct actor *actor, const struct open_message *message,
	int64_t now, struct err *err)
{
	struct still_query query = {actor, message->summary.copy.id, message, now};

	return db_read(flow_db(flow), read_access, &query, err);
}

enum result open_is_there(
	struct flow *flow, const struct actor *actor, struct id copy_id, int64_t now, struct err *err)
{
	struct still_query query = {actor, copy_id, NULL, now};

	return db_read(flow_db(flow), read_access, &query, err);
}

struct ended_query {
	struct flow *flow;
	const struct actor *actor;
	struct id copy_id;
	struct arena *arena;
	struct open_ended ended;
};

static enum result read_recall(struct tx *tx, struct ended_query *q, const struct flow_account *account,
	const struct message *message, struct id recall_id, struct err *err)
{
	struct bytes reason = {0};
	struct recall recall;

	TRY(recall_find(tx, recall_id, q->arena, &recall, err));
	q->ended.ended_at = recall.at;
	q->ended.by_administrator = !id_equal(recall.actor_id, message->owner_id);
	/* One that cannot be opened is none: the page has to say the rest. */
	if (recall.reason_box.len &&
		box_open_account(account->key, (struct box_context){RECALL_REASON_FIELD, recall.id},
			recall.reason_box, q->arena, &reason, NULL) != RESULT_OK)
		reason = (struct bytes){0};
	q->ended.reason = bytes_str(reason);
	return RESULT_OK;
}

static enum result read_ended(struct tx *tx, void *context, struct err *err)
{
	struct ended_query *q = context;
	struct flow_account account;
	struct message message;
	struct person owner;
	struct copy copy;

	q->ended = (struct open_ended){0};
	TRY(copy_find(tx, q->actor->person_id, q->copy_id, &copy, err));
	TRY(flow_account_load(q->flow, tx, copy.account_id, q->arena, &account, err));
	TRY(message_find(tx, copy.account_id, copy.message_id, q->arena, &message, err));
	q->ended.ended_at = copy.destroyed_at	  ? copy.destroyed_at
			    : message.recalled_at ? message.recalled_at
						  : message.expires_at;
	q->ended.was_own = copy.is_owner;
	if (!id_is_none(copy.recall_id) && !copy.destroyed_at)
		TRY(read_recall(tx, q, &account, &message, copy.recall_id, err));
	if (id_is_none(message.owner_id))
		return RESULT_OK;
	TRY(person_find(tx, copy.account_id, message.owner_id, q->arena, &owner, err));
	q->ended.owner = (struct open_person){
		people_name(&account, owner.id, owner.name_box, q->arena), owner.address};
	return RESULT_OK;
}

enum result open_ended(struct flow *flow, const struct actor *actor, struct id copy_id, struct arena *arena,
	struct open_ended *ret, struct err *err)
{
	struct ended_query query = {.flow = flow, .actor = actor, .copy_id = copy_id, .arena = arena};

	TRY(db_read(flow_db(flow), read_ended, &query, err));
	*ret = query.ended;
	return RESULT_OK;
}
