/* Pages of lists, in each order and with each filter. One index of a folder holds all that they need, in the
 * order of the usual list: of that a page reads as many rows in any mailbox; the others go through the
 * folder's part of the index. */
#include "store/copy_private.h"

#include "base/list.h"
#include "base/mem.h"

#define ROW                                                                                                  \
	"SELECT " COPY_COLUMNS                                                                               \
	", m.sent_at, m.expires_at, m.recalled_at, m.size, m.list_box, w.sealed, m.sender,"                  \
	" m.extended_at, m.second_factor,"                                                                   \
	" CASE WHEN c.is_owner = 0 THEN 0 ELSE (SELECT COUNT(*) FROM copy o WHERE o.message_id = m.id"       \
	"  AND o.person_id = c.person_id AND o.is_owner = 2) END, m.code_set_at > 0,"                        \
	" CASE WHEN c.person_id = c.mailbox_id THEN '' ELSE (SELECT address FROM person p"                   \
	"  WHERE p.id = c.person_id) END, c.who FROM "
#define JOINS                                                                                                \
	" JOIN message m ON m.id = c.message_id LEFT JOIN wrap w ON w.message_id = c.message_id AND "        \
	"w.holder_id = c.id"

/* What the filters let through: unread ones ($4), with files ($5), ending between $6 and $7. */
#define FILTERED(c) c ".unread >= $4 AND " c ".has_files >= $5 AND " c ".ends_at > $6 AND " c ".ends_at <= $7"

/* Copies of a conversation in the mailbox ($1): of its first message, by the addresses read there, and of
 * the later ones, of which alone there is an index. */
#define IS_FIRST(c, thread)                                                                                  \
	c ".message_id = " thread " AND " c ".thread_id = " c ".message_id AND " c                           \
	  ".person_id IN (SELECT id FROM person WHERE id = $1 OR main_id = $1)"
#define IS_LATER(c, thread)                                                                                  \
	c ".mailbox_id = $1 AND " c ".thread_id = " thread " AND " c ".thread_id <> " c ".message_id"
#define OF_THREAD                                                                                            \
	"(SELECT t.id FROM copy t WHERE " IS_LATER(                                                          \
		"t", "$2") " AND t.folder IN (1, 2)"                                                         \
			   " UNION ALL SELECT t.id FROM copy t WHERE " IS_FIRST(                             \
				   "t", "$2") " AND t.folder IN (1, 2))"

/* One row a conversation. */
#define EACH ""
#define NEWEST_OF_ITS NO_NEWER(IS_LATER("n", "c.thread_id")) NO_NEWER(IS_FIRST("n", "c.thread_id"))
#define NO_NEWER(which)                                                                                      \
	" AND NOT EXISTS (SELECT 1 FROM copy n WHERE " which                                                 \
	" AND n.folder = c.folder AND " FILTERED("n") " AND (n.sorted_at, n.id) > (c.sorted_at, c.id))"

#define CHOSEN(which, behind, order)                                                                         \
	ROW "(SELECT id FROM copy c WHERE c.mailbox_id = $1 AND c.folder = $2 AND " FILTERED("c")            \
		which behind " ORDER BY " order " LIMIT $3) AS chosen JOIN copy c ON c.id = chosen.id" JOINS \
			     " ORDER BY " order

#define TIME "c.sorted_at, c.id"
#define TIME_DOWN "c.sorted_at DESC, c.id DESC"
#define TIME_AT "($8, $9)"
#define WHO "c.who, -c.sorted_at, c.id"
#define WHO_DOWN "c.who DESC, -c.sorted_at DESC, c.id DESC"
/* The address stands in no URL: the row is looked up that the page begins at. */
#define WHO_AT "((SELECT who FROM copy WHERE id = $9 AND mailbox_id = $1), $8, $9)"
#define END "c.ends_at, c.id"
#define END_DOWN "c.ends_at DESC, c.id DESC"
#define END_AT "($8, $9)"

/* From the begin, or behind a row; each upwards and downwards. */
#define PAGES(which, by)                                                                                     \
	{                                                                                                    \
		{CHOSEN(which, "", by), CHOSEN(which, "", by##_DOWN)},                                       \
		{                                                                                            \
			CHOSEN(which, " AND (" by ") > " by##_AT, by),                                       \
				CHOSEN(which, " AND (" by ") < " by##_AT, by##_DOWN)                         \
		}                                                                                            \
	}

/* By order, each one or one a conversation. */
static const char *const pages[][2][2][2] = {
	[COPY_BY_TIME] = {PAGES(EACH, TIME), PAGES(NEWEST_OF_ITS, TIME)},
	[COPY_BY_WHO] = {PAGES(EACH, WHO), PAGES(NEWEST_OF_ITS, WHO)},
	[COPY_BY_END] = {PAGES(EACH, END), PAGES(NEWEST_OF_ITS, END)},
};

static struct copy_row read_page_row(const struct rows *rows, struct arena *arena)
{
	struct copy copy = copy_read_row(rows);

	copy.who = arena_str(arena, row_text(rows, COPY_COLUMN_COUNT + 12));
	return (struct copy_row){
		.copy = copy,
		.sent_at = row_int(rows, COPY_COLUMN_COUNT),
		.expires_at = row_int(rows, COPY_COLUMN_COUNT + 1),
		.recalled_at = row_int(rows, COPY_COLUMN_COUNT + 2),
		.size = row_int(rows, COPY_COLUMN_COUNT + 3),
		.list_box = arena_bytes(arena, row_bytes(rows, COPY_COLUMN_COUNT + 4)),
		.wrap = arena_bytes(arena, row_bytes(rows, COPY_COLUMN_COUNT + 5)),
		.sender = arena_str(arena, row_text(rows, COPY_COLUMN_COUNT + 6)),
		.extended_at = row_int(rows, COPY_COLUMN_COUNT + 7),
		.second_factor = row_bool(rows, COPY_COLUMN_COUNT + 8),
		.in_own_mailbox = row_bool(rows, COPY_COLUMN_COUNT + 9),
		.asks_code = row_bool(rows, COPY_COLUMN_COUNT + 10),
		.came_to = arena_str(arena, row_text(rows, COPY_COLUMN_COUNT + 11)),
	};
}

static void reverse(struct copy_row *items, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct copy_row other = items[i];
		items[i] = items[count - 1 - i];
		items[count - 1 - i] = other;
	}
}

struct copy_cursor copy_cursor_at(const struct copy_choice *choice, const struct copy *copy, bool before)
{
	return (struct copy_cursor){
		choice->sort == COPY_BY_END ? copy->ends_at : copy->sorted_at, copy->id, before};
}

enum result copy_page(struct tx *tx, struct id mailbox_id, enum folder folder,
	const struct copy_choice *choice, struct copy_cursor from, int64_t limit, struct arena *arena,
	struct copy_row **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct copy_row));
	bool is_behind = !id_is_none(from.id);
	bool is_down = (choice->sort == COPY_BY_TIME) != (choice->is_reversed != from.before);
	struct db_value args[] = {db_id(mailbox_id), db_int(folder), db_int(limit), db_bool(choice->unread),
		db_bool(choice->files), db_int(choice->ends_until ? choice->ends_after : -1),
		db_int(choice->ends_until ? choice->ends_until : INT64_MAX),
		db_int(choice->sort == COPY_BY_WHO ? -from.key : from.key), db_id(from.id)};

	TRY(db_query(tx, pages[choice->sort][choice->conversations][is_behind][is_down], args,
		is_behind ? COUNT_OF(args) : COUNT_OF(args) - 2, &rows, err));
	while (rows_next(&rows))
		*(struct copy_row *)list_add(&list) = read_page_row(&rows, arena);
	TRY(rows_end(&rows, err));
	if (from.before)
		reverse(list.items, list.count);
	*ret = list.items;
	*ret_count = list.count;
	return RESULT_OK;
}

enum result copy_row_find(struct tx *tx, struct id mailbox_id, enum folder folder, struct id copy_id,
	struct arena *arena, struct copy_row *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx, ROW "copy c" JOINS " WHERE c.mailbox_id = $1 AND c.folder = $2 AND c.id = $3",
		DB_ARGS(db_id(mailbox_id), db_int(folder), db_id(copy_id)), &rows, err));
	*ret = read_page_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result copy_thread_count(
	struct tx *tx, struct id mailbox_id, struct id thread_id, struct thread_count *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		"SELECT COUNT(DISTINCT c.message_id),"
		" COUNT(DISTINCT CASE WHEN c.unread = 1 THEN c.message_id END)"
		" FROM " OF_THREAD " AS chosen JOIN copy c ON c.id = chosen.id",
		DB_ARGS(db_id(mailbox_id), db_id(thread_id)), &rows, err));
	*ret = (struct thread_count){row_int(&rows, 0), row_int(&rows, 1)};
	return rows_end(&rows, err);
}

enum result copy_list_thread(struct tx *tx, const struct copy *copy, int64_t limit, struct arena *arena,
	struct copy_row **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct copy_row));

	/* Of the owner's two of one message the one in Sent. */
	TRY(db_query(tx,
		ROW OF_THREAD " AS chosen JOIN copy c ON c.id = chosen.id" JOINS
			      " WHERE c.message_id <> $3 AND c.is_owner <> 2"
			      " ORDER BY c.sorted_at DESC, c.id DESC LIMIT $4",
		DB_ARGS(db_id(copy->mailbox_id), db_id(copy->thread_id), db_id(copy->message_id),
			db_int(limit)),
		&rows, err));
	while (rows_next(&rows))
		*(struct copy_row *)list_add(&list) = read_page_row(&rows, arena);
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}
