/* Stored format (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár).
 *
 * Head, 24 bytes: "SPS", version 1 (1 byte), random nonce prefix (19), zero (1).
 * Then chunks of 64 KiB of content, the last one shorter or equal and the only one that may be empty, each
 * followed by its tag (16): XChaCha20-Poly1305 under the subkey SUBKEY_STREAM of the message key.
 * Nonce, 24 bytes: the prefix, the chunk's number from 0 (4, big endian), 1 for the last chunk and 0
 * otherwise (1). Associated data: the head and the message's identifier.
 *
 * Chunks cannot be exchanged, left out or taken from another message; the mark of the last chunk makes a cut
 * noticed, so opening a stream checks its last chunk. A crash leaves a stream without an end, which is
 * refused. */
#include "seal/stream.h"

#include "seal/seal_private.h"

#include <assert.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#define CHUNK_BYTES SEAL_CHUNK_BYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEALED_CHUNK_BYTES (CHUNK_BYTES + TAG_BYTES)
#define HEAD_BYTES ((size_t)24)
#define PREFIX_BYTES ((size_t)19)
#define NONCE_BYTES ((size_t)24)

static const uint8_t magic[4] = {'S', 'P', 'S', 1};

/* What writer and reader share: the subkey, and what binds a chunk to its place. */
struct place {
	uint8_t subkey[SEAL_KEY_BYTES];
	uint8_t associated[HEAD_BYTES + ID_BYTES];
};

static void place_init(struct place *place, const struct message_key *key, struct id message_id,
	const uint8_t head[static HEAD_BYTES])
{
	subkey_derive(key->b, SUBKEY_STREAM, place->subkey);
	memcpy(place->associated, head, HEAD_BYTES);
	memcpy(place->associated + HEAD_BYTES, message_id.b, ID_BYTES);
}

static void chunk_nonce(
	const struct place *place, uint64_t number, bool is_last, uint8_t ret[static NONCE_BYTES])
{
	memcpy(ret, place->associated + sizeof(magic), PREFIX_BYTES);
	for (size_t i = 0; i < 4; i++)
		ret[PREFIX_BYTES + i] = (uint8_t)(number >> (24 - 8 * i));
	ret[NONCE_BYTES - 1] = is_last;
}

struct seal_writer {
	struct place place;
	struct writer sink;
	uint64_t number; /* of the chunk that is being filled */
	uint64_t plain_size, sealed_size;
	size_t filled;
	bool head_written, finished;
	uint8_t plain[CHUNK_BYTES];
	uint8_t sealed[SEALED_CHUNK_BYTES];
};

struct seal_writer *seal_writer_new(const struct message_key *key, struct id message_id, struct writer sink)
{
	struct seal_writer *writer = mem_new_raw(sizeof(*writer));
	uint8_t head[HEAD_BYTES] = {0};

	memset(writer, 0,
		offsetof(struct seal_writer, plain)); /* the two chunks are written before they are read */
	memcpy(head, magic, sizeof(magic));
	randombytes_buf(head + sizeof(magic), PREFIX_BYTES);
	place_init(&writer->place, key, message_id, head);
	writer->sink = sink;
	return writer;
}

void seal_writer_free(struct seal_writer *writer)
{
	if (writer == NULL)
		return;
	sodium_memzero(&writer->place, sizeof(writer->place));
	sodium_memzero(
		writer->plain, writer->plain_size < CHUNK_BYTES ? (size_t)writer->plain_size : CHUNK_BYTES);
	free(writer);
}

static enum result sink_write(struct seal_writer *writer, const void *data, size_t size, struct err *err)
{
	TRY(writer_write(&writer->sink, (struct str){data, size}, err));
	writer->sealed_size += size;
	return RESULT_OK;
}

static enum result seal_chunk(struct seal_writer *writer, bool is_last, struct err *err)
{
	uint8_t nonce[NONCE_BYTES];

	if (!writer->head_written) {
		TRY(sink_write(writer, writer->place.associated, HEAD_BYTES, err));
		writer->head_written = true;
	}
	if (writer->number > UINT32_MAX)
		return err_set(err, RESULT_TOO_LARGE, "more content than a sealed stream holds");
	chunk_nonce(&writer->place, writer->number++, is_last, nonce);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(writer->sealed, NULL, writer->plain, writer->filled,
		writer->place.associated, sizeof(writer->place.associated), NULL, nonce,
		writer->place.subkey);
	TRY(sink_write(writer, writer->sealed, writer->filled + TAG_BYTES, err));
	writer->filled = 0;
	return RESULT_OK;
}

/* A full chunk is sealed only when more comes, since it may be the last one. */
enum result seal_writer_write(struct seal_writer *writer, struct str plain, struct err *err)
{
	assert(!writer->finished);
	while (plain.len > 0) {
		if (writer->filled == CHUNK_BYTES)
			TRY(seal_chunk(writer, false, err));
		size_t room = CHUNK_BYTES - writer->filled;
		size_t take = plain.len < room ? plain.len : room;
		memcpy(writer->plain + writer->filled, plain.ptr, take);
		writer->filled += take;
		writer->plain_size += take;
		plain = str_from(plain, take);
	}
	return RESULT_OK;
}

enum result seal_writer_finish(struct seal_writer *writer, struct err *err)
{
	assert(!writer->finished);
	writer->finished = true;
	return seal_chunk(writer, true, err);
}

uint64_t seal_writer_plain_size(const struct seal_writer *writer)
{
	return writer->plain_size;
}

bool seal_writer_plain(const struct seal_writer *writer, struct str *ret)
{
	if (writer->plain_size > CHUNK_BYTES)
		return false;
	*ret = (struct str){(const char *)writer->plain, (size_t)writer->plain_size};
	return true;
}

uint64_t seal_writer_sealed_size(const struct seal_writer *writer)
{
	return writer->sealed_size;
}

struct seal_reader {
	struct place place;
	const struct reader *sealed;
	uint64_t chunks;
	uint64_t plain_size;
	uint64_t cached; /* number of the chunk in `plain`; UINT64_MAX: none */
	size_t cached_len;
	uint8_t plain[CHUNK_BYTES];
	uint8_t chunk[SEALED_CHUNK_BYTES];
};

static enum result damaged(struct err *err)
{
	return err_code(err, RESULT_INTERNAL, "sealed-damaged", "sealed content was changed or cut");
}

/* Reads exactly size bytes. */
static enum result sealed_read(
	struct seal_reader *reader, uint64_t offset, uint8_t *data, size_t size, struct err *err)
{
	size_t done = 0;

	while (done < size) {
		size_t got;
		TRY(reader_read(reader->sealed, offset + done, data + done, size - done, &got, err));
		if (got == 0)
			return damaged(err);
		done += got;
	}
	return RESULT_OK;
}

static enum result open_chunk(struct seal_reader *reader, uint64_t number, struct err *err)
{
	bool is_last = number == reader->chunks - 1;
	size_t len = is_last ? (size_t)(reader->plain_size - number * CHUNK_BYTES) : CHUNK_BYTES;
	uint8_t nonce[NONCE_BYTES];

	if (reader->cached == number)
		return RESULT_OK;
	reader->cached = UINT64_MAX;
	TRY(sealed_read(
		reader, HEAD_BYTES + number * SEALED_CHUNK_BYTES, reader->chunk, len + TAG_BYTES, err));
	chunk_nonce(&reader->place, number, is_last, nonce);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(reader->plain, NULL, NULL, reader->chunk,
		    len + TAG_BYTES, reader->place.associated, sizeof(reader->place.associated), nonce,
		    reader->place.subkey) != 0)
		return damaged(err);
	reader->cached = number;
	reader->cached_len = len;
	return RESULT_OK;
}

enum result seal_reader_new(const struct message_key *key, struct id message_id, const struct reader *sealed,
	struct seal_reader **ret, struct err *err)
{
	cleanup(seal_reader_free_at) struct seal_reader *reader = mem_new_raw(sizeof(*reader));
	uint8_t head[HEAD_BYTES];

	memset(reader, 0, offsetof(struct seal_reader, plain)); /* as in seal_writer_new */
	if (sealed->size < HEAD_BYTES + TAG_BYTES)
		return damaged(err);
	reader->sealed = sealed;
	reader->cached = UINT64_MAX;
	TRY(sealed_read(reader, 0, head, sizeof(head), err));
	if (memcmp(head, magic, sizeof(magic)) != 0)
		return damaged(err);
	place_init(&reader->place, key, message_id, head);
	uint64_t body = sealed->size - HEAD_BYTES;
	reader->chunks = (body + SEALED_CHUNK_BYTES - 1) / SEALED_CHUNK_BYTES;
	if (reader->chunks > (uint64_t)UINT32_MAX + 1 || body < reader->chunks * TAG_BYTES ||
		body - (reader->chunks - 1) * SEALED_CHUNK_BYTES < TAG_BYTES)
		return damaged(err);
	reader->plain_size = body - reader->chunks * TAG_BYTES;
	TRY(open_chunk(reader, reader->chunks - 1, err));
	*ret = TAKE(reader);
	return RESULT_OK;
}

void seal_reader_free(struct seal_reader *reader)
{
	if (reader == NULL)
		return;
	sodium_memzero(&reader->place, sizeof(reader->place));
	sodium_memzero(
		reader->plain, reader->plain_size < CHUNK_BYTES ? (size_t)reader->plain_size : CHUNK_BYTES);
	free(reader);
}

static enum result plain_read_at(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	struct seal_reader *reader = context;
	size_t done = 0;

	while (done < size && offset + done < reader->plain_size) {
		uint64_t at = offset + done;
		TRY(open_chunk(reader, at / CHUNK_BYTES, err));
		size_t within = (size_t)(at % CHUNK_BYTES);
		size_t left = reader->cached_len - within;
		size_t take = size - done < left ? size - done : left;
		memcpy((uint8_t *)data + done, reader->plain + within, take);
		done += take;
	}
	*ret_read = done;
	return RESULT_OK;
}

struct reader seal_reader_plain(struct seal_reader *reader)
{
	return (struct reader){plain_read_at, reader, reader->plain_size};
}
