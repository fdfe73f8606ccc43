/* The files of a draft: sealed as they came, each under its own key, which the draft's key seals. */
#include "flow/draft_private.h"

#include "base/limits.h"
#include "flow/upload_private.h"
#include "seal/box.h"

#include <string.h>

#define BOX_FIELD "draft-file"
#define TAKE_BYTES ((size_t)16 * 1024)

/* key, digest, length of the type in one byte, type, name */
struct bytes draft_file_seal(const struct upload *upload, const struct message_key *key, struct arena *arena)
{
	struct str type = str_sub(upload->type, 0, UINT8_MAX);
	size_t size = SEAL_KEY_BYTES + HASH_BYTES + 1 + type.len + upload->name.len;
	uint8_t *plain = arena_alloc(arena, size), *at = plain;

	memcpy(at, upload->key.b, SEAL_KEY_BYTES);
	at += SEAL_KEY_BYTES;
	memcpy(at, upload->digest, HASH_BYTES);
	at += HASH_BYTES;
	*at++ = (uint8_t)type.len;
	if (type.len)
		memcpy(at, type.ptr, type.len);
	if (upload->name.len)
		memcpy(at + type.len, upload->name.ptr, upload->name.len);
	struct bytes box = box_seal(
		key, (struct box_context){BOX_FIELD, upload->id}, (struct bytes){plain, size}, arena);
	seal_wipe(plain, size);
	return box;
}

enum result draft_file_unseal(const struct draft_file *file, const struct message_key *key,
	struct arena *arena, struct upload *ret, struct err *err)
{
	const size_t head = SEAL_KEY_BYTES + HASH_BYTES + 1;
	struct bytes plain;

	TRY(box_open(key, (struct box_context){BOX_FIELD, file->id}, file->box, arena, &plain, err));
	if (plain.len < head || plain.len < head + plain.ptr[head - 1])
		return err_code(err, RESULT_INTERNAL, "sealed-damaged", "a draft's file cannot be read");
	ret->id = file->id;
	ret->size = (uint64_t)file->size;
	memcpy(ret->key.b, plain.ptr, SEAL_KEY_BYTES);
	memcpy(ret->digest, plain.ptr + SEAL_KEY_BYTES, HASH_BYTES);
	struct str rest = str_from(bytes_str(plain), head);
	ret->type = str_sub(rest, 0, plain.ptr[head - 1]);
	ret->name = str_from(rest, plain.ptr[head - 1]);
	return RESULT_OK;
}

struct opening {
	struct flow *flow;
	const struct actor *actor;
	struct id id;
	const struct id *only; /* one of its files; NULL: all */
	bool is_leaving;
	struct arena *arena;
	struct draft_files files;
};

static enum result open_content(struct tx *tx, const struct opening *o, const struct draft_file *file,
	struct upload *upload, struct err *err)
{
	struct message message = {.content = file->place};

	if (file->place.kept == CONTENT_IN_ROW) {
		struct bytes *bytes = arena_alloc(&upload->arena, sizeof(*bytes));
		TRY(draft_file_body(tx, file->id, &upload->arena, bytes, err));
		upload->sealed = reader_of_bytes(bytes);
	} else {
		TRY(sealed_content_open(tx, flow_blobs(o->flow), &message, &upload->kept, err));
		upload->sealed = *sealed_content_reader(upload->kept);
	}
	return seal_reader_new(&upload->key, upload->id, &upload->sealed, &upload->opened, err);
}

static enum result open_files(
	struct tx *tx, struct opening *o, const struct message_key *key, struct err *err)
{
	struct draft_file *files;
	size_t count;

	TRY(draft_file_list(tx, o->id, o->arena, &files, &count, err));
	o->files = (struct draft_files){.files = arena_array(o->arena, struct upload *, count)};
	for (size_t i = 0; i < count; i++) {
		if (o->only && !id_equal(*o->only, files[i].id))
			continue;
		struct upload *upload = mem_new(sizeof(*upload));
		o->files.files[o->files.count++] = upload;
		TRY(draft_file_unseal(&files[i], key, &upload->arena, upload, err));
		TRY(open_content(tx, o, &files[i], upload, err));
	}
	return RESULT_OK;
}

static enum result open_draft(struct tx *tx, void *context, struct err *err)
{
	struct opening *o = context;
	struct flow_account account;
	struct message_key key;
	struct draft draft;

	draft_files_free(&o->files);
	enum result found = draft_find(tx, o->actor->person_id, o->id, o->is_leaving, o->arena, &draft, err);
	if (found == RESULT_NOT_FOUND)
		return RESULT_OK;
	TRY(found);
	TRY(flow_account_load(o->flow, tx, draft.account_id, o->arena, &account, err));
	TRY(draft_key(tx, &account, o->id, &key, err));
	enum result result = open_files(tx, o, &key, err);
	key_wipe(&key);
	return result;
}

static enum result open_all(struct opening *opening, struct draft_files *ret, struct err *err)
{
	enum result result = db_read(flow_db(opening->flow), open_draft, opening, err);

	*ret = opening->files;
	return result;
}

enum result draft_files_open(struct flow *flow, const struct actor *actor, struct id id, struct arena *arena,
	struct draft_files *ret, struct err *err)
{
	struct opening opening = {.flow = flow, .actor = actor, .id = id, .arena = arena};

	return open_all(&opening, ret, err);
}

enum result draft_files_open_leaving(struct flow *flow, const struct actor *actor, struct id id,
	struct arena *arena, struct draft_files *ret, struct err *err)
{
	struct opening opening = {.flow = flow, .actor = actor, .id = id, .is_leaving = true, .arena = arena};

	return open_all(&opening, ret, err);
}

enum result draft_file_open(struct flow *flow, const struct actor *actor, struct id id, struct id file_id,
	struct upload **ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	cleanup(draft_files_free) struct draft_files files = {0};
	struct opening opening = {.flow = flow, .actor = actor, .id = id, .only = &file_id, .arena = &arena};

	TRY(open_all(&opening, &files, err));
	if (files.count == 0)
		return err_set(err, RESULT_NOT_FOUND, "there is no such file");
	*ret = files.files[0];
	files.count = 0;
	return RESULT_OK;
}

struct str draft_file_name(const struct upload *file)
{
	return file->name;
}

struct str draft_file_type(const struct upload *file)
{
	return file->type;
}

struct reader draft_file_bytes(const struct upload *file)
{
	return seal_reader_plain(file->opened);
}

static bool is_dropped(const struct draft_saving *saving, struct id id)
{
	for (size_t i = 0; i < saving->drop_count; i++)
		if (id_equal(saving->drop_files[i], id))
			return true;
	return false;
}

static enum result take(
	struct flow *flow, const struct upload *from, int64_t now, struct upload **ret, struct err *err)
{
	struct reader plain = seal_reader_plain(from->opened);
	char piece[TAKE_BYTES];
	size_t got;

	TRY(upload_begin(flow, from->name, from->type, now, ret, err));
	for (uint64_t at = 0; at < plain.size; at += got) {
		TRY(reader_read(&plain, at, piece, sizeof(piece), &got, err));
		TRY(upload_write(*ret, (struct str){piece, got}, err));
	}
	return upload_end(*ret, err);
}

enum result draft_files_take(struct flow *flow, const struct actor *actor, const struct draft_saving *saving,
	int64_t now, struct arena *arena, struct draft_files *ret, struct err *err)
{
	cleanup(draft_files_free) struct draft_files from = {0};

	TRY(draft_files_open(flow, actor, saving->files_of, arena, &from, err));
	ret->files = arena_array(arena, struct upload *, from.count);
	for (size_t i = 0; i < from.count; i++) {
		if (is_dropped(saving, from.files[i]->id))
			continue;
		ret->files[ret->count++] = NULL;
		TRY(take(flow, from.files[i], now, &ret->files[ret->count - 1], err));
	}
	return RESULT_OK;
}

void draft_files_free(struct draft_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		upload_free(files->files[i]);
	files->count = 0;
}
