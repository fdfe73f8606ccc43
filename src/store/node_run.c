#include "store/node_run_write.h"

#include "base/list.h"
#include "base/mem.h"

enum result node_run_list(
	struct tx *tx, struct arena *arena, struct node_run **ret, size_t *ret_count, struct err *err)
{
	cleanup(rows_done) struct rows rows = {0};
	struct list runs = list_new(arena, sizeof(struct node_run));

	TRY(db_query(tx, "SELECT name, run_id, beats, started_at, beaten_at FROM node_run ORDER BY run_id",
		DB_NO_ARGS, &rows, err));
	while (rows_next(&rows))
		*(struct node_run *)list_add(&runs) =
			(struct node_run){.name = arena_str(arena, row_text(&rows, 0)),
				.id = row_id(&rows, 1),
				.beats = row_int(&rows, 2),
				.started_at = row_int(&rows, 3),
				.beaten_at = row_int(&rows, 4)};
	TRY(rows_end(&rows, err));
	*ret = runs.items;
	*ret_count = runs.count;
	return RESULT_OK;
}

enum result node_run_add(struct tx *tx, const struct node_run *run, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx,
		"INSERT INTO node_run (name, run_id, beats, started_at, beaten_at) VALUES ($1, $2, $3, $4, "
		"$4)"
		" ON CONFLICT (name) DO NOTHING",
		DB_ARGS(db_text(run->name), db_id(run->id), db_int(run->beats), db_int(run->started_at)),
		&changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_CONFLICT, "another process runs as this node");
}

enum result node_run_beat(struct tx *tx, struct id id, int64_t now, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "UPDATE node_run SET beats = beats + 1, beaten_at = $2 WHERE run_id = $1",
		DB_ARGS(db_id(id), db_int(now)), &changed, err));
	return changed ? RESULT_OK : err_set(err, RESULT_CONFLICT, "this run of the node counts as ended");
}

enum result node_run_end(struct tx *tx, struct id id, int64_t beats, bool *ret_ended, struct err *err)
{
	int64_t changed;

	TRY(db_exec(tx, "DELETE FROM node_run WHERE run_id = $1 AND (beats = $2 OR $2 = -1)",
		DB_ARGS(db_id(id), db_int(beats)), &changed, err));
	*ret_ended = changed > 0;
	return RESULT_OK;
}
