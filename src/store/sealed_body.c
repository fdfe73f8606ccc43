#include "store/sealed_body.h"

#include "base/limits.h"

struct sealed_body {
	struct blob_store *blobs;
	struct id message_id;
	struct buf memory;
	struct blob_writer *writer; /* once the content outgrew the memory */
	struct blob_reader *reader;
	struct bytes slice; /* what the reader over memory points at */
	bool settled, adopted;
};

struct sealed_body *sealed_body_new(struct blob_store *blobs, struct id message_id)
{
	struct sealed_body *body = mem_new(sizeof(*body));

	*body = (struct sealed_body){
		.blobs = blobs, .message_id = message_id, .memory = buf_new(LIMIT_BODY_IN_ROW_BYTES)};
	return body;
}

void sealed_body_free(struct sealed_body *body)
{
	if (body == NULL)
		return;
	blob_reader_free(body->reader);
	blob_writer_free(body->writer);
	if (body->settled && sealed_body_in_blob(body) && !body->adopted)
		(void)!blob_delete(body->blobs, body->message_id, NULL);
	buf_done(&body->memory);
	free(body);
}

bool sealed_body_in_blob(const struct sealed_body *body)
{
	return body->writer != NULL;
}

static enum result body_write(void *context, const void *data, size_t size, struct err *err)
{
	struct sealed_body *body = context;
	struct str piece = {data, size};

	if (body->writer)
		return blob_writer_write(body->writer, piece, err);
	if (size <= body->memory.limit - body->memory.len) {
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

enum result sealed_body_settle(struct sealed_body *body, struct err *err)
{
	if (body->writer)
		TRY(blob_writer_commit(body->writer, err));
	body->settled = true;
	return RESULT_OK;
}

struct bytes sealed_body_bytes(const struct sealed_body *body)
{
	return body->writer ? (struct bytes){0} : buf_bytes(&body->memory);
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
	enum result result =
		message->in_blob ? blob_reader_new(blobs, message->id, &content->blob, err)
				 : message_body_find(tx, message->id, &content->arena, &content->bytes, err);

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
