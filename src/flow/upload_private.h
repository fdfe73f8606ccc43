/* An uploaded file: sealed under a key of its own, which lives in memory only. */
#ifndef FLOW_UPLOAD_PRIVATE_H
#define FLOW_UPLOAD_PRIVATE_H

#include "seal/random.h"
#include "seal/stream.h"
#include "store/sealed_body.h"

struct upload {
	struct arena arena;
	struct id id;
	struct str name, type;
	struct message_key key;
	struct sealed_body *body;    /* while it comes in */
	struct sealed_content *kept; /* read back from a draft */
	struct seal_writer *sealer;
	struct reader sealed;
	struct seal_reader *opened; /* once it is complete */
	uint64_t size, limit;
	struct hash hash;
	uint8_t digest[HASH_BYTES]; /* of the whole file, once it is complete */
};

/* The complete file is to stay beyond the request: its bytes are on disk, or to be kept in a row. Before the
 * transaction. */
enum result upload_keep(struct upload *upload, int64_t now, struct err *err) must_check;

#endif
