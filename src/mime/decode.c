#include "mime/decode.h"

#include "mime/html_charset.h"
#include "mime/rtf.h"
#include "mime/rtf_text.h"

#include <string.h>

#define PIECE_BYTES ((size_t)32 * 1024)
#define UU_LINE_MAX 200
/* What such a piece becomes fits into one of PIECE_BYTES, or two when its text is read. */
#define RTF_PIECE_BYTES (PIECE_BYTES / MIME_RTF_GROWTH_MAX / 2)
_Static_assert(MIME_RTF_GROWTH_MAX *RTF_PIECE_BYTES *MIME_RTF_TEXT_GROWTH_MAX + MIME_RTF_TEXT_KEPT_MAX <=
		       2 * PIECE_BYTES,
	"the text of a piece fits into the block of a reader");

/* Values of base64 characters; 64: "=", 65: left out silently (white space), 66: garbage. */
static uint8_t base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint8_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint8_t)(c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0' + 52);
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	if (c == '=')
		return 64;
	return c == '\r' || c == '\n' || c == ' ' || c == '\t' ? 65 : 66;
}

static bool is_rtf(enum mime_encoding encoding)
{
	return encoding == MIME_ENCODING_COMPRESSED_RTF || encoding == MIME_ENCODING_RTF_TEXT;
}

static bool is_as_written(enum mime_encoding encoding)
{
	return encoding == MIME_ENCODING_IDENTITY || encoding == MIME_ENCODING_UNKNOWN;
}

void mime_decoder_init(struct mime_decoder *decoder, enum mime_encoding encoding)
{
	*decoder = (struct mime_decoder){.encoding = encoding, .line = buf_new(UU_LINE_MAX)};
	if (is_rtf(encoding))
		decoder->rtf = mime_rtf_new();
	if (encoding != MIME_ENCODING_RTF_TEXT)
		return;
	decoder->rtf_text = mime_rtf_text_new();
	decoder->raw_rtf = buf_new(MIME_RTF_GROWTH_MAX * RTF_PIECE_BYTES);
}

void mime_decoder_done(struct mime_decoder *decoder)
{
	buf_done(&decoder->line);
	mime_rtf_free(decoder->rtf);
	mime_rtf_text_free(decoder->rtf_text);
	buf_done(&decoder->raw_rtf);
	decoder->rtf = NULL;
	decoder->rtf_text = NULL;
}

static size_t emit(struct buf *out, const char *data, size_t len)
{
	if (out)
		buf_add_bytes(out, data, len);
	return len;
}

/* Collects decoded bytes, so that the buffer is not asked for each. */
struct block {
	char data[768];
	size_t len;
	struct buf *out;
	size_t total;
};

static void block_flush(struct block *block)
{
	block->total += emit(block->out, block->data, block->len);
	block->len = 0;
}

static inline void block_add(struct block *block, unsigned value)
{
	if (block->len == sizeof(block->data))
		block_flush(block);
	block->data[block->len++] = (char)(uint8_t)value;
}

/* After "=" come the next quantum's characters again when mails were joined, so padding ends only its
 * quantum. */
static void base64_flush(struct mime_decoder *d, struct block *block)
{
	if (d->have >= 2)
		block_add(block, d->bits >> (6 * d->have - 8));
	if (d->have == 3)
		block_add(block, d->bits >> 2);
	d->broken = d->broken || d->have == 1;
	d->bits = 0;
	d->have = 0;
}

static size_t base64_add(struct mime_decoder *d, struct str data, struct buf *out)
{
	struct block block = {.out = out};

	for (size_t i = 0; i < data.len; i++) {
		uint8_t value = base64_value((unsigned char)data.ptr[i]);
		if (value < 64) {
			d->bits = d->bits << 6 | value;
			if (++d->have == 4) {
				block_add(&block, d->bits >> 16);
				block_add(&block, d->bits >> 8);
				block_add(&block, d->bits);
				d->bits = 0;
				d->have = 0;
			}
		} else if (value == 64) {
			base64_flush(d, &block);
		} else if (value == 66) {
			d->broken = true;
		}
	}
	block_flush(&block);
	return block.total;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Handles one character with what was kept: "=" alone, "=" and a hexadecimal digit, or "=" and CR. */
static void qp_char(struct mime_decoder *d, char c, struct block *block)
{
	if (d->kept_len == 0) {
		if (c == '=')
			d->kept[d->kept_len++] = c;
		else
			block_add(block, (unsigned char)c);
		return;
	}
	if (d->kept_len == 1 && c == '\n') { /* soft line break */
		d->kept_len = 0;
		return;
	}
	if (d->kept_len == 1 && (hex_value(c) >= 0 || c == '\r')) {
		d->kept[d->kept_len++] = c;
		return;
	}
	bool is_break = d->kept_len == 2 && d->kept[1] == '\r' && c == '\n';
	bool is_byte = d->kept_len == 2 && d->kept[1] != '\r' && hex_value(c) >= 0;
	if (is_byte)
		block_add(block, (unsigned)(hex_value(d->kept[1]) << 4 | hex_value(c)));
	if (is_break || is_byte) {
		d->kept_len = 0;
		return;
	}
	/* No code after all: as written. */
	d->broken = true;
	for (size_t i = 0; i < d->kept_len; i++)
		block_add(block, (unsigned char)d->kept[i]);
	d->kept_len = 0;
	qp_char(d, c, block);
}

static size_t qp_add(struct mime_decoder *d, struct str data, struct buf *out)
{
	struct block block = {.out = out};

	for (size_t i = 0; i < data.len; i++)
		qp_char(d, data.ptr[i], &block);
	block_flush(&block);
	return block.total;
}

static size_t uu_line(struct mime_decoder *d, struct str line, struct buf *out)
{
	struct block block = {.out = out};

	if (line.len == 0 || d->ended || str_starts(line, STR("begin ")))
		return 0;
	if (str_equal(line, STR("end"))) {
		d->ended = true;
		return 0;
	}
	size_t left = (size_t)((unsigned char)line.ptr[0] - 32) & 63;
	for (size_t i = 1; left > 0 && i < line.len; i += 4) {
		unsigned v[4] = {0};
		for (size_t k = 0; k < 4 && i + k < line.len; k++)
			v[k] = ((unsigned)(unsigned char)line.ptr[i + k] - 32) & 63;
		unsigned bytes[3] = {v[0] << 2 | v[1] >> 4, v[1] << 4 | v[2] >> 2, v[2] << 6 | v[3]};
		for (size_t k = 0; k < 3 && left > 0; k++, left--)
			block_add(&block, bytes[k]);
	}
	block_flush(&block);
	return block.total;
}

static size_t uu_add(struct mime_decoder *d, struct str data, struct buf *out)
{
	size_t total = 0;

	for (size_t i = 0; i < data.len; i++) {
		if (data.ptr[i] == '\n') {
			total += uu_line(d, str_trim(buf_str(&d->line)), out);
			buf_clear(&d->line);
		} else {
			buf_add_char(&d->line, data.ptr[i]);
		}
	}
	return total;
}

static size_t rtf_text_add(struct mime_decoder *d, struct str data, struct buf *out)
{
	size_t total = 0;

	while (data.len) {
		struct str piece = str_sub(data, 0, RTF_PIECE_BYTES);
		buf_clear(&d->raw_rtf);
		d->rtf_bytes += mime_rtf_add(d->rtf, piece, &d->raw_rtf);
		total += mime_rtf_text_add(d->rtf_text, buf_str(&d->raw_rtf), out);
		data = str_from(data, piece.len);
	}
	return total;
}

size_t mime_decoder_add(struct mime_decoder *decoder, struct str data, struct buf *out)
{
	switch (decoder->encoding) {
	case MIME_ENCODING_BASE64:
		return base64_add(decoder, data, out);
	case MIME_ENCODING_QUOTED_PRINTABLE:
		return qp_add(decoder, data, out);
	case MIME_ENCODING_UUENCODE:
		return uu_add(decoder, data, out);
	case MIME_ENCODING_COMPRESSED_RTF:
		return mime_rtf_add(decoder->rtf, data, out);
	case MIME_ENCODING_RTF_TEXT:
		return rtf_text_add(decoder, data, out);
	case MIME_ENCODING_IDENTITY:
	case MIME_ENCODING_UNKNOWN:
		break;
	}
	return emit(out, data.ptr, data.len);
}

size_t mime_decoder_end(struct mime_decoder *decoder, struct buf *out)
{
	struct block block = {.out = out};

	if (decoder->encoding == MIME_ENCODING_BASE64)
		base64_flush(decoder, &block);
	if (decoder->encoding == MIME_ENCODING_QUOTED_PRINTABLE)
		for (size_t i = 0; i < decoder->kept_len; i++)
			block_add(&block, (unsigned char)decoder->kept[i]);
	if (decoder->encoding == MIME_ENCODING_UUENCODE && decoder->line.len)
		return uu_line(decoder, str_trim(buf_str(&decoder->line)), out);
	if (is_rtf(decoder->encoding))
		decoder->broken = !mime_rtf_is_whole(decoder->rtf);
	if (decoder->encoding == MIME_ENCODING_RTF_TEXT)
		return mime_rtf_text_end(decoder->rtf_text, out);
	decoder->kept_len = 0;
	block_flush(&block);
	return block.total;
}

struct mime_part_reader {
	const struct reader *message;
	const struct mime_part *part;
	struct mime_decoder decoder;
	uint64_t raw_at;       /* raw bytes read of the body */
	uint64_t block_offset; /* decoded offset of the block */
	struct str block;      /* decoded bytes at hand: in `decoded`, or where they were read */
	struct buf decoded;
	bool ended;
	char *raw;	 /* PIECE_BYTES, for a message that is not in memory */
	size_t raw_used; /* bytes of raw that were written */
};

struct mime_part_reader *mime_part_reader_new(const struct reader *message, const struct mime_part *part)
{
	struct mime_part_reader *reader = mem_new(sizeof(*reader));

	reader->message = message;
	reader->part = part;
	reader->decoded = buf_new(2 * PIECE_BYTES);
	mime_decoder_init(&reader->decoder, part->encoding);
	return reader;
}

void mime_part_reader_free(struct mime_part_reader *reader)
{
	if (reader == NULL)
		return;
	mime_decoder_done(&reader->decoder);
	buf_done(&reader->decoded);
	if (reader->raw)
		explicit_bzero(reader->raw, reader->raw_used);
	free(reader->raw);
	free(reader);
}

static void rewind_reader(struct mime_part_reader *reader)
{
	mime_decoder_done(&reader->decoder);
	mime_decoder_init(&reader->decoder, reader->part->encoding);
	reader->raw_at = 0;
	reader->block_offset = 0;
	reader->ended = false;
	reader->block = STR_NONE;
}

/* The next bytes as they stand in the message, at most `want`; none at its end. */
static enum result next_raw(struct mime_part_reader *reader, size_t want, struct str *ret, struct err *err)
{
	uint64_t offset = reader->part->body_offset + reader->raw_at;
	struct str all;
	size_t got;

	if (reader_memory(reader->message, &all)) {
		*ret = offset < all.len ? str_sub(all, (size_t)offset, want) : STR_NONE;
		return RESULT_OK;
	}
	if (reader->raw == NULL)
		reader->raw = mem_new_raw(PIECE_BYTES);
	TRY(reader_read(reader->message, offset, reader->raw, want, &got, err));
	reader->raw_used = got > reader->raw_used ? got : reader->raw_used;
	*ret = (struct str){reader->raw, got};
	return RESULT_OK;
}

/* Replaces the block by the next one; an empty one at the end. */
static enum result next_block(struct mime_part_reader *reader, struct err *err)
{
	const struct mime_part *part = reader->part;
	size_t piece = is_rtf(part->encoding) ? RTF_PIECE_BYTES : PIECE_BYTES;
	struct str raw = STR_NONE;

	reader->block_offset += reader->block.len;
	reader->block = STR_NONE;
	while (reader->block.len == 0 && !reader->ended) {
		uint64_t left = part->body_len - reader->raw_at;
		size_t want = left < piece ? (size_t)left : piece;
		if (want > 0)
			TRY(next_raw(reader, want, &raw, err));
		reader->ended = want == 0 || raw.len == 0;
		reader->raw_at += reader->ended ? 0 : raw.len;
		buf_clear(&reader->decoded);
		if (reader->ended)
			(void)mime_decoder_end(&reader->decoder, &reader->decoded);
		else if (!is_as_written(part->encoding))
			(void)mime_decoder_add(&reader->decoder, raw, &reader->decoded);
		reader->block =
			!reader->ended && is_as_written(part->encoding) ? raw : buf_str(&reader->decoded);
	}
	return RESULT_OK;
}

/* Without an encoding any offset is where it is. */
static void seek_identity(struct mime_part_reader *reader, uint64_t offset)
{
	reader->block = STR_NONE;
	reader->raw_at = offset < reader->part->body_len ? offset : reader->part->body_len;
	reader->block_offset = reader->raw_at;
	reader->ended = false;
}

static enum result part_read_at(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	struct mime_part_reader *reader = context;
	size_t done = 0;

	bool at_hand = offset >= reader->block_offset && offset <= reader->block_offset + reader->block.len;
	if (!at_hand && reader->part->encoding == MIME_ENCODING_IDENTITY)
		seek_identity(reader, offset);
	else if (offset < reader->block_offset)
		rewind_reader(reader);
	while (done < size) {
		uint64_t at = offset + done;
		if (at >= reader->block_offset + reader->block.len) {
			TRY(next_block(reader, err));
			if (reader->block.len == 0)
				break;
			continue;
		}
		struct str left = str_from(reader->block, (size_t)(at - reader->block_offset));
		size_t take = left.len < size - done ? left.len : size - done;
		memcpy((char *)data + done, left.ptr, take);
		done += take;
	}
	*ret_read = done;
	return RESULT_OK;
}

struct reader mime_part_reader_bytes(struct mime_part_reader *reader)
{
	return (struct reader){part_read_at, reader, reader->part->decoded_size};
}

enum result mime_part_decode(
	const struct reader *message, const struct mime_part *part, const struct writer *out, struct err *err)
{
	cleanup(mime_part_reader_free_at) struct mime_part_reader *reader =
		mime_part_reader_new(message, part);

	do {
		TRY(next_block(reader, err));
		TRY(writer_write(out, reader->block, err));
	} while (reader->block.len > 0);
	return RESULT_OK;
}

struct mime_charset *mime_part_charset(const struct reader *message, const struct mime_part *part)
{
	char begin[MIME_HTML_CHARSET_BYTES];
	size_t len = 0;

	if (!mime_charset_is_silent(part->charset) || !str_equal(part->type, STR("text/html")))
		return mime_charset_new(part->charset);
	cleanup(mime_part_reader_free_at) struct mime_part_reader *reader =
		mime_part_reader_new(message, part);
	struct reader bytes = mime_part_reader_bytes(reader);
	/* When it cannot be read whoever decodes it is told. */
	if (reader_read(&bytes, 0, begin, sizeof(begin), &len, NULL) != RESULT_OK)
		len = 0;
	struct str name = mime_html_charset((struct str){begin, len});
	return mime_charset_new(name.len ? name : part->charset);
}

enum result mime_part_text(const struct reader *message, const struct mime_part *part, struct buf *utf8,
	bool *ret_cut, struct err *err)
{
	cleanup(mime_part_reader_free_at) struct mime_part_reader *reader =
		mime_part_reader_new(message, part);
	struct mime_charset *charset = mime_part_charset(message, part);
	enum result result;

	do {
		result = next_block(reader, err);
		if (result == RESULT_OK)
			mime_charset_add(charset, reader->block, utf8);
	} while (result == RESULT_OK && reader->block.len > 0 && !utf8->overflow);
	mime_charset_end(charset, utf8);
	mime_charset_free(charset);
	*ret_cut = utf8->overflow;
	return result;
}
