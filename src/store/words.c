#include "store/words_write.h"

#include "base/list.h"

#define PAGE                                                                                                 \
	"SELECT c.id, c.message_id, c.sorted_at, m.expires_at, c.is_owner, c.unread, m.second_factor,"       \
	" m.code_set_at > 0, w.sealed, s.words FROM copy c JOIN message m ON m.id = c.message_id"            \
	" JOIN wrap w ON w.message_id = c.message_id AND w.holder_id = c.id LEFT JOIN message_content s ON " \
	"s.message_id = c.message_id"                                                                        \
	" WHERE c.mailbox_id = $1 AND c.folder = $2"
#define ORDER " ORDER BY c.sorted_at DESC, c.id DESC LIMIT $3"

enum result words_page(struct tx *tx, struct id person_id, enum folder folder, struct copy_cursor from,
	int64_t limit, struct arena *arena, struct words_row **ret, size_t *ret_count, struct err *err)
{
	static const char newest[] = PAGE ORDER;
	static const char older[] = PAGE " AND (c.sorted_at, c.id) < ($4, $5)" ORDER;
	cleanup(rows_done) struct rows rows = {0};
	struct list list = list_new(arena, sizeof(struct words_row));

	if (id_is_none(from.id))
		TRY(db_query(
			tx, newest, DB_ARGS(db_id(person_id), db_int(folder), db_int(limit)), &rows, err));
	else
		TRY(db_query(tx, older,
			DB_ARGS(db_id(person_id), db_int(folder), db_int(limit), db_int(from.key),
				db_id(from.id)),
			&rows, err));
	while (rows_next(&rows))
		*(struct words_row *)list_add(&list) = (struct words_row){
			.copy_id = row_id(&rows, 0),
			.message_id = row_id(&rows, 1),
			.sorted_at = row_int(&rows, 2),
			.expires_at = row_int(&rows, 3),
			.is_owner = row_bool(&rows, 4),
			.unread = row_bool(&rows, 5),
			.second_factor = row_bool(&rows, 6),
			.asks_code = row_bool(&rows, 7),
			.wrap = arena_bytes(arena, row_bytes(&rows, 8)),
			.words = arena_bytes(arena, row_bytes(&rows, 9)),
		};
	*ret = list.items;
	*ret_count = list.count;
	return rows_end(&rows, err);
}

enum result words_add(struct tx *tx, struct id message_id, struct bytes sealed, struct err *err)
{
	return db_exec(tx,
		"INSERT INTO message_content (message_id, words) VALUES ($1, $2)"
		" ON CONFLICT (message_id) DO UPDATE SET words = excluded.words"
		" WHERE message_content.words IS NULL",
		DB_ARGS(db_id(message_id), db_bytes(sealed)), NULL, err);
}
