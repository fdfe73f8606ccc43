#include "flow/open.h"

#include "flow/letter.h"
#include "flow/open_rows.h"
#include "flow/people.h"

#define NEWER_BESIDE 6 /* rows shown above an open message */

struct folder_query {
	struct flow *flow;
	const struct actor *actor;
	enum folder folder;
	const struct copy_choice *choice;
	struct copy_cursor from;
	const struct copy *beside; /* the page begins a few rows before this one, not at `from` */
	int64_t limit, now;
	struct arena *arena;
	struct flow_account account;
	struct open_folder page;
};

static struct open_person person_of(struct mime_address address)
{
	return (struct open_person){address.name, address.address};
}

/* Fills in what is sealed. A row whose message cannot be opened is shown without it, rather than hiding the
 * folder. */
static void open_boxes(const struct open_rows *how, const struct copy_row *row, struct message_key *key,
	struct open_summary *ret)
{
	struct letter letter = {0};

	ret->from.address = row->sender;
	if (!ret->readable)
		return;
	enum result result =
		message_key_unwrap(how->key, row->copy.message_id, row->copy.id, row->wrap, key, NULL);
	if (result == RESULT_OK)
		result =
			letter_list_open(row->list_box, key, row->copy.message_id, how->arena, &letter, NULL);
	if (result != RESULT_OK) {
		ret->readable = false;
		return;
	}
	ret->subject = letter.subject;
	ret->from = person_of(letter.from);
	/* The begin of the text is shown to whoever may open it. */
	if (row->copy.is_owner || ((!row->second_factor || how->actor->has_second_factor) && !row->asks_code))
		ret->snippet = letter.snippet;
	ret->files = letter.files;
}

static bool has_ended(const struct copy_row *row, int64_t now)
{
	return row->recalled_at || (row->expires_at && now >= row->expires_at);
}

/* Whom a message of the person's own went to. */
static enum result add_recipients(struct tx *tx, const struct open_rows *how, const struct message_key *key,
	struct open_summary *ret, struct err *err)
{
	struct recipient *recipients;
	size_t count;

	TRY(copy_tally(tx, ret->copy.message_id, &ret->tally, err));
	TRY(recipient_list(tx, ret->copy.message_id, how->arena, &recipients, &count, err));
	ret->to = arena_array(how->arena, struct open_person, count);
	ret->to_count = count;
	for (size_t i = 0; i < count; i++)
		ret->to[i] = (struct open_person){
			ret->readable ? people_recipient_name(key, &recipients[i], how->arena) : STR_NONE,
			recipients[i].address};
	return RESULT_OK;
}

enum result open_row(struct tx *tx, const struct open_rows *how, const struct copy_row *row,
	struct open_summary *ret, struct err *err)
{
	struct message_key key = {0};

	*ret = (struct open_summary){.copy = row->copy,
		.sent_at = row->sent_at,
		.expires_at = row->expires_at,
		.recalled_at = row->recalled_at,
		.extended_at = row->extended_at,
		.in_own_mailbox = row->in_own_mailbox,
		.came_to = row->came_to,
		.readable = row->wrap.len && (row->copy.is_owner || !has_ended(row, how->now))};
	open_boxes(how, row, &key, ret);
	enum result result = row->copy.is_owner ? add_recipients(tx, how, &key, ret, err) : RESULT_OK;
	key_wipe(&key);
	return result;
}

/* One row more than shown was read: it tells whether there is a page behind, in the direction of reading. */
static void set_cursors(
	struct folder_query *q, const struct copy_row *rows, size_t first, size_t count, bool has_more)
{
	bool began_newest = id_is_none(q->from.id);
	bool has_newer = q->from.before ? has_more : !began_newest;
	bool has_older = q->from.before ? true : has_more;

	if (count && has_newer)
		q->page.newer = copy_cursor_at(q->choice, &rows[first].copy, true);
	if (count && has_older)
		q->page.older = copy_cursor_at(q->choice, &rows[first + count - 1].copy, false);
}

/* The page begins behind the row that is one too many. */
static enum result find_start(struct tx *tx, struct folder_query *q, struct err *err)
{
	struct copy_row *rows;
	size_t count;

	TRY(copy_page(tx, q->actor->person_id, q->folder, q->choice,
		copy_cursor_at(q->choice, q->beside, true), NEWER_BESIDE + 1, q->arena, &rows, &count, err));
	if (count > NEWER_BESIDE)
		q->from = copy_cursor_at(q->choice, &rows[0].copy, false);
	return RESULT_OK;
}

static enum result read_folder(struct tx *tx, void *context, struct err *err)
{
	struct folder_query *q = context;
	struct copy_row *rows;
	size_t read;

	q->page = (struct open_folder){0};
	TRY(flow_account_load(q->flow, tx, q->actor->account_id, q->arena, &q->account, err));
	if (q->beside)
		TRY(find_start(tx, q, err));
	q->page.from = q->from;
	TRY(copy_page(tx, q->actor->person_id, q->folder, q->choice, q->from, q->limit + 1, q->arena, &rows,
		&read, err));
	TRY(copy_count(tx, q->actor->person_id, FOLDER_INBOX, &q->page.inbox, err));
	TRY(copy_count(tx, q->actor->person_id, q->folder, &q->page.this_folder, err));
	bool has_more = read > (size_t)q->limit;
	size_t count = has_more ? (size_t)q->limit : read;
	/* Read towards newer ones, the row too many stands first. */
	size_t first = has_more && q->from.before ? 1 : 0;
	q->page.rows = arena_array(q->arena, struct open_summary, count);
	q->page.count = count;
	struct open_rows how = {q->actor, q->account.key, q->now, q->arena};
	for (size_t i = 0; i < count; i++)
		TRY(open_row(tx, &how, &rows[first + i], &q->page.rows[i], err));
	for (size_t i = 0; i < count && q->choice->conversations; i++)
		TRY(copy_thread_count(tx, q->actor->person_id, q->page.rows[i].copy.thread_id,
			&q->page.rows[i].thread, err));
	set_cursors(q, rows, first, count, has_more);
	return RESULT_OK;
}

enum result open_folder(struct flow *flow, const struct actor *actor, enum folder folder,
	const struct copy_choice *choice, struct copy_cursor from, int64_t limit, int64_t now,
	struct arena *arena, struct open_folder *ret, struct err *err)
{
	struct folder_query query = {.flow = flow,
		.actor = actor,
		.folder = folder,
		.choice = choice,
		.from = from,
		.limit = limit,
		.now = now,
		.arena = arena};

	TRY(db_read(flow_db(flow), read_folder, &query, err));
	*ret = query.page;
	return RESULT_OK;
}

enum result open_beside(struct flow *flow, const struct actor *actor, const struct copy *copy,
	const struct copy_choice *choice, int64_t limit, int64_t now, struct arena *arena,
	struct open_folder *ret, struct err *err)
{
	struct folder_query query = {.flow = flow,
		.actor = actor,
		.folder = copy->folder,
		.choice = choice,
		.beside = copy,
		.limit = limit,
		.now = now,
		.arena = arena};

	TRY(db_read(flow_db(flow), read_folder, &query, err));
	*ret = query.page;
	return RESULT_OK;
}

static enum result read_conversation(struct tx *tx, void *context, struct err *err)
{
	struct folder_query *q = context;
	struct copy_row *rows;

	q->page = (struct open_folder){0};
	TRY(flow_account_load(q->flow, tx, q->actor->account_id, q->arena, &q->account, err));
	TRY(copy_list_thread(tx, q->beside, q->limit, q->arena, &rows, &q->page.count, err));
	q->page.rows = arena_array(q->arena, struct open_summary, q->page.count);
	struct open_rows how = {q->actor, q->account.key, q->now, q->arena};
	for (size_t i = 0; i < q->page.count; i++)
		TRY(open_row(tx, &how, &rows[i], &q->page.rows[i], err));
	return RESULT_OK;
}

enum result open_conversation(struct flow *flow, const struct actor *actor, const struct copy *copy,
	int64_t limit, int64_t now, struct arena *arena, struct open_folder *ret, struct err *err)
{
	struct folder_query query = {
		.flow = flow, .actor = actor, .beside = copy, .limit = limit, .now = now, .arena = arena};

	TRY(db_read(flow_db(flow), read_conversation, &query, err));
	*ret = query.page;
	return RESULT_OK;
}

struct self_query {
	struct flow *flow;
	const struct actor *actor;
	struct arena *arena;
	struct open_self self;
};

static enum result read_self(struct tx *tx, void *context, struct err *err)
{
	struct self_query *q = context;
	struct flow_account account;
	struct person person;

	q->self = (struct open_self){0};
	TRY(flow_account_load(q->flow, tx, q->actor->account_id, q->arena, &account, err));
	TRY(person_find(tx, q->actor->account_id, q->actor->person_id, q->arena, &person, err));
	TRY(copy_count(tx, q->actor->person_id, FOLDER_INBOX, &q->self.inbox, err));
	q->self.shared = id_is_none(q->actor->self_id) ? STR_NONE : person.address;
	if (q->self.shared.len)
		TRY(person_find(tx, q->actor->account_id, q->actor->self_id, q->arena, &person, err));
	q->self.name = people_name(&account, person.id, person.name_box, q->arena);
	return RESULT_OK;
}

enum result open_self(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct open_self *ret, struct err *err)
{
	struct self_query query = {.flow = flow, .actor = actor, .arena = arena};

	TRY(db_read(flow_db(flow), read_self, &query, err));
	*ret = query.self;
	return RESULT_OK;
}
