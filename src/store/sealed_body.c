#include "store/sealed_body.h"

#include "base/limits.h"

/* Most content that outgrows a row fits in. */
#define PACKED_BYTES_USUAL (LIMIT_BODY_IN_PACK_BYTES / 2)

struct sealed_body {
	struct blob_store *blobs;
	struct id message_id;
	struct buf memory;
	struct blob_writer *writer; /* once the content outgrew the memory */
	struct blob_reader *reader;
	struct bytes slice;	   /* what the reader over memory points at */
	struct blob_append append; /* until it is settled */
	struct content_place place;
	bool finished, adopted, is_lost;
};

struct sealed_body *sealed_body_new(struct blob_store *blobs, struct id message_id)
{
	struct sealed_body *body = mem_new(sizeof(*body));

	*body = (struct sealed_body){.blobs = blobs,
		.message_id = message_id,
		.memory = buf_new_public(LIMIT_BODY_IN_PACK_BYTES),
		.place = {.message_id = message_id}};
	return body;
}

void sealed_body_free(struct sealed_body *body)
{
	if (body == NULL)
		return;
	blob_reader_free(body->reader);
	blob_writer_free(body->writer);
	if (body->append.pack)
		blob_pack_abandon(body->blobs, &body->append);
	else if (body->finished && !body->adopted)
		(void)!sealed_content_delete(body->blobs, &body->place, NULL);
	buf_done(&body->memory);
	free(body);
}

static enum result body_write(void *context, const void *data, size_t size, struct err *err)
{
	struct sealed_body *body = context;
	struct str piece = {data, size};

	if (body->writer)
		return blob_writer_write(body->writer, piece, err);
	if (size <= body->memory.limit - body->memory.len) {
		if (body->memory.len + size > LIMIT_BODY_IN_ROW_BYTES)
			buf_reserve(&body->memory, PACKED_BYTES_USUAL);
		buf_add(&body->memory, piece);
		return RESULT_OK;
	}
	TRY(blob_writer_new(body->blobs, body->message_id, &body->writer, err));
	TRY(blob_writer_write(body->writer, buf_str(&body->memory), err));
	buf_done(&body->memory);
	return blob_writer_write(body->writer, piece, err);
}

struct writer sealed_body_sink(struct sealed_body *body)
{
	return (struct writer){body_write, body};
}

enum result sealed_body_finish(struct sealed_body *body, struct err *err)
{
	if (body->writer) {
		TRY(blob_writer_commit(body->writer, err));
		body->place.kept = CONTENT_IN_BLOB;
	}
	body->finished = true;
	return RESULT_OK;
}

enum result sealed_body_keep(struct sealed_body *body, int64_t now, struct err *err)
{
	if (body->writer == NULL && body->memory.len > LIMIT_BODY_IN_ROW_BYTES) {
		TRY(blob_pack_append(body->blobs, buf_bytes(&body->memory), now, &body->append, err));
		body->place.kept = CONTENT_IN_PACK;
		body->place.pack = body->append.place;
	}
	return sealed_body_finish(body, err);
}

enum result sealed_body_settle(struct sealed_body *body, struct err *err)
{
	if (body->is_lost)
		return err_set(err, RESULT_UNAVAILABLE, "the content did not reach the disk");
	if (body->append.pack == NULL)
		return RESULT_OK;
	enum result result = blob_pack_settle(body->blobs, &body->append, err);
	body->is_lost = result != RESULT_OK;
	if (body->is_lost)
		body->finished = false; /* nothing is left to be deleted */
	return result;
}

struct content_place sealed_body_place(const struct sealed_body *body)
{
	return body->place;
}

struct bytes sealed_body_bytes(const struct sealed_body *body)
{
	return buf_bytes(&body->memory);
}

void sealed_body_adopt(struct sealed_body *body)
{
	body->adopted = true;
}

enum result sealed_body_reader(struct sealed_body *body, struct reader *ret, struct err *err)
{
	if (body->writer == NULL) {
		body->slice = buf_bytes(&body->memory);
		*ret = reader_of_bytes(&body->slice);
		return RESULT_OK;
	}
	if (body->reader == NULL)
		TRY(blob_reader_new(body->blobs, body->message_id, &body->reader, err));
	*ret = blob_reader_bytes(body->reader);
	return RESULT_OK;
}

struct sealed_content {
	struct arena arena;
	struct bytes bytes;
	struct blob_reader *blob;
	struct reader reader;
};

void sealed_content_free(struct sealed_content *content)
{
	if (content == NULL)
		return;
	blob_reader_free(content->blob);
	arena_done(&content->arena);
	free(content);
}

enum result sealed_content_open(struct tx *tx, struct blob_store *blobs, const struct message *message,
	struct sealed_content **ret, struct err *err)
{
	cleanup(sealed_content_free_at) struct sealed_content *content = mem_new(sizeof(*content));
	const struct content_place *place = &message->content;
	enum result result = RESULT_INTERNAL;

	switch (place->kept) {
	case CONTENT_IN_ROW:
		result = message_body_find(tx, place->message_id, &content->arena, &content->bytes, err);
		break;
	case CONTENT_IN_BLOB:
		result = blob_reader_new(blobs, place->message_id, &content->blob, err);
		break;
	case CONTENT_IN_PACK:
		result = blob_pack_reader_new(blobs, &place->pack, &content->blob, err);
		break;
	}
	if (result == RESULT_NOT_FOUND)
		return err_set(err, RESULT_GONE, "the content was destroyed");
	TRY(result);
	content->reader = content->blob ? blob_reader_bytes(content->blob) : reader_of_bytes(&content->bytes);
	*ret = TAKE(content);
	return RESULT_OK;
}

const struct reader *sealed_content_reader(const struct sealed_content *content)
{
	return &content->reader;
}

enum result sealed_content_delete(
	struct blob_store *blobs, const struct content_place *place, struct err *err)
{
	switch (place->kept) {
	case CONTENT_IN_ROW:
		return RESULT_OK;
	case CONTENT_IN_BLOB:
		return blob_delete(blobs, place->message_id, err);
	case CONTENT_IN_PACK:
		return blob_pack_discard(blobs, &place->pack, err);
	}
	return RESULT_OK;
}
