/* Where a message's sealed content goes while it comes in: memory up to LIMIT_BODY_IN_PACK_BYTES, then a
 * blob; where it is kept then, by its size: in the row, in a pack, as a blob; and where it is read from. */
#ifndef STORE_SEALED_BODY_H
#define STORE_SEALED_BODY_H

#include "blob/blob.h"
#include "store/message.h"

struct sealed_body;

/* The store must outlive it. */
struct sealed_body *sealed_body_new(struct blob_store *blobs, struct id message_id);

/* Removes from the blob store what was not adopted. */
void sealed_body_free(struct sealed_body *body);
DEFINE_CLEANUP(struct sealed_body *, sealed_body_free)

/* The sink for seal_writer_new. */
struct writer sealed_body_sink(struct sealed_body *body);

/* The content is whole and is read as long as `body` lives, and then forgotten. */
enum result sealed_body_finish(struct sealed_body *body, struct err *err) must_check;

/* The content is whole and is to be kept, and is on its way to the disk. `now` in ms. */
enum result sealed_body_keep(struct sealed_body *body, int64_t now, struct err *err) must_check;

/* After sealed_body_keep and before the transaction: a blob or a place in a pack is on disk when this
 * returns. UNAVAILABLE, also when asked again: it is nowhere. */
enum result sealed_body_settle(struct sealed_body *body, struct err *err) must_check;

/* After sealed_body_settle. */
struct content_place sealed_body_place(const struct sealed_body *body);

/* The bytes to keep in the row, for CONTENT_IN_ROW. */
struct bytes sealed_body_bytes(const struct sealed_body *body);

/* The transaction with the message is durable: a blob or a place in a pack now belongs to it. */
void sealed_body_adopt(struct sealed_body *body);

/* Opens the sealed bytes again after finish or keep, as long as `body` lives. */
enum result sealed_body_reader(struct sealed_body *body, struct reader *ret, struct err *err) must_check;

/* The sealed content of a kept message. */
struct sealed_content;

/* GONE when it was destroyed. `message` is read for its content's place and nothing else. */
enum result sealed_content_open(struct tx *tx, struct blob_store *blobs, const struct message *message,
	struct sealed_content **ret, struct err *err) must_check;
void sealed_content_free(struct sealed_content *content);
DEFINE_CLEANUP(struct sealed_content *, sealed_content_free)
const struct reader *sealed_content_reader(const struct sealed_content *content);

/* Deletes what is outside the database, once the transaction that removed it there is durable. */
enum result sealed_content_delete(
	struct blob_store *blobs, const struct content_place *place, struct err *err) must_check;

#endif
