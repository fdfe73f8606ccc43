#include "flow/reply.h"
#include "flow/upload_private.h"

#include "base/limits.h"

#include <string.h>

enum result upload_begin(struct flow *flow, struct str name, struct str type, int64_t now,
	struct upload **ret, struct err *err)
{
	struct upload *upload = mem_new(sizeof(*upload));

	(void)err;
	upload->id = id_new(now);
	upload->limit = (uint64_t)flow_names(flow)->mail_bytes_max;
	upload->name = arena_str(&upload->arena, str_sub(name, 0, LIMIT_FILE_NAME_BYTES));
	upload->type = arena_str(&upload->arena, type);
	message_key_new(&upload->key);
	hash_init(&upload->hash);
	upload->body = sealed_body_new(flow_blobs(flow), upload->id);
	upload->sealer = seal_writer_new(&upload->key, upload->id, sealed_body_sink(upload->body));
	*ret = upload;
	return RESULT_OK;
}

enum result upload_write(struct upload *upload, struct str piece, struct err *err)
{
	upload->size += piece.len;
	if (upload->size > upload->limit)
		return err_code(err, RESULT_TOO_LARGE, "too-large", "larger than %llu bytes",
			(unsigned long long)upload->limit);
	hash_add(&upload->hash, piece);
	return seal_writer_write(upload->sealer, piece, err);
}

enum result upload_end(struct upload *upload, struct err *err)
{
	hash_final(&upload->hash, upload->digest);
	TRY(seal_writer_finish(upload->sealer, err));
	TRY(sealed_body_finish(upload->body, err));
	TRY(sealed_body_reader(upload->body, &upload->sealed, err));
	return seal_reader_new(&upload->key, upload->id, &upload->sealed, &upload->opened, err);
}

enum result upload_keep(struct upload *upload, int64_t now, struct err *err)
{
	/* A blob was committed when the file was complete. */
	if (sealed_body_place(upload->body).kept == CONTENT_IN_BLOB)
		return RESULT_OK;
	TRY(sealed_body_keep(upload->body, now, err));
	return sealed_body_settle(upload->body, err);
}

void upload_free(struct upload *upload)
{
	if (upload == NULL)
		return;
	seal_reader_free(upload->opened);
	seal_writer_free(upload->sealer);
	sealed_body_free(upload->body);
	sealed_content_free(upload->kept);
	key_wipe(&upload->key);
	arena_done(&upload->arena);
	free(upload);
}

uint64_t upload_size(const struct upload *upload)
{
	return upload->size;
}
