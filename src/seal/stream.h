/* Sealed content of any size, written in order and read at any offset, in constant memory. */
#ifndef SEAL_STREAM_H
#define SEAL_STREAM_H

#include "base/io.h"
#include "base/mem.h"
#include "seal/key.h"

#define SEAL_CHUNK_BYTES ((size_t)64 * 1024) /* of content, sealed at once */

struct seal_writer;

/* Seals what is written for the message and passes it to the sink, whose failures come through. */
struct seal_writer *seal_writer_new(const struct message_key *key, struct id message_id, struct writer sink);
void seal_writer_free(struct seal_writer *writer);
DEFINE_CLEANUP(struct seal_writer *, seal_writer_free)

enum result seal_writer_write(struct seal_writer *writer, struct str plain, struct err *err) must_check;

/* Seals the end; nothing may be written afterwards. Without it the stream is refused when it is opened. */
enum result seal_writer_finish(struct seal_writer *writer, struct err *err) must_check;

/* Bytes so far: given in, and passed to the sink. */
uint64_t seal_writer_plain_size(const struct seal_writer *writer);
uint64_t seal_writer_sealed_size(const struct seal_writer *writer);

/* All that was written, as long as the writer lives; false when it is more than a chunk. */
bool seal_writer_plain(const struct seal_writer *writer, struct str *ret);

struct seal_reader;

/* Opens a finished stream; `sealed` must outlive the reader. A stream that was cut or lengthened is refused
 * here, changed bytes when they are read: INTERNAL with code "sealed-damaged", and no byte of that chunk is
 * given. */
enum result seal_reader_new(const struct message_key *key, struct id message_id, const struct reader *sealed,
	struct seal_reader **ret, struct err *err) must_check;
void seal_reader_free(struct seal_reader *reader);
DEFINE_CLEANUP(struct seal_reader *, seal_reader_free)

/* The content as bytes at offsets; for one thread at a time; lives as long as the reader. */
struct reader seal_reader_plain(struct seal_reader *reader);

#endif
