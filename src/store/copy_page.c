/* Pages of lists, in each order and with each filter: always ranges of one index, so that a page reads as
 * many rows in any mailbox. */
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
#define JOINS " JOIN message m ON m.id = c.message_id LEFT JOIN wrap w ON w.holder_id = c.id"
#define PAGE ROW "copy c" JOINS " WHERE c.mailbox_id = $1 AND c.folder = $2"

/* The usual page: all, by time. */
static const char newest_page[] = PAGE " ORDER BY c.sorted_at DESC, c.id DESC LIMIT $3";
static const char older_page[] =
	PAGE " AND (c.sorted_at, c.id) < ($4, $5) ORDER BY c.sorted_at DESC, c.id DESC LIMIT $3";
static const char newer_page[] =
	PAGE " AND (c.sorted_at, c.id) > ($4, $5) ORDER BY c.sorted_at, c.id LIMIT $3";

/* The same with one row a conversation. */
#define NEWEST_OF_ITS                                                                                        \
	" AND NOT EXISTS (SELECT 1 FROM copy n WHERE n.mailbox_id = c.mailbox_id AND n.thread_id = "         \
	"c.thread_id"                                                                                        \
	" AND n.folder = c.folder AND (n.sorted_at, n.id) > (c.sorted_at, c.id))"

static const char newest_threads[] = PAGE NEWEST_OF_ITS " ORDER BY c.sorted_at DESC, c.id DESC LIMIT $3";
static const char older_threads[] = PAGE NEWEST_OF_ITS
	" AND (c.sorted_at, c.id) < ($4, $5) ORDER BY c.sorted_at DESC, c.id DESC LIMIT $3";
static const char newer_threads[] =
	PAGE NEWEST_OF_ITS " AND (c.sorted_at, c.id) > ($4, $5) ORDER BY c.sorted_at, c.id LIMIT $3";

/* The others: unread or not and files or not are four ranges of the order's index, of which a filter ($4, $5)
 * leaves some out. $6 and $7: between which ends; $8 and $9: where the page begins. */
#define RANGE(unread, files, where, order)                                                                   \
	"SELECT * FROM (SELECT id, who, sorted_at, sorted_back, ends_at FROM copy"                           \
	" WHERE mailbox_id = $1 AND folder = $2 AND unread = " #unread " AND has_files = " #files            \
	" AND $4 <= " #unread " AND $5 <= " #files where " ORDER BY " order                                  \
	" LIMIT $3) AS range_" #unread #files
#define CHOSEN(where, order, row_order)                                                                      \
	ROW "(SELECT id FROM (" RANGE(0, 0, where, order) " UNION ALL " RANGE(                               \
		0, 1, where, order) " UNION ALL " RANGE(1, 0, where, order) " UNION ALL " RANGE(1, 1, where, \
		order) ") AS ranges ORDER BY " order                                                         \
		       " LIMIT $3) AS chosen JOIN copy c ON c.id = chosen.id" JOINS " ORDER BY " row_order

/* A sign before a column, or nothing behind it, keeps its index from being chosen: where the ends narrow the
 * list it is the ends' index that reads least. */
#define ANY_END " AND +ends_at > $6 AND +ends_at <= $7"
#define SOON " AND ends_at > $6 AND ends_at <= $7"
#define TIME "sorted_at, id"
#define TIME_DOWN "sorted_at DESC, id DESC"
#define WHO "who, sorted_back, id"
#define WHO_DOWN "who DESC, sorted_back DESC, id DESC"
/* The address stands in no URL: the row is looked up that the page begins at. */
#define WHO_AT "((SELECT who FROM copy WHERE id = $9 AND mailbox_id = $1), $8, $9)"
#define END "ends_at, id"
#define END_DOWN "ends_at DESC, id DESC"
/* No further than the row that the page begins behind, since SQLite takes one bound of an index only. */
#define END_BOUND ANY_END " AND ends_at > $10 AND ends_at <= $11"

/* Of each conversation the newest among those that the filters leave. */
#define FIRST_OF_ITS                                                                                         \
	" AND NOT EXISTS (SELECT 1 FROM copy n WHERE n.mailbox_id = $1 AND n.thread_id = copy.thread_id"     \
	" AND n.folder = $2 AND +n.unread >= $4 AND +n.has_files >= $5 AND +n.ends_at > $6"                  \
	" AND +n.ends_at <= $7 AND (n.sorted_at, n.id) > (copy.sorted_at, copy.id))"

/* From the begin (0) or behind a row (1), upwards (0) or downwards (1); message by message, or by
 * conversation. */
#define PAGES(first, next, order, down, row_order, row_down)                                                 \
	{                                                                                                    \
		{CHOSEN(first, order, row_order), CHOSEN(first, down, row_down)},                            \
		{                                                                                            \
			CHOSEN(next(">"), order, row_order), CHOSEN(next("<"), down, row_down)               \
		}                                                                                            \
	}
#define BY_TIME(of) ANY_END " AND (sorted_at, id) " of " ($8, $9)"
#define BY_TIME_OF_ITS(of) BY_TIME(of) FIRST_OF_ITS
#define BY_WHO(of) ANY_END " AND (who, sorted_back, id) " of " " WHO_AT
#define BY_WHO_OF_ITS(of) BY_WHO(of) FIRST_OF_ITS
#define BY_END(of) END_BOUND " AND (ends_at, id) " of " ($8, $9)"
#define BY_END_OF_ITS(of) BY_END(of) FIRST_OF_ITS
#define SOON_BY_TIME(of) SOON " AND (+sorted_at, id) " of " ($8, $9)"
#define SOON_BY_TIME_OF_ITS(of) SOON_BY_TIME(of) FIRST_OF_ITS
#define SOON_BY_WHO(of) SOON " AND (who || '', sorted_back, id) " of " " WHO_AT
#define SOON_BY_WHO_OF_ITS(of) SOON_BY_WHO(of) FIRST_OF_ITS
#define ROWS_BY_TIME "c.sorted_at, c.id", "c.sorted_at DESC, c.id DESC"
#define ROWS_BY_WHO "c.who, c.sorted_back, c.id", "c.who DESC, c.sorted_back DESC, c.id DESC"
#define ROWS_BY_END "c.ends_at, c.id", "c.ends_at DESC, c.id DESC"
#define EACH(...) PAGES(__VA_ARGS__)

enum way { WAY_TIME, WAY_WHO, WAY_END, WAY_SOON_BY_TIME, WAY_SOON_BY_WHO };

static const char *const chosen_pages[][2][2][2] = {
	[WAY_TIME] = {EACH(ANY_END, BY_TIME, TIME, TIME_DOWN, ROWS_BY_TIME),
		EACH(ANY_END FIRST_OF_ITS, BY_TIME_OF_ITS, TIME, TIME_DOWN, ROWS_BY_TIME)},
	[WAY_WHO] = {EACH(ANY_END, BY_WHO, WHO, WHO_DOWN, ROWS_BY_WHO),
		EACH(ANY_END FIRST_OF_ITS, BY_WHO_OF_ITS, WHO, WHO_DOWN, ROWS_BY_WHO)},
	[WAY_END] = {EACH(SOON, BY_END, END, END_DOWN, ROWS_BY_END),
		EACH(SOON FIRST_OF_ITS, BY_END_OF_ITS, END, END_DOWN, ROWS_BY_END)},
	[WAY_SOON_BY_TIME] = {EACH(SOON, SOON_BY_TIME, "+" TIME, "+" TIME_DOWN, ROWS_BY_TIME),
		EACH(SOON FIRST_OF_ITS, SOON_BY_TIME_OF_ITS, "+" TIME, "+" TIME_DOWN, ROWS_BY_TIME)},
	[WAY_SOON_BY_WHO] = {EACH(SOON, SOON_BY_WHO, "who || '', sorted_back, id",
				     "who || '' DESC, sorted_back DESC, id DESC", ROWS_BY_WHO),
		EACH(SOON FIRST_OF_ITS, SOON_BY_WHO_OF_ITS, "who || '', sorted_back, id",
			"who || '' DESC, sorted_back DESC, id DESC", ROWS_BY_WHO)},
};

static enum way way_of(const struct copy_choice *choice)
{
	if (choice->sort == COPY_BY_END)
		return WAY_END;
	if (choice->sort == COPY_BY_WHO)
		return choice->ends_until ? WAY_SOON_BY_WHO : WAY_WHO;
	return choice->ends_until ? WAY_SOON_BY_TIME : WAY_TIME;
}

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

static bool is_usual(const struct copy_choice *choice)
{
	return choice->sort == COPY_BY_TIME && !choice->is_reversed && !choice->unread && !choice->files &&
	       !choice->ends_until;
}

static enum result query_usual(struct tx *tx, struct id mailbox_id, enum folder folder, bool by_thread,
	struct copy_cursor from, int64_t limit, struct rows *rows, struct err *err)
{
	const char *newer = by_thread ? newer_threads : newer_page;
	const char *older = by_thread ? older_threads : older_page;

	if (id_is_none(from.id))
		return db_query(tx, by_thread ? newest_threads : newest_page,
			DB_ARGS(db_id(mailbox_id), db_int(folder), db_int(limit)), rows, err);
	return db_query(tx, from.before ? newer : older,
		DB_ARGS(db_id(mailbox_id), db_int(folder), db_int(limit), db_int(from.key), db_id(from.id)),
		rows, err);
}

static enum result query_chosen(struct tx *tx, struct id mailbox_id, enum folder folder,
	const struct copy_choice *choice, struct copy_cursor from, int64_t limit, struct rows *rows,
	struct err *err)
{
	bool is_down = (choice->sort == COPY_BY_TIME) != (choice->is_reversed != from.before);
	int64_t after = choice->ends_until ? choice->ends_after : -1;
	int64_t until = choice->ends_until ? choice->ends_until : INT64_MAX;
	struct db_value args[11] = {db_id(mailbox_id), db_int(folder), db_int(limit), db_bool(choice->unread),
		db_bool(choice->files), db_int(after), db_int(until)};
	size_t count = 7;

	if (!id_is_none(from.id)) {
		args[count++] = db_int(choice->sort == COPY_BY_WHO ? -from.key : from.key);
		args[count++] = db_id(from.id);
	}
	if (!id_is_none(from.id) && choice->sort == COPY_BY_END) {
		args[count++] = db_int(!is_down && from.key > after ? from.key - 1 : after);
		args[count++] = db_int(is_down && from.key < until ? from.key : until);
	}
	return db_query(tx,
		chosen_pages[way_of(choice)][choice->conversations][!id_is_none(from.id)][is_down], args,
		count, rows, err);
}

enum result copy_page(struct tx *tx, struct id mailbox_id, enum folder folder,
	const struct copy_choice *choice, struct copy_cursor from, int64_t limit, struct arena *arena,
	struct copy_row **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct copy_row));

	TRY(is_usual(choice)
			? query_usual(tx, mailbox_id, folder, choice->conversations, from, limit, &rows, err)
			: query_chosen(tx, mailbox_id, folder, choice, from, limit, &rows, err));
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

	TRY(db_query_one(tx, PAGE " AND c.id = $3",
		DB_ARGS(db_id(mailbox_id), db_int(folder), db_id(copy_id)), &rows, err));
	*ret = read_page_row(&rows, arena);
	return rows_end(&rows, err);
}

enum result copy_thread_count(
	struct tx *tx, struct id mailbox_id, struct id thread_id, struct thread_count *ret, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};

	TRY(db_query_one(tx,
		"SELECT COUNT(DISTINCT message_id), COALESCE(SUM(CASE WHEN is_owner = 0 AND unread = 1 THEN "
		"1 ELSE 0 END), 0)"
		" FROM copy WHERE mailbox_id = $1 AND thread_id = $2 AND folder IN (1, 2)",
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
		ROW "copy c" JOINS " WHERE c.mailbox_id = $1 AND c.thread_id = $2 AND c.folder IN (1, 2)"
		    " AND c.message_id <> $3 AND c.is_owner <> 2"
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
