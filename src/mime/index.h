/* The part index of a mail: what parts it has and where their bytes are, so that opening a message or one
 * file reads only its bytes. Computed once at intake by mime/scan.h, kept sealed. */
#ifndef MIME_INDEX_H
#define MIME_INDEX_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/result.h"

enum mime_encoding {
	MIME_ENCODING_IDENTITY = 0, /* 7bit, 8bit, binary */
	MIME_ENCODING_BASE64 = 1,
	MIME_ENCODING_QUOTED_PRINTABLE = 2,
	MIME_ENCODING_UUENCODE = 3,
	MIME_ENCODING_UNKNOWN = 4, /* kept as it is, never shown as text */
	/* Only inside winmail.dat, never stored (mime/inside.h). */
	MIME_ENCODING_COMPRESSED_RTF = 5,
	MIME_ENCODING_RTF_TEXT = 6 /* the same, and the text or HTML of that (mime/rtf_text.h) */
};

enum mime_disposition {
	MIME_DISPOSITION_NONE = 0,
	MIME_DISPOSITION_INLINE = 1,
	MIME_DISPOSITION_ATTACHMENT = 2
};

struct mime_part {
	struct str path; /* "1", "2.1"; empty for the mail itself */
	int parent;	 /* number of the part it is in, -1 for the mail itself */
	int depth;
	struct str type;    /* lower case, "text/plain" when none was given */
	struct str charset; /* as given, may be empty */
	enum mime_encoding encoding;
	enum mime_disposition disposition;
	bool flowed;	    /* format=flowed (RFC 3676) */
	bool flowed_joined; /* … with DelSp=yes: the blank at the end of a line is no part of the text */
	/* Every file name that a mail program might show; policy judges them all, pages show the first. */
	struct str names[LIMIT_FILE_NAME_CANDIDATES];
	size_t name_count;
	struct str content_id; /* without angle brackets */
	uint64_t header_offset, header_len;
	uint64_t body_offset, body_len; /* raw bytes, without the line end before the boundary */
	uint64_t decoded_size;		/* of a leaf, exact */
	bool damaged;			/* an end boundary is missing, or the encoding is broken */
};

struct mime_index {
	struct mime_part *parts; /* the mail itself first, then in order of appearance */
	size_t count;
	size_t received; /* Received fields of the mail: hops */
};

/* The stored form, and back. INVALID for bytes that mime_index_encode did not make. */
struct bytes mime_index_encode(const struct mime_index *index, struct arena *arena);
enum result mime_index_decode(
	struct bytes data, struct arena *arena, struct mime_index *ret, struct err *err) must_check;

/* NULL when there is none. */
const struct mime_part *mime_index_by_path(const struct mime_index *index, struct str path);
const struct mime_part *mime_index_by_content_id(const struct mime_index *index, struct str content_id);

/* The parts that are the text of the mail, in order: of a multipart/alternative the HTML or the plain one, of
 * a multipart/mixed all inline texts before the first attachment. *ret lives in the arena. */
size_t mime_index_body(
	const struct mime_index *index, bool prefer_html, struct arena *arena, const struct mime_part ***ret);

/* The parts shown as files: everything that is no text of the mail, no container, no text of a branch that
 * another one of its multipart/alternative stands for, and no image with a Content-ID inside
 * multipart/related, which the HTML may show: whether it does, only its cleaning knows. */
size_t mime_index_files(const struct mime_index *index, struct arena *arena, const struct mime_part ***ret);

/* Whether the part belongs to a mail that is attached. */
bool mime_index_is_inside_message(const struct mime_index *index, size_t at);

/* Signed or encrypted mail must not be touched. */
bool mime_index_is_signed_or_encrypted(const struct mime_index *index);

static inline bool mime_part_is_container(const struct mime_part *part)
{
	return str_starts(part->type, STR("multipart/"));
}

/* A mail in a mail; it has one child, unless it is encoded. */
static inline bool mime_part_is_message(const struct mime_part *part)
{
	return str_equal(part->type, STR("message/rfc822")) || str_equal(part->type, STR("message/global"));
}

#endif
