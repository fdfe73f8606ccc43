/* Content of one part, decoded. */
#ifndef MIME_DECODE_H
#define MIME_DECODE_H

#include "base/io.h"
#include "base/mem.h"
#include "mime/charset.h"
#include "mime/index.h"

/* Decodes in pieces; tolerant of garbage, which is left out as mail programs do. */
struct mime_decoder {
	enum mime_encoding encoding;
	uint32_t bits; /* base64: bits so far */
	int have;      /* … and how many characters */
	bool ended;    /* uuencode: its last line was seen */
	bool broken;   /* something was left out */
	char kept[3];  /* quoted-printable: "=" and what followed it so far */
	size_t kept_len;
	struct buf line;		/* uuencode */
	struct mime_rtf *rtf;		/* compressed RTF */
	struct mime_rtf_text *rtf_text; /* what it says */
	struct buf raw_rtf;
	uint64_t rtf_bytes; /* of the RTF itself */
};

void mime_decoder_init(struct mime_decoder *decoder, enum mime_encoding encoding);
void mime_decoder_done(struct mime_decoder *decoder);

/* What `data` decodes to goes to out; NULL only counts. Returns the number of decoded bytes. */
size_t mime_decoder_add(struct mime_decoder *decoder, struct str data, struct buf *out);
size_t mime_decoder_end(struct mime_decoder *decoder, struct buf *out);

/* Writes a part's decoded bytes. message: the raw mail. */
enum result mime_part_decode(const struct reader *message, const struct mime_part *part,
	const struct writer *out, struct err *err) must_check;

/* A part's decoded bytes at offsets, for downloads in ranges: reading on is cheap, going back decodes from
 * the start again. message and part must outlive it. */
struct mime_part_reader;
struct mime_part_reader *mime_part_reader_new(const struct reader *message, const struct mime_part *part);
void mime_part_reader_free(struct mime_part_reader *reader);
DEFINE_CLEANUP(struct mime_part_reader *, mime_part_reader_free)
struct reader mime_part_reader_bytes(struct mime_part_reader *reader);

/* The converter for what a text part decodes to: its charset's, or where it names none and is HTML, that of
 * which the text itself speaks. */
struct mime_charset *mime_part_charset(const struct reader *message, const struct mime_part *part);

/* A text part as UTF-8, up to the limit of `utf8`; *ret_cut tells whether there was more. */
enum result mime_part_text(const struct reader *message, const struct mime_part *part, struct buf *utf8,
	bool *ret_cut, struct err *err) must_check;

#endif
