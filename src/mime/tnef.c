#include "mime/tnef.h"

#include "base/limits.h"
#include "base/list.h"
#include "base/mem.h"
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "mime/rtf_text.h"

#define SIGNATURE 0x223e9f78
#define TEXT_BYTES_MAX 1024	  /* of a name as it stands there */
#define OBJECT_ID_BYTES 16	  /* what kind of object follows */
#define MESSAGE_OBJECT 0x00020307 /* its begin, of a message */

enum level { LEVEL_MESSAGE = 1, LEVEL_ATTACHMENT = 2 };

/* Attributes. */
enum {
	ATTRIBUTE_BODY = 0x0002800c,
	ATTRIBUTE_MESSAGE_PROPERTIES = 0x00069003,
	ATTRIBUTE_CODE_PAGE = 0x00069007,
	ATTRIBUTE_ATTACHMENT_BEGINS = 0x00069002,
	ATTRIBUTE_ATTACHMENT_DATA = 0x0006800f,
	ATTRIBUTE_ATTACHMENT_TITLE = 0x00018010,
	ATTRIBUTE_ATTACHMENT_PROPERTIES = 0x00069005
};

/* Properties (MS-OXPROPS). */
enum {
	PROPERTY_BODY = 0x1000,
	PROPERTY_RTF = 0x1009,
	PROPERTY_HTML = 0x1013,
	PROPERTY_DISPLAY_NAME = 0x3001,
	PROPERTY_DATA = 0x3701,
	PROPERTY_FILE_NAME = 0x3704,
	PROPERTY_LONG_FILE_NAME = 0x3707,
	PROPERTY_MIME_TYPE = 0x370e,
	PROPERTY_CONTENT_ID = 0x3712,
	PROPERTY_CODE_PAGE = 0x3fde,
	PROPERTY_NAMED = 0x8000 /* from here on they have a name */
};

/* Types of values. */
enum {
	TYPE_INT16 = 0x02,
	TYPE_INT32 = 0x03,
	TYPE_FLOAT = 0x04,
	TYPE_DOUBLE = 0x05,
	TYPE_CURRENCY = 0x06,
	TYPE_DATE = 0x07,
	TYPE_ERROR = 0x0a,
	TYPE_BOOL = 0x0b,
	TYPE_OBJECT = 0x0d,
	TYPE_INT64 = 0x14,
	TYPE_STRING = 0x1e,
	TYPE_UNICODE = 0x1f,
	TYPE_TIME = 0x40,
	TYPE_GUID = 0x48,
	TYPE_BINARY = 0x102,
	TYPE_MANY = 0x1000 /* several values of the type */
};

/* Where bytes stand. */
struct place {
	uint64_t offset, len;
};

struct attachment {
	bool begun;
	struct place data;
	bool is_message; /* a message inside, in the same format */
	struct str long_name, title, short_name, display_name;
	struct str type, content_id;
};

struct text {
	struct place place;
	bool is_unicode;
};

struct tnef {
	const struct reader *bytes;
	struct arena *arena;
	uint64_t at, end; /* of what is being read */
	int items;	  /* attributes and values so far */
	uint32_t code_page;
	struct text plain, html;
	struct place rtf;
	uint64_t rtf_bytes;	      /* that it became */
	struct attachment attachment; /* the one being read */
	struct list files;	      /* mime_part */
	struct err *err;
};

static enum result damaged(struct tnef *t)
{
	return err_set(t->err, RESULT_INVALID, "the TNEF file is damaged");
}

static enum result read_number(struct tnef *t, size_t bytes, uint32_t *ret)
{
	uint8_t raw[4];
	size_t got;

	*ret = 0;
	if (t->end - t->at < bytes)
		return damaged(t);
	TRY(reader_read(t->bytes, t->at, raw, bytes, &got, t->err));
	if (got < bytes)
		return damaged(t);
	for (size_t i = 0; i < bytes; i++)
		*ret |= (uint32_t)raw[i] << (8 * i);
	t->at += bytes;
	return RESULT_OK;
}

static enum result skip(struct tnef *t, uint64_t bytes)
{
	if (t->end - t->at < bytes)
		return damaged(t);
	t->at += bytes;
	return RESULT_OK;
}

static enum result count_item(struct tnef *t)
{
	if (++t->items > LIMIT_TNEF_ITEMS)
		return err_set(
			t->err, RESULT_TOO_LARGE, "more than %d items in a TNEF file", LIMIT_TNEF_ITEMS);
	return RESULT_OK;
}

static struct str charset_of(const struct tnef *t, bool is_unicode)
{
	if (is_unicode)
		return STR("UTF-16LE");
	if (t->code_page == 65001)
		return STR("UTF-8");
	if (t->code_page == 20127 || t->code_page == 28591 || t->code_page == 0)
		return STR("windows-1252");
	return arena_printf(t->arena, "CP%u", t->code_page);
}

/* A text without the NUL at its end. */
static struct place without_end(struct place place, bool is_unicode)
{
	size_t unit = is_unicode ? 2 : 1;

	if (place.len >= unit)
		place.len -= unit;
	return place;
}

/* A name for display. */
static enum result read_text(struct tnef *t, struct place place, bool is_unicode, struct str *ret)
{
	cleanup(buf_done) struct buf utf8 = buf_new(4 * TEXT_BYTES_MAX);
	char raw[TEXT_BYTES_MAX];
	size_t want = place.len < sizeof(raw) ? (size_t)place.len : sizeof(raw), got;

	TRY(reader_read(t->bytes, place.offset, raw, want, &got, t->err));
	struct mime_charset *charset = mime_charset_new(charset_of(t, is_unicode));
	mime_charset_add(charset, (struct str){raw, got}, &utf8);
	mime_charset_end(charset, &utf8);
	mime_charset_free(charset);
	struct str text = buf_str(&utf8);
	ptrdiff_t end = str_find_char(text, '\0');
	*ret = mime_clean_text(
		end < 0 ? text : str_sub(text, 0, (size_t)end), LIMIT_FILE_NAME_BYTES, t->arena);
	return RESULT_OK;
}

/* The bytes that a value of the type has; 0: as many as it says. */
static size_t fixed_bytes(uint32_t type)
{
	switch (type) {
	case TYPE_INT16: /* padded */
	case TYPE_BOOL:
	case TYPE_INT32:
	case TYPE_FLOAT:
	case TYPE_ERROR:
		return 4;
	case TYPE_DOUBLE:
	case TYPE_CURRENCY:
	case TYPE_DATE:
	case TYPE_INT64:
	case TYPE_TIME:
		return 8;
	case TYPE_GUID:
		return 16;
	default:
		return 0;
	}
}

static bool has_length(uint32_t type)
{
	return type == TYPE_STRING || type == TYPE_UNICODE || type == TYPE_BINARY || type == TYPE_OBJECT;
}

/* A property whose value is of interest. */
struct property {
	uint32_t id, type;
	struct place value;
};

typedef enum result (*take_property)(struct tnef *, const struct property *);

/* Reads a number that stands elsewhere. */
static enum result number_of(struct tnef *t, struct place place, uint32_t *ret)
{
	uint64_t at = t->at;

	t->at = place.offset;
	TRY(read_number(t, 4, ret));
	t->at = at;
	return RESULT_OK;
}

static enum result take_message_property(struct tnef *t, const struct property *p)
{
	bool is_unicode = p->type == TYPE_UNICODE;
	bool is_text = is_unicode || p->type == TYPE_STRING;

	if (p->id == PROPERTY_CODE_PAGE && p->type == TYPE_INT32)
		return number_of(t, p->value, &t->code_page);
	if (p->id == PROPERTY_BODY && is_text) {
		t->plain = (struct text){without_end(p->value, is_unicode), is_unicode};
	} else if (p->id == PROPERTY_HTML && is_text) {
		t->html = (struct text){without_end(p->value, is_unicode), is_unicode};
	} else if (p->id == PROPERTY_HTML && p->type == TYPE_BINARY) {
		t->html = (struct text){p->value, false};
	} else if (p->id == PROPERTY_RTF && p->type == TYPE_BINARY) {
		t->rtf = p->value;
	}
	return RESULT_OK;
}

static enum result take_attachment_data(struct tnef *t, const struct property *p)
{
	struct attachment *a = &t->attachment;
	uint32_t object;

	if (p->type == TYPE_BINARY)
		a->data = p->value;
	if (p->type != TYPE_OBJECT || p->value.len <= OBJECT_ID_BYTES)
		return RESULT_OK;
	TRY(number_of(t, p->value, &object));
	a->is_message = object == MESSAGE_OBJECT;
	a->data = (struct place){p->value.offset + OBJECT_ID_BYTES, p->value.len - OBJECT_ID_BYTES};
	return RESULT_OK;
}

static enum result take_attachment_property(struct tnef *t, const struct property *p)
{
	struct attachment *a = &t->attachment;
	struct str *text = p->id == PROPERTY_LONG_FILE_NAME ? &a->long_name
			   : p->id == PROPERTY_FILE_NAME    ? &a->short_name
			   : p->id == PROPERTY_DISPLAY_NAME ? &a->display_name
			   : p->id == PROPERTY_MIME_TYPE    ? &a->type
			   : p->id == PROPERTY_CONTENT_ID   ? &a->content_id
							    : NULL;

	if (p->id == PROPERTY_DATA)
		return take_attachment_data(t, p);
	if (!text || (p->type != TYPE_STRING && p->type != TYPE_UNICODE))
		return RESULT_OK;
	return read_text(t, p->value, p->type == TYPE_UNICODE, text);
}

/* The name of a named property: its set, and a number or a text. */
static enum result skip_name(struct tnef *t)
{
	uint32_t kind, len;

	TRY(skip(t, 16));
	TRY(read_number(t, 4, &kind));
	TRY(read_number(t, 4, &len));
	return kind == 0 ? RESULT_OK : skip(t, ((uint64_t)len + 3) & ~UINT64_C(3));
}

/* Reads over one value; of one that has a length, where it stands. */
static enum result read_value(struct tnef *t, uint32_t type, struct place *ret)
{
	uint32_t len = (uint32_t)fixed_bytes(type);

	if (!len && !has_length(type))
		return damaged(t);
	if (!len)
		TRY(read_number(t, 4, &len));
	*ret = (struct place){t->at, len};
	TRY(count_item(t));
	return skip(t, ((uint64_t)len + 3) & ~UINT64_C(3));
}

static enum result read_property(struct tnef *t, take_property take)
{
	struct property p;
	uint32_t count = 1;

	TRY(count_item(t));
	TRY(read_number(t, 2, &p.type));
	TRY(read_number(t, 2, &p.id));
	if (p.id >= PROPERTY_NAMED)
		TRY(skip_name(t));
	bool is_many = p.type & TYPE_MANY;
	p.type &= ~(uint32_t)TYPE_MANY;
	if (is_many || has_length(p.type))
		TRY(read_number(t, 4, &count));
	for (uint32_t i = 0; i < count; i++) {
		TRY(read_value(t, p.type, &p.value));
		if (!is_many && i == 0 && p.id < PROPERTY_NAMED)
			TRY(take(t, &p));
	}
	return RESULT_OK;
}

static enum result read_properties(struct tnef *t, take_property take)
{
	uint32_t count;

	TRY(read_number(t, 4, &count));
	for (uint32_t i = 0; i < count; i++)
		TRY(read_property(t, take));
	return RESULT_OK;
}

static struct str first_of(struct str a, struct str b)
{
	return a.len ? a : b;
}

static struct mime_part leaf_of(struct place place, const char *type)
{
	return (struct mime_part){.type = str_of(type),
		.header_offset = place.offset,
		.body_offset = place.offset,
		.body_len = place.len,
		.decoded_size = place.len};
}

static struct str clean_type(struct str type, struct arena *arena)
{
	struct str value = mime_parameters_parse(type, arena).value;

	bool is_usable = str_find_char(value, '/') > 0 && !str_starts(value, STR("multipart/"));
	return is_usable ? value : STR("application/octet-stream");
}

/* The attachment is complete: the next one begins, or the file ends. */
static enum result end_attachment(struct tnef *t)
{
	struct attachment *a = &t->attachment;
	struct mime_part part = leaf_of(a->data, "application/ms-tnef");

	if (!a->begun)
		return RESULT_OK;
	if (t->files.count >= LIMIT_MIME_PARTS)
		return err_set(t->err, RESULT_TOO_LARGE, "more than %d files", LIMIT_MIME_PARTS);
	if (!a->is_message)
		part.type = clean_type(a->type, t->arena);
	struct str id = a->content_id;
	part.content_id =
		str_starts(id, STR("<")) && str_ends_nocase(id, STR(">")) ? str_sub(id, 1, id.len - 2) : id;
	part.disposition = id.len ? MIME_DISPOSITION_NONE : MIME_DISPOSITION_ATTACHMENT;
	part.names[0] = first_of(first_of(a->long_name, a->title), first_of(a->short_name, a->display_name));
	part.name_count = part.names[0].len ? 1 : 0;
	*(struct mime_part *)list_add(&t->files) = part;
	*a = (struct attachment){0};
	return RESULT_OK;
}

static enum result take_message_attribute(struct tnef *t, uint32_t id, struct place data)
{
	if (id == ATTRIBUTE_MESSAGE_PROPERTIES)
		return read_properties(t, take_message_property);
	if (id == ATTRIBUTE_CODE_PAGE && !t->code_page)
		return read_number(t, 4, &t->code_page);
	if (id == ATTRIBUTE_BODY && !t->plain.place.len)
		t->plain = (struct text){without_end(data, false), false};
	return RESULT_OK;
}

static enum result take_attachment_attribute(struct tnef *t, uint32_t id, struct place data)
{
	if (id == ATTRIBUTE_ATTACHMENT_BEGINS) {
		TRY(end_attachment(t));
		t->attachment.begun = true;
	}
	if (id == ATTRIBUTE_ATTACHMENT_PROPERTIES)
		return read_properties(t, take_attachment_property);
	if (id == ATTRIBUTE_ATTACHMENT_TITLE)
		return read_text(t, data, false, &t->attachment.title);
	if (id == ATTRIBUTE_ATTACHMENT_DATA && !t->attachment.is_message)
		t->attachment.data = data;
	return RESULT_OK;
}

/* One attribute: level, name, length, data, checksum. Checksums are not compared: some programs write wrong
 * ones, and lengths show what is damaged. */
static enum result read_attribute(struct tnef *t, uint64_t file_end)
{
	uint32_t level, id, len;

	TRY(read_number(t, 1, &level));
	TRY(read_number(t, 4, &id));
	TRY(read_number(t, 4, &len));
	if (t->end - t->at < len)
		return damaged(t);
	TRY(count_item(t));
	struct place data = {t->at, len};
	t->end = t->at + len;
	if (level == LEVEL_MESSAGE)
		TRY(take_message_attribute(t, id, data));
	else if (level == LEVEL_ATTACHMENT)
		TRY(take_attachment_attribute(t, id, data));
	else
		return damaged(t);
	t->at = data.offset + len;
	t->end = file_end;
	return skip(t, t->end - t->at < 2 ? t->end - t->at : 2);
}

/* What the compressed RTF becomes, and what it says, has to be known before; empty when it cannot be read. */
static enum result measure_rtf(
	struct tnef *t, struct mime_part *rtf, struct mime_part *text, enum mime_rtf_kind *ret_kind)
{
	struct mime_decoder decoder;
	char piece[4096];
	size_t got = 1;

	*rtf = *text = leaf_of(t->rtf, "text/rtf");
	rtf->encoding = MIME_ENCODING_COMPRESSED_RTF;
	text->encoding = MIME_ENCODING_RTF_TEXT;
	text->charset = STR("UTF-8");
	text->decoded_size = 0;
	mime_decoder_init(&decoder, text->encoding);
	enum result result = RESULT_OK;
	for (uint64_t at = 0; at < t->rtf.len && got > 0 && result == RESULT_OK; at += got) {
		uint64_t left = t->rtf.len - at;
		size_t want = left < sizeof(piece) ? (size_t)left : sizeof(piece);
		result = reader_read(t->bytes, t->rtf.offset + at, piece, want, &got, t->err);
		if (result == RESULT_OK)
			text->decoded_size += mime_decoder_add(&decoder, (struct str){piece, got}, NULL);
	}
	text->decoded_size += mime_decoder_end(&decoder, NULL);
	rtf->decoded_size = t->rtf_bytes = decoder.rtf_bytes;
	rtf->damaged = text->damaged = decoder.broken;
	*ret_kind = mime_rtf_text_kind(decoder.rtf_text);
	mime_decoder_done(&decoder);
	return result;
}

/* The parts in order, with numbers for paths. */
struct tree {
	struct arena *arena;
	struct list parts;
};

static void add_part(struct tree *tree, int parent, int number, struct mime_part part)
{
	part.parent = parent;
	if (parent >= 0) {
		const struct mime_part *above = (struct mime_part *)tree->parts.items + parent;
		part.depth = above->depth + 1;
		part.path = arena_printf(
			tree->arena, "%.*s%s%d", STR_ARG(above->path), above->path.len ? "." : "", number);
	}
	*(struct mime_part *)list_add(&tree->parts) = part;
}

/* What the RTF says, unless another text says it, and the RTF itself where that says less. */
static enum result list_rtf(struct tnef *t, struct mime_part *ret, size_t *count, struct mime_part *ret_html)
{
	enum mime_rtf_kind kind;
	struct mime_part rtf, text;

	TRY(measure_rtf(t, &rtf, &text, &kind));
	text.type = kind == MIME_RTF_PACKED_HTML ? STR("text/html") : STR("text/plain");
	if (kind == MIME_RTF_PACKED_HTML) {
		*ret_html = text;
		return RESULT_OK;
	}
	if (kind == MIME_RTF_PLAIN && rtf.decoded_size > 0)
		ret[(*count)++] = rtf;
	if (!t->plain.place.len && text.decoded_size > 0)
		ret[(*count)++] = text;
	return RESULT_OK;
}

/* The texts there are, the poorest first. */
static enum result list_texts(struct tnef *t, struct mime_part ret[static 3], size_t *ret_count)
{
	struct mime_part packed_html = {0};
	size_t count = 0;

	if (t->rtf.len && !t->html.place.len)
		TRY(list_rtf(t, ret, &count, &packed_html));
	if (t->plain.place.len) {
		ret[count] = leaf_of(t->plain.place, "text/plain");
		ret[count++].charset = charset_of(t, t->plain.is_unicode);
	}
	if (t->html.place.len) {
		ret[count] = leaf_of(t->html.place, "text/html");
		ret[count++].charset = charset_of(t, t->html.is_unicode);
	}
	if (packed_html.decoded_size > 0)
		ret[count++] = packed_html;
	*ret_count = count;
	return RESULT_OK;
}

static void make_file(struct mime_part *part, struct str name, struct arena *arena)
{
	const char *extension = str_equal(part->type, STR("text/html"))	 ? "html"
				: str_equal(part->type, STR("text/rtf")) ? "rtf"
									 : "txt";

	part->disposition = MIME_DISPOSITION_ATTACHMENT;
	part->names[0] = arena_printf(arena, "%.*s.%s", STR_ARG(name), extension);
	part->name_count = 1;
}

static bool has_type(const struct mime_part *part, const char *type)
{
	return str_equal(part->type, str_of(type));
}

/* The texts as the mail's own, the richest last. An HTML text may show images that are among the files. */
static void add_shown(struct tree *tree, const struct mime_part *texts, size_t count)
{
	bool is_html = has_type(&texts[count - 1], "text/html");
	int number = 0;

	add_part(tree, -1, 0,
		(struct mime_part){.type = is_html ? STR("multipart/related") : STR("multipart/mixed")});
	add_part(tree, 0, 1, (struct mime_part){.type = STR("multipart/alternative")});
	for (size_t i = 0; i < count; i++)
		if (!has_type(&texts[i], "text/rtf"))
			add_part(tree, 1, ++number, texts[i]);
}

static void add_file(struct tree *tree, int *number, struct mime_part text, struct str name)
{
	make_file(&text, name, tree->arena);
	add_part(tree, 0, ++*number, text);
}

static enum result make_tree(
	struct tnef *t, enum mime_tnef_texts what, struct str name, struct mime_index *ret)
{
	struct tree tree = {t->arena, list_new(t->arena, sizeof(struct mime_part))};
	struct mime_part texts[3];
	size_t count;

	TRY(list_texts(t, texts, &count));
	bool shows = what == MIME_TNEF_SHOWN && count > 0 && !has_type(&texts[count - 1], "text/rtf");
	int number = shows ? 1 : 0;
	if (shows)
		add_shown(&tree, texts, count);
	else
		add_part(&tree, -1, 0, (struct mime_part){.type = STR("multipart/mixed")});
	if (what == MIME_TNEF_BEST_AS_FILE && count > 0)
		add_file(&tree, &number, texts[count - 1], name);
	for (size_t i = 0; what == MIME_TNEF_RICH_FILES && i < count; i++)
		if (!has_type(&texts[i], "text/plain"))
			add_file(&tree, &number, texts[i], name);
	for (size_t i = 0; i < t->files.count; i++)
		add_part(&tree, 0, ++number, ((struct mime_part *)t->files.items)[i]);
	/* No page shows the formats and pictures of RTF. */
	bool has_rtf = count > 0 && has_type(&texts[0], "text/rtf");
	if (has_rtf && (what == MIME_TNEF_SHOWN || (what == MIME_TNEF_BEST_AS_FILE && count > 1)))
		add_file(&tree, &number, texts[0], name);
	*ret = (struct mime_index){tree.parts.items, tree.parts.count, 0};
	return RESULT_OK;
}

enum result mime_tnef_read(const struct reader *tnef, enum mime_tnef_texts texts, struct str name,
	struct arena *arena, struct mime_index *ret, uint64_t *ret_rtf_bytes, struct err *err)
{
	struct tnef t = {.bytes = tnef,
		.arena = arena,
		.end = tnef->size,
		.files = list_new(arena, sizeof(struct mime_part)),
		.err = err};
	uint32_t signature, key;

	TRY(read_number(&t, 4, &signature));
	TRY(read_number(&t, 2, &key));
	if (signature != SIGNATURE)
		return err_set(err, RESULT_INVALID, "this is no TNEF file");
	while (t.at < tnef->size)
		TRY(read_attribute(&t, tnef->size));
	TRY(end_attachment(&t));
	TRY(make_tree(&t, texts, name, ret));
	*ret_rtf_bytes = t.rtf_bytes;
	return RESULT_OK;
}

bool mime_part_is_tnef(const struct mime_part *part)
{
	return str_equal(part->type, STR("application/ms-tnef")) ||
	       str_equal(part->type, STR("application/vnd.ms-tnef")) ||
	       (str_equal(part->type, STR("application/octet-stream")) && part->name_count &&
		       str_equal_nocase(part->names[0], STR("winmail.dat")));
}
