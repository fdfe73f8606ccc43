#include "flow/export.h"

#include "base/limits.h"
#include "flow/evidence.h"
#include "flow/open_whole.h"
#include "mime/zip.h"

struct exported {
	struct id copy_id;
	bool is_owner;
};

struct export_file {
	struct arena arena;
	struct flow *flow;
	struct actor actor;
	int64_t (*clock)(void);
	struct exported *messages;
	struct mime_zip *zip;
	/* The message that is being read. */
	struct open_message *message;
	struct open_whole whole;
};

int64_t export_parts(int64_t messages)
{
	return (messages + LIMIT_EXPORT_MESSAGES - 1) / LIMIT_EXPORT_MESSAGES;
}

static void close_message(struct export_file *file)
{
	if (file->message)
		open_whole_done(&file->whole);
	open_message_free(file->message);
	file->message = NULL;
}

static enum result open_one(struct export_file *file, struct id copy_id, int64_t now, struct err *err)
{
	struct open_message *message;

	close_message(file);
	TRY(open_message(file->flow, &file->actor, copy_id, OPEN_SAVE, now, &message, err));
	file->message = message;
	return open_whole_begin(message, &file->whole, err);
}

static enum result open_in_zip(void *context, size_t number, struct reader *ret, struct err *err)
{
	struct export_file *file = context;

	TRY(open_one(file, file->messages[number].copy_id, file->clock(), err));
	*ret = open_whole_reader(&file->whole);
	return RESULT_OK;
}

static enum result note_begin(void *context, size_t number, struct err *err)
{
	struct export_file *file = context;
	const struct exported *message = &file->messages[number];

	if (message->is_owner)
		return RESULT_OK;
	return evidence_note(file->flow, &file->actor, EVIDENCE_MESSAGE_SAVED, message->copy_id, STR_NONE,
		file->clock(), err);
}

/* Sorts by time, and says which message it is; the subject is inside. */
static struct str name_of(struct export_file *file, size_t number)
{
	const struct open_summary *summary = &file->message->summary;

	return arena_printf(&file->arena, "%04zu-%s.eml", number + 1, id_text(summary->copy.id).s);
}

/* What may not be saved, or has ended, is left out. */
static enum result add_message(struct export_file *file, struct id copy_id, int64_t now,
	struct mime_zip_source *sources, size_t *count, struct err *err)
{
	struct err why = {0};
	enum result result = open_one(file, copy_id, now, &why);

	if (result == RESULT_DENIED || result == RESULT_GONE || result == RESULT_NOT_FOUND)
		return RESULT_OK;
	if (result != RESULT_OK && err)
		*err = why;
	TRY(result);
	file->messages[*count] = (struct exported){copy_id, file->message->summary.copy.is_owner};
	sources[*count] =
		(struct mime_zip_source){name_of(file, *count), open_whole_reader(&file->whole).size};
	(*count)++;
	return RESULT_OK;
}

struct part_query {
	struct flow *flow;
	const struct actor *actor;
	enum folder folder;
	int64_t part;
	struct arena *arena;
	struct copy_row *rows;
	size_t count;
};

static enum result find_rows(struct tx *tx, void *context, struct err *err)
{
	struct part_query *q = context;
	struct flow_account account;
	struct copy_choice all = {0};
	struct copy_cursor from = {0};

	TRY(flow_account_load(q->flow, tx, q->actor->account_id, q->arena, &account, err));
	if (!account.settings.export)
		return err_set(err, RESULT_DENIED, "the account allows no export");
	for (int64_t part = 1; part <= q->part; part++) {
		TRY(copy_page(tx, q->actor->person_id, q->folder, &all, from, LIMIT_EXPORT_MESSAGES, q->arena,
			&q->rows, &q->count, err));
		if (q->count == 0)
			return err_set(err, RESULT_NOT_FOUND, "there is no such part");
		from = copy_cursor_at(&all, &q->rows[q->count - 1].copy, false);
	}
	return RESULT_OK;
}

static enum result plan(
	struct export_file *file, const struct part_query *query, int64_t now, struct err *err)
{
	struct mime_zip_source *sources = arena_array(&file->arena, struct mime_zip_source, query->count);
	struct mime_zip_opener opener = {open_in_zip, note_begin, file};
	size_t count = 0;

	file->messages = arena_array(&file->arena, struct exported, query->count);
	for (size_t i = 0; i < query->count; i++)
		TRY(add_message(file, query->rows[i].copy.id, now, sources, &count, err));
	close_message(file);
	if (count == 0)
		return err_set(err, RESULT_NOT_FOUND, "nothing of it may be saved");
	return mime_zip_of_sources(sources, count, now, opener, &file->zip, err);
}

enum result export_begin(struct flow *flow, const struct actor *actor, enum folder folder, int64_t part,
	int64_t now, int64_t (*clock)(void), struct export_file **ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(export_free_at) struct export_file *file = mem_new(sizeof(*file));
	struct part_query query = {
		.flow = flow, .actor = actor, .folder = folder, .part = part, .arena = &arena};

	file->flow = flow;
	file->actor = *actor;
	file->actor.origin = arena_str(&file->arena, actor->origin);
	file->clock = clock;
	TRY(db_read(flow_db(flow), find_rows, &query, err));
	TRY(plan(file, &query, now, err));
	*ret = TAKE(file);
	return RESULT_OK;
}

void export_free(struct export_file *file)
{
	if (file == NULL)
		return;
	mime_zip_free(file->zip);
	close_message(file);
	arena_done(&file->arena);
	free(file);
}

/* A recall or the expiry of the message that is being read ends it. */
static enum result read_export(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	struct export_file *file = context;
	struct reader bytes = mime_zip_bytes(file->zip);

	if (file->message)
		TRY(open_still(file->flow, &file->actor, file->message, file->clock(), err));
	return reader_read(&bytes, offset, data, size, ret_read, err);
}

struct reader export_bytes(struct export_file *file)
{
	return (struct reader){read_export, file, mime_zip_bytes(file->zip).size};
}
