#include "flow/content.h"

#include "base/limits.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "seal/stream.h"

#define SNIPPET_BYTES 160
#define SNIPPET_SOURCE_BYTES 2000
/* As it came, so that most mails need not be opened again; of a larger one the text mostly begins in it. */
#define PLAIN_BYTES ((size_t)256 * 1024)

struct content {
	struct arena arena;
	struct id message_id;
	struct message_key *key;
	int64_t limit;
	struct sealed_body *body;
	struct seal_writer *sealer;
	struct mime_scan *scan;
	const struct mime_index *index;
	struct buf plain;	/* the first PLAIN_BYTES, when the sealer has not kept all … */
	struct bytes in_memory; /* … and what is at hand, as a reader takes it */
	struct content_mac mac; /* of the body; the header's fields come last */
	struct letter letter;
	struct reader sealed;
	struct seal_reader *opened;
	int64_t size, sealed_size;
};

struct content *content_new(
	struct blob_store *blobs, const struct account_key *account, int64_t limit, int64_t now)
{
	struct content *content = mem_new(sizeof(*content));

	content->message_id = id_new(now);
	content->key = mem_new(sizeof(*content->key));
	message_key_new(content->key);
	content->limit = limit;
	content->body = sealed_body_new(blobs, content->message_id);
	content->sealer = seal_writer_new(content->key, content->message_id, sealed_body_sink(content->body));
	content->scan = mime_scan_new();
	content->plain = buf_new(PLAIN_BYTES);
	content_mac_init(&content->mac, account);
	return content;
}

void content_free(struct content *content)
{
	if (content == NULL)
		return;
	seal_reader_free(content->opened);
	seal_writer_free(content->sealer);
	sealed_body_free(content->body);
	mime_scan_free(content->scan);
	buf_done(&content->plain);
	key_wipe(content->key);
	key_wipe(&content->mac);
	free(content->key);
	arena_done(&content->arena);
	free(content);
}

static void mac_body(struct content *content, struct str piece, uint64_t offset)
{
	uint64_t body = mime_scan_body_offset(content->scan);

	if (body >= offset + piece.len)
		return;
	content_mac_add(&content->mac, body > offset ? str_from(piece, (size_t)(body - offset)) : piece);
}

/* From the piece on with which the sealer forgets its first chunk. */
static void keep_plain(struct content *content, struct str piece)
{
	struct str all = STR_NONE;

	if (seal_writer_plain(content->sealer, &all) && all.len + piece.len <= SEAL_CHUNK_BYTES)
		return;
	buf_reserve(&content->plain, PLAIN_BYTES / 2);
	buf_add(&content->plain, all);
	buf_add(&content->plain, str_sub(piece, 0, PLAIN_BYTES - content->plain.len));
}

enum result content_add(struct content *content, struct str piece, struct err *err)
{
	uint64_t offset = seal_writer_plain_size(content->sealer);

	if ((int64_t)(offset + piece.len) > content->limit)
		return err_code(err, RESULT_TOO_LARGE, "too-large", "larger than %lld bytes",
			(long long)content->limit);
	TRY(mime_scan_add(content->scan, piece, err));
	mac_body(content, piece, offset);
	keep_plain(content, piece);
	return seal_writer_write(content->sealer, piece, err);
}

static enum result content_write(void *context, const void *data, size_t size, struct err *err)
{
	return content_add(context, (struct str){data, size}, err);
}

struct writer content_writer(struct content *content)
{
	return (struct writer){content_write, content};
}

static void mac_header(struct content *content)
{
	static const char *const trace[] = {"Received", "Return-Path", "Delivered-To", "X-Original-To",
		"X-Received", "Authentication-Results"};
	struct str rest = mime_scan_header(content->scan);
	struct mime_field field;

	while (mime_field_next(&rest, &field)) {
		bool is_trace = false;
		for (size_t i = 0; i < COUNT_OF(trace); i++)
			is_trace = is_trace || str_equal_nocase(field.name, str_of(trace[i]));
		if (!is_trace)
			content_mac_add(&content->mac, field.whole);
	}
}

/* All of a mail that is not large, or its begin. */
static struct reader in_memory(struct content *content)
{
	struct str all;

	content->in_memory =
		seal_writer_plain(content->sealer, &all) ? str_bytes(all) : buf_bytes(&content->plain);
	return reader_of_bytes(&content->in_memory);
}

/* The begin of the text, in one line. */
static struct str read_snippet(struct content *content, struct arena *arena)
{
	const struct mime_part **parts;
	size_t count = mime_index_body(content->index, false, arena, &parts);
	cleanup(buf_done) struct buf text = buf_new(SNIPPET_SOURCE_BYTES);
	struct mime_part begin;
	struct reader mail = in_memory(content);
	bool cut;

	if (count == 0 || !str_equal(parts[0]->type, STR("text/plain")))
		return STR_NONE;
	begin = *parts[0];
	if (begin.body_len > SNIPPET_SOURCE_BYTES / 2)
		begin.body_len = SNIPPET_SOURCE_BYTES / 2;
	if (begin.body_offset + begin.body_len > mail.size && content_open(content, &mail, NULL) != RESULT_OK)
		return STR_NONE;
	if (mime_part_text(&mail, &begin, &text, &cut, NULL) != RESULT_OK)
		return STR_NONE;
	struct str clean = mime_clean_text(buf_str(&text), SNIPPET_SOURCE_BYTES, arena);
	char *line = arena_alloc(arena, clean.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < clean.len && len < SNIPPET_BYTES; i++)
		if (clean.ptr[i] != ' ' || (len > 0 && line[len - 1] != ' '))
			line[len++] = clean.ptr[i];
	while (len > 0 && ((unsigned char)line[len - 1] & 0xc0) == 0x80 &&
		!str_is_utf8((struct str){line, len}))
		len--;
	if (!str_is_utf8((struct str){line, len}) && len > 0)
		len--;
	return (struct str){line, len};
}

enum result content_end(struct content *content, struct err *err)
{
	const struct mime_part **files;

	TRY(mime_scan_end(content->scan, &content->index, err));
	TRY(seal_writer_finish(content->sealer, err));
	content->size = (int64_t)seal_writer_plain_size(content->sealer);
	content->sealed_size = (int64_t)seal_writer_sealed_size(content->sealer);
	mac_header(content);
	letter_read(mime_scan_header(content->scan), &content->arena, &content->letter);
	TRY(sealed_body_keep(content->body, id_time(content->message_id), err));
	content->letter.snippet = read_snippet(content, &content->arena);
	content->letter.files = (int64_t)mime_index_files(content->index, &content->arena, &files);
	return RESULT_OK;
}

struct id content_message_id(const struct content *content)
{
	return content->message_id;
}

const struct message_key *content_key(const struct content *content)
{
	return content->key;
}

struct letter *content_letter(struct content *content)
{
	return &content->letter;
}

const struct mime_index *content_index(const struct content *content)
{
	return content->index;
}

struct str content_header(const struct content *content)
{
	return mime_scan_header(content->scan);
}

struct sealed_body *content_body(struct content *content)
{
	return content->body;
}

int64_t content_size(const struct content *content)
{
	return content->size;
}

int64_t content_sealed_size(const struct content *content)
{
	return content->sealed_size;
}

void content_fingerprint(const struct content *content, uint8_t ret[static CONTENT_MAC_BYTES])
{
	content_mac_final(&content->mac, ret);
}

enum result content_open(struct content *content, struct reader *ret, struct err *err)
{
	*ret = in_memory(content);
	if ((int64_t)ret->size == content->size)
		return RESULT_OK;
	if (content->opened == NULL) {
		TRY(sealed_body_reader(content->body, &content->sealed, err));
		TRY(seal_reader_new(
			content->key, content->message_id, &content->sealed, &content->opened, err));
	}
	*ret = seal_reader_plain(content->opened);
	return RESULT_OK;
}
