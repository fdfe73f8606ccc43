#include "flow/inquiry.h"

#include "base/limits.h"
#include "flow/mail_out.h"
#include "flow/notice.h"
#include "flow/people.h"
#include "flow/published.h"
#include "mime/header.h"
#include "seal/box.h"
#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/event_write.h"
#include "store/inquiry_write.h"

#define PURPOSE_FIELD "purpose"

static struct bytes purpose_seal(
	const struct flow_account *account, struct id id, struct str purpose, struct arena *arena)
{
	return box_seal_account(
		account->key, (struct box_context){PURPOSE_FIELD, id}, str_bytes(purpose), arena);
}

struct str inquiry_purpose(
	const struct flow_account *account, const struct inquiry *inquiry, struct arena *arena)
{
	struct box_context context = {PURPOSE_FIELD, inquiry->id};
	struct bytes purpose;

	if (box_open_account(account->key, context, inquiry->purpose_box, arena, &purpose, NULL) != RESULT_OK)
		return STR_NONE;
	return bytes_str(purpose);
}

static enum result note(struct tx *tx, const struct actor *actor, const char *kind, struct id account_id,
	struct id inquiry_id, struct id message_id, struct id person_id, int64_t now, struct err *err)
{
	struct id_text text = id_text(inquiry_id);
	struct event event = {.account_id = account_id,
		.at = now,
		.kind = str_of(kind),
		.actor_id = actor->person_id,
		.message_id = message_id,
		.person_id = person_id,
		.origin = actor->origin,
		.detail = str_of(text.s)};

	return event_record(tx, &event, err);
}

/* One in the making. */
struct making {
	struct flow *flow;
	const struct actor *actor;
	const struct inquiry_form *form;
	struct str purpose; /* cleaned */
	int64_t now;
	struct id id;
};

static enum result count_making(struct tx *tx, const struct making *m, struct err *err)
{
	uint8_t key[HASH_BYTES];
	struct hash hash;
	int64_t count;

	hash_init(&hash);
	hash_add(&hash, STR("inquiry\n"));
	hash_add(&hash, (struct str){(const char *)m->actor->person_id.b, ID_BYTES});
	hash_final(&hash, key);
	TRY(attempt_count(tx, (struct bytes){key, sizeof(key)}, m->now, MS_DAY, &count, err));
	if (count > LIMIT_INQUIRIES_A_DAY)
		return err_code(
			err, RESULT_BUSY, "too-often", "%d requests a day at most", LIMIT_INQUIRIES_A_DAY);
	return RESULT_OK;
}

static enum result check_definition(struct tx *tx, const struct making *m, const struct person *asker,
	struct arena *arena, struct err *err)
{
	struct definition *definitions;
	size_t count;

	TRY(published_to(tx, asker->account_id, asker->address, arena, &definitions, &count, err));
	for (size_t i = 0; i < count; i++)
		if (id_equal(definitions[i].id, m->form->definition_id))
			return RESULT_OK;
	return id_is_none(m->form->definition_id)
		       ? RESULT_OK
		       : err_code(err, RESULT_INVALID, "inquiry-definition", "not published to the asker");
}

/* The mail names the purpose only where notifications may name a subject. */
static enum result tell(struct tx *tx, const struct making *m, const struct flow_account *account,
	const struct person *asker, struct inquiry *inquiry, struct str to, struct arena *arena,
	struct err *err)
{
	struct str people[] = {asker->address, people_name(account, asker->id, asker->name_box, arena)};
	struct notice notice = {.people = people,
		.count = COUNT_OF(people),
		.at = inquiry->expires_at,
		.subject = account->settings.notification_subject ? m->purpose : STR_NONE};

	return mail_out_inquiry(m->flow, tx, account, to, inquiry->id, notice_write(&notice, arena), m->now,
		&inquiry->delivery_id, err);
}

static enum result check_people(struct tx *tx, const struct making *m, const struct flow_account *account,
	const struct person *asker, struct err *err)
{
	bool internal = asker->is_internal;

	if (internal)
		TRY(people_is_internal(tx, m->actor->account_id, asker->address, &internal, err));
	if (!internal || !account->settings.requests)
		return err_set(err, RESULT_DENIED, "only people of the account ask, where it allows that");
	TRY(people_is_internal(tx, m->actor->account_id, m->form->to, &internal, err));
	if (internal)
		return err_code(err, RESULT_INVALID, "inquiry-internal", "the address is inside the account");
	return RESULT_OK;
}

static enum result make(struct tx *tx, void *context, struct err *err)
{
	struct making *m = context;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	struct person asker, asked;

	TRY(flow_account_load(m->flow, tx, m->actor->account_id, &arena, &account, err));
	TRY(person_find(tx, m->actor->account_id, m->actor->person_id, &arena, &asker, err));
	TRY(check_people(tx, m, &account, &asker, err));
	TRY(check_definition(tx, m, &asker, &arena, err));
	TRY(count_making(tx, m, err));
	TRY(people_ensure(tx, &account, m->form->to, STR_NONE, false, m->now, &arena, &asked, NULL, err));
	struct inquiry inquiry = {.id = id_new(m->now),
		.account_id = account.account.id,
		.asker_id = asker.id,
		.asked_id = asked.id,
		.definition_id = m->form->definition_id,
		.bytes_max = m->form->mb << 20,
		.created_at = m->now,
		.expires_at = m->now + m->form->days * MS_DAY};
	inquiry.purpose_box = purpose_seal(&account, inquiry.id, m->purpose, &arena);
	TRY(tell(tx, m, &account, &asker, &inquiry, asked.address, &arena, err));
	TRY(inquiry_add(tx, &inquiry, err));
	m->id = inquiry.id;
	return note(tx, m->actor, EVENT_REQUEST_MADE, account.account.id, inquiry.id, (struct id){0},
		asked.id, m->now, err);
}

enum result inquiry_make(struct flow *flow, const struct actor *actor, const struct inquiry_form *form,
	int64_t now, struct id *ret_id, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct making making = {.flow = flow, .actor = actor, .form = form, .now = now};

	making.purpose = str_trim(mime_clean_text(form->purpose, LIMIT_INQUIRY_PURPOSE_BYTES, &arena));
	if (!is_address(form->to))
		return err_code(err, RESULT_INVALID, "inquiry-to", "this is not a mail address");
	if (making.purpose.len == 0)
		return err_code(err, RESULT_INVALID, "inquiry-purpose", "a request says what for");
	if (form->days < 1 || form->days > LIMIT_INQUIRY_DAYS)
		return err_code(err, RESULT_INVALID, "inquiry-days", "1 to %d days", LIMIT_INQUIRY_DAYS);
	if (form->mb < 1 || form->mb > LIMIT_INQUIRY_MB)
		return err_code(err, RESULT_INVALID, "inquiry-mb", "1 to %d MB", LIMIT_INQUIRY_MB);
	TRY(db_write(flow_db(flow), make, &making, err));
	*ret_id = making.id;
	return RESULT_OK;
}

struct inquiry_query {
	struct flow *flow;
	const struct actor *actor;
	struct id id;
	int64_t now;
	struct arena *arena;
	struct inquiry_facts *facts;
	size_t count;
};

static enum result close_inquiry(struct tx *tx, void *context, struct err *err)
{
	const struct inquiry_query *q = context;
	cleanup(arena_done) struct arena arena = {0};
	struct inquiry inquiry;
	bool done;

	TRY(inquiry_find(tx, q->id, &arena, &inquiry, err));
	bool is_theirs = id_equal(inquiry.account_id, q->actor->account_id) &&
			 (id_is_none(q->actor->person_id) || id_equal(inquiry.asker_id, q->actor->person_id));
	if (!is_theirs)
		return err_set(err, RESULT_NOT_FOUND, "there is no such request");
	TRY(inquiry_set_closed(tx, inquiry.id, q->now, &done, err));
	if (!done)
		return err_set(err, RESULT_CONFLICT, "the request has ended already");
	return note(tx, q->actor, EVENT_REQUEST_CLOSED, inquiry.account_id, inquiry.id, (struct id){0},
		inquiry.asked_id, q->now, err);
}

enum result inquiry_close(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err)
{
	struct inquiry_query query = {.flow = flow, .actor = actor, .id = id, .now = now};

	return db_write(flow_db(flow), close_inquiry, &query, err);
}

enum result inquiry_definition(struct tx *tx, const struct inquiry *inquiry, struct arena *arena,
	struct definition *ret, struct err *err)
{
	struct definition *definitions;
	size_t count;

	enum result found =
		id_is_none(inquiry->definition_id)
			? RESULT_NOT_FOUND
			: definition_find(tx, inquiry->account_id, inquiry->definition_id, arena, ret, err);
	if (found != RESULT_NOT_FOUND)
		return found;
	TRY(published_to(tx, inquiry->account_id, inquiry->asker_address, arena, &definitions, &count, err));
	*ret = definitions[0];
	return RESULT_OK;
}

static enum result find_facts(struct tx *tx, const struct flow_account *account,
	const struct inquiry *inquiry, struct arena *arena, struct inquiry_facts *ret, struct err *err)
{
	struct person asker;

	*ret = (struct inquiry_facts){
		.inquiry = *inquiry, .purpose = inquiry_purpose(account, inquiry, arena)};
	TRY(person_find(tx, inquiry->account_id, inquiry->asker_id, arena, &asker, err));
	ret->asker =
		(struct open_person){people_name(account, asker.id, asker.name_box, arena), asker.address};
	return inquiry_definition(tx, inquiry, arena, &ret->definition, err);
}

static enum result list_own(struct tx *tx, void *context, struct err *err)
{
	struct inquiry_query *q = context;
	struct flow_account account;
	struct inquiry *inquiries;

	TRY(flow_account_load(q->flow, tx, q->actor->account_id, q->arena, &account, err));
	TRY(inquiry_list_of(tx, q->actor->account_id, q->actor->person_id, LIMIT_INQUIRIES_SHOWN, q->arena,
		&inquiries, &q->count, err));
	q->facts = arena_array(q->arena, struct inquiry_facts, q->count);
	for (size_t i = 0; i < q->count; i++) {
		TRY(find_facts(tx, &account, &inquiries[i], q->arena, &q->facts[i], err));
		struct str origin;
		TRY(event_first_sign_in(tx, inquiries[i].asked_id, inquiries[i].created_at, q->arena,
			&q->facts[i].signed_in_at, &origin, err));
		TRY(inquiry_copies(
			tx, &inquiries[i], q->arena, &q->facts[i].copies, &q->facts[i].copy_count, err));
	}
	return RESULT_OK;
}

enum result inquiry_list(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct inquiry_facts **ret, size_t *ret_count, struct err *err)
{
	struct inquiry_query query = {.flow = flow, .actor = actor, .arena = arena};

	TRY(db_read(flow_db(flow), list_own, &query, err));
	*ret = query.facts;
	*ret_count = query.count;
	return RESULT_OK;
}

static enum result open_one(struct tx *tx, void *context, struct err *err)
{
	struct inquiry_query *q = context;
	struct flow_account account;
	struct inquiry inquiry;
	bool is_own;

	TRY(inquiry_find(tx, q->id, q->arena, &inquiry, err));
	TRY(people_is_own(tx, q->actor, inquiry.asked_id, &is_own, err));
	if (!is_own)
		return err_set(err, RESULT_NOT_FOUND, "there is no such request");
	TRY(flow_account_load(q->flow, tx, inquiry.account_id, q->arena, &account, err));
	return find_facts(tx, &account, &inquiry, q->arena, q->facts, err);
}

enum result inquiry_open(struct flow *flow, const struct actor *actor, struct id id, struct arena *arena,
	struct inquiry_facts *ret, struct err *err)
{
	struct inquiry_query query = {.flow = flow, .actor = actor, .id = id, .arena = arena, .facts = ret};

	return db_read(flow_db(flow), open_one, &query, err);
}

bool inquiry_has_ended(const struct inquiry *inquiry, int64_t now)
{
	return inquiry->closed_at || now >= inquiry->expires_at;
}

bool inquiry_takes_no_more(const struct inquiry *inquiry, int64_t now)
{
	return inquiry_has_ended(inquiry, now) || inquiry->answers >= LIMIT_INQUIRY_ANSWERS;
}

enum result inquiry_take_answer(struct tx *tx, struct id id, struct id asked_id, struct id message_id,
	int64_t bytes, const struct actor *actor, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct inquiry inquiry;
	bool done;

	TRY(inquiry_count_answer(tx, id, asked_id, bytes, LIMIT_INQUIRY_ANSWERS, now, &done, err));
	TRY(inquiry_find(tx, id, &arena, &inquiry, err));
	if (!done && !inquiry_takes_no_more(&inquiry, now) && inquiry.bytes_got + bytes > inquiry.bytes_max)
		return err_code(err, RESULT_TOO_LARGE, "inquiry-full", "more than was asked for");
	if (!done)
		return err_code(err, RESULT_GONE, "inquiry-ended", "the request has ended");
	TRY(inquiry_add_answer(tx, id, message_id, now, err));
	return note(tx, actor, EVENT_REQUEST_ANSWERED, inquiry.account_id, id, message_id, inquiry.asker_id,
		now, err);
}
