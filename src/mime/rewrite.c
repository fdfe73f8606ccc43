#include "mime/rewrite.h"

#include "base/limits.h"
#include "base/mem.h"
#include "mime/decode.h"
#include "mime/encode.h"
#include "mime/header.h"
#include "mime/html_body.h"

/* How far into an HTML text its <body> is looked for. */
#define BODY_SEARCH_BYTES ((size_t)32 * 1024)
#define CONVERT_BYTES ((size_t)256 * 1024)

struct rewriting {
	const struct reader *mail;
	const struct mime_index *index;
	const struct mime_rewrite *change;
	const struct writer *out;
	uint64_t at; /* everything before is written */
	struct arena arena;
};

static enum result copy_up_to(struct rewriting *r, uint64_t end, struct err *err)
{
	if (end > r->at)
		TRY(reader_copy(r->mail, r->at, end - r->at, r->out, err));
	r->at = end;
	return RESULT_OK;
}

static bool is_dropped(const struct mime_rewrite *change, struct str name)
{
	for (size_t i = 0; i < change->drop_count; i++)
		if (str_equal_nocase(change->drop[i], name))
			return true;
	return change->subject.ptr && str_equal_nocase(name, STR("Subject"));
}

static bool describes_content(struct str name)
{
	return str_equal_nocase(name, STR("Content-Type")) ||
	       str_equal_nocase(name, STR("Content-Transfer-Encoding"));
}

/* The header of a part: the mail's own with its changes, that of a text that gets the banner with its new
 * encoding. */
static enum result put_header(
	struct rewriting *r, const struct mime_part *part, bool is_top, bool recoded, struct err *err)
{
	cleanup(buf_done) struct buf block = buf_new(2 * LIMIT_MIME_HEADER_BYTES);
	struct mime_field field;

	TRY(copy_up_to(r, part->header_offset, err));
	TRY(reader_to_buf(r->mail, part->header_offset, part->header_len, &block, err));
	if (is_top) {
		TRY(writer_write(r->out, r->change->headers, err));
		if (r->change->subject.ptr) {
			struct str subject = arena_printf(&r->arena, "Subject: %.*s\r\n",
				STR_ARG(mime_encode_text(r->change->subject, &r->arena)));
			TRY(writer_write(r->out, subject, err));
		}
	}
	struct str rest = buf_str(&block);
	while (mime_field_next(&rest, &field)) {
		if ((is_top && is_dropped(r->change, field.name)) ||
			(recoded && describes_content(field.name)))
			continue;
		TRY(writer_write(r->out, field.whole, err));
	}
	if (is_top && recoded && mime_header_get(buf_str(&block), STR("MIME-Version")).ptr == NULL)
		TRY(writer_write(r->out, STR("MIME-Version: 1.0\r\n"), err));
	if (recoded)
		TRY(writer_write(r->out,
			arena_printf(&r->arena,
				"Content-Type: %.*s; charset=utf-8%s%s\r\nContent-Transfer-Encoding: "
				"base64\r\n",
				STR_ARG(part->type), part->flowed ? "; format=flowed" : "",
				part->flowed_joined ? "; delsp=yes" : ""),
			err));
	r->at = part->body_offset;
	return writer_write(r->out, STR("\r\n"), err);
}

/* Decoded bytes in, UTF-8 as base 64 out, with the banner at its place. */
struct recoding {
	struct rewriting *r;
	struct mime_charset *charset;
	struct mime_base64 base64;
	struct writer encoded;
	struct buf utf8;
	struct str banner;
	bool is_html, banner_put;
};

static enum result put_pending(struct recoding *c, bool at_end, struct err *err)
{
	struct str text = buf_str(&c->utf8);

	if (!c->banner_put) {
		bool sure = true;
		size_t place = c->is_html ? html_body_start(text, &sure) : 0;
		if (!sure && !at_end && text.len < BODY_SEARCH_BYTES)
			return RESULT_OK; /* <body> may still come */
		TRY(writer_write(&c->encoded, str_sub(text, 0, place), err));
		TRY(writer_write(&c->encoded, c->banner, err));
		text = str_from(text, place);
		c->banner_put = true;
	}
	TRY(writer_write(&c->encoded, text, err));
	buf_clear(&c->utf8);
	return RESULT_OK;
}

static enum result recode_write(void *context, const void *data, size_t size, struct err *err)
{
	struct recoding *c = context;

	mime_charset_add(c->charset, (struct str){data, size}, &c->utf8);
	return put_pending(c, false, err);
}

static enum result put_recoded(struct rewriting *r, const struct mime_part *part, struct err *err)
{
	struct recoding c = {
		.r = r, .utf8 = buf_new(CONVERT_BYTES), .is_html = str_equal(part->type, STR("text/html"))};
	struct writer decoded = {recode_write, &c};

	c.banner = c.is_html ? r->change->banner_html : r->change->banner_text;
	mime_base64_init(&c.base64, *r->out);
	c.encoded = mime_base64_writer(&c.base64);
	c.charset = mime_part_charset(r->mail, part);
	enum result result = mime_part_decode(r->mail, part, &decoded, err);
	mime_charset_end(c.charset, &c.utf8);
	if (result == RESULT_OK)
		result = put_pending(&c, true, err);
	if (result == RESULT_OK)
		result = mime_base64_end(&c.base64, err);
	mime_charset_free(c.charset);
	buf_done(&c.utf8);
	r->at = part->body_offset + part->body_len;
	return result;
}

/* How PGP begins what it signed or encrypted within a text. */
#define PGP_BEGIN STR("-----BEGIN PGP ")

struct trial {
	struct mime_charset *charset;
	struct buf utf8; /* behind what was looked at already: the end of a piece may begin PGP_BEGIN */
	bool is_pgp;
};

static enum result trial_write(void *context, const void *data, size_t size, struct err *err)
{
	struct trial *trial = context;

	(void)err;
	mime_charset_add(trial->charset, (struct str){data, size}, &trial->utf8);
	trial->is_pgp = trial->is_pgp || str_find(buf_str(&trial->utf8), PGP_BEGIN) >= 0;
	if (trial->utf8.len >= PGP_BEGIN.len)
		buf_drop(&trial->utf8, trial->utf8.len - PGP_BEGIN.len + 1);
	return RESULT_OK;
}

/* Whether a text may be changed: it says the same in UTF-8, since the only copy that somebody gets must not
 * lose what cannot be read, and PGP signed or encrypted nothing in it. */
static enum result find_whether_free(
	struct rewriting *r, const struct mime_part *part, bool *ret, struct err *err)
{
	struct trial trial = {mime_part_charset(r->mail, part), buf_new(CONVERT_BYTES), false};
	struct writer decoded = {trial_write, &trial};

	enum result result = mime_part_decode(r->mail, part, &decoded, err);
	mime_charset_end(trial.charset, &trial.utf8);
	*ret = !mime_charset_is_lossy(trial.charset) && !trial.is_pgp;
	mime_charset_free(trial.charset);
	buf_done(&trial.utf8);
	return result;
}

/* The texts that are shown, as HTML and as plain text, in the order of their bytes. */
static enum result mark_texts(struct rewriting *r, bool *is_text, struct err *err)
{
	for (int html = 0; html < 2; html++) {
		const struct mime_part **parts;
		size_t count = mime_index_body(r->index, html, &r->arena, &parts);
		if (count > 0)
			TRY(find_whether_free(r, parts[0], &is_text[parts[0] - r->index->parts], err));
	}
	return RESULT_OK;
}

static enum result rewrite(struct rewriting *r, struct err *err)
{
	bool *is_text = arena_array(&r->arena, bool, r->index->count);

	if (r->change->banner_text.len && !mime_index_is_signed_or_encrypted(r->index))
		TRY(mark_texts(r, is_text, err));
	TRY(put_header(r, &r->index->parts[0], true, is_text[0], err));
	for (size_t i = 0; i < r->index->count; i++) {
		if (!is_text[i])
			continue;
		if (i > 0)
			TRY(put_header(r, &r->index->parts[i], false, true, err));
		TRY(put_recoded(r, &r->index->parts[i], err));
		/* The line end before a boundary belongs to the boundary; base 64 has ended its line already.
		 */
		if (i == 0)
			r->at = r->mail->size;
	}
	return copy_up_to(r, r->mail->size, err);
}

enum result mime_rewrite(const struct reader *mail, const struct mime_index *index,
	const struct mime_rewrite *change, const struct writer *out, struct err *err)
{
	struct rewriting r = {.mail = mail, .index = index, .change = change, .out = out};
	enum result result = rewrite(&r, err);

	arena_done(&r.arena);
	return result;
}

enum result mime_rewrite_header(const struct reader *mail, const struct mime_index *index,
	const struct mime_rewrite *change, const struct writer *out, struct err *err)
{
	struct rewriting r = {.mail = mail, .index = index, .change = change, .out = out};
	enum result result = put_header(&r, &index->parts[0], true, false, err);

	arena_done(&r.arena);
	return result;
}
