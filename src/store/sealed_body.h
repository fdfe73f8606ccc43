/* Where a message's sealed content goes while it comes in: memory up to LIMIT_BODY_IN_ROW_BYTES, then a blob;
 * and where it is read from. */
#ifndef STORE_SEALED_BODY_H
#define STORE_SEALED_BODY_H

#include "blob/blob.h"
#include "store/message.h"

struct sealed_body;

/* The store must outlive it. */
struct sealed_body *sealed_body_new(struct blob_store *blobs, struct id message_id);

/* Removes a blob that was not adopted. */
void sealed_body_free(struct sealed_body *body);
DEFINE_CLEANUP(struct sealed_body *, sealed_body_free)

/* The sink for seal_writer_new. */
struct writer sealed_body_sink(struct sealed_body *body);

/* Puts a blob on disk for good; nothing to do for content in memory. Call before the transaction. */
enum result sealed_body_settle(struct sealed_body *body, struct err *err) must_check;

bool sealed_body_in_blob(const struct sealed_body *body);

/* The bytes to keep in the row; empty when it is a blob. */
struct bytes sealed_body_bytes(const struct sealed_body *body);

/* The transaction with the message is durable: a blob now belongs to it. */
void sealed_body_adopt(struct sealed_body *body);

/* Opens the sealed bytes again, settled or not committed yet, as long as `body` lives. */
enum result sealed_body_reader(struct sealed_body *body, struct reader *ret, struct err *err) must_check;

/* The sealed content of a kept message. */
struct sealed_content;

/* GONE when it was destroyed. `message` is read for its id, in_blob and nothing else. */
enum result sealed_content_open(struct tx *tx, struct blob_store *blobs, const struct message *message,
	struct sealed_content **ret, struct err *err) must_check;
void sealed_content_free(struct sealed_content *content);
DEFINE_CLEANUP(struct sealed_content *, sealed_content_free)
const struct reader *sealed_content_reader(const struct sealed_content *content);

#endif
