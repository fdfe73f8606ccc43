#include "flow/letter.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "mime/header.h"
#include "seal/box.h"

#include <assert.h>
#include <jansson.h>

/* More than a header can become by decoding and by escapes. */
#define JSON_BYTES_MAX ((size_t)64 * LIMIT_MIME_HEADER_BYTES)

/* The newest, which stand last. */
static void read_references(struct str header, struct arena *arena, struct letter *letter)
{
	struct str line = mime_header_unfold(mime_header_get(header, STR("References")), arena);
	struct str rest = line, id;
	size_t count = mime_message_ids(mime_header_get(header, STR("In-Reply-To")), letter->references,
		LETTER_REFERENCES_MAX / 2, arena);
	size_t room = LETTER_REFERENCES_MAX - count, found = 0;

	while (mime_message_id_next(&rest, &id))
		found++;
	for (; mime_message_id_next(&line, &id); found--)
		if (found <= room)
			letter->references[count++] = id;
	letter->reference_count = count;
}

void letter_read(struct str header, struct arena *arena, struct letter *ret)
{
	struct letter letter = {0};
	struct mime_address *from, *sender;
	struct str id;

	letter.subject =
		mime_header_text(mime_header_get(header, STR("Subject")), LIMIT_SUBJECT_BYTES, arena);
	letter.from_count = mime_addresses_of(header, STR("From"), LIMIT_ADDRESSES_SHOWN, arena, &from);
	if (letter.from_count)
		letter.from = from[0];
	if (mime_addresses(mime_header_get(header, STR("Sender")), arena, &sender))
		letter.sender = sender[0];
	if (str_equal_nocase(letter.sender.address, letter.from.address))
		letter.sender = (struct mime_address){0};
	letter.to_count = mime_addresses_of(header, STR("To"), LIMIT_ADDRESSES_SHOWN, arena, &letter.to);
	letter.cc_count = mime_addresses_of(header, STR("Cc"), LIMIT_ADDRESSES_SHOWN, arena, &letter.cc);
	if (mime_message_ids(mime_header_get(header, STR("Message-ID")), &id, 1, arena))
		letter.message_id = id;
	read_references(header, arena, &letter);
	letter.wants_receipt = mime_header_get(header, STR("Disposition-Notification-To")).len > 0;
	*ret = letter;
}

/* What is no UTF-8 counts as nothing. */
static void add_text(struct buf *json, struct str text)
{
	size_t begin = 0;

	if (!str_is_utf8(text))
		text = STR_NONE;
	buf_add_char(json, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		buf_add(json, str_sub(text, begin, i - begin));
		buf_printf(json, "\\u%04x", c);
		begin = i + 1;
	}
	buf_add(json, str_from(text, begin));
	buf_add_char(json, '"');
}

static void add_address(struct buf *json, const struct mime_address *address)
{
	buf_add_char(json, '[');
	add_text(json, address->name);
	buf_add_char(json, ',');
	add_text(json, address->address);
	buf_add_char(json, ']');
}

static void add_addresses(struct buf *json, const struct mime_address *addresses, size_t count)
{
	buf_add_char(json, '[');
	for (size_t i = 0; i < count; i++) {
		buf_add(json, i ? STR(",") : STR_NONE);
		add_address(json, &addresses[i]);
	}
	buf_add_char(json, ']');
}

static struct bytes seal_json(const struct buf *json, const char *field, const struct message_key *key,
	struct id message_id, struct arena *arena)
{
	assert(!json->overflow);
	return box_seal(key, (struct box_context){field, message_id}, buf_bytes(json), arena);
}

struct bytes letter_list_seal(
	const struct letter *letter, const struct message_key *key, struct id message_id, struct arena *arena)
{
	cleanup(buf_done) struct buf json = buf_new(JSON_BYTES_MAX);

	buf_add(&json, STR("{\"subject\":"));
	add_text(&json, letter->subject);
	buf_add(&json, STR(",\"from\":"));
	add_address(&json, &letter->from);
	buf_add(&json, STR(",\"snippet\":"));
	add_text(&json, letter->snippet);
	buf_printf(&json, ",\"files\":%lld}", (long long)letter->files);
	return seal_json(&json, "list", key, message_id, arena);
}

struct bytes letter_head_seal(
	const struct letter *letter, const struct message_key *key, struct id message_id, struct arena *arena)
{
	cleanup(buf_done) struct buf json = buf_new(JSON_BYTES_MAX);

	buf_add(&json, STR("{\"sender\":"));
	add_address(&json, &letter->sender);
	buf_add(&json, STR(",\"to\":"));
	add_addresses(&json, letter->to, letter->to_count);
	buf_add(&json, STR(",\"cc\":"));
	add_addresses(&json, letter->cc, letter->cc_count);
	buf_add(&json, STR(",\"message_id\":"));
	add_text(&json, letter->message_id);
	buf_add(&json, STR(",\"references\":["));
	for (size_t i = 0; i < letter->reference_count; i++) {
		buf_add(&json, i ? STR(",") : STR_NONE);
		add_text(&json, letter->references[i]);
	}
	buf_add(&json, STR("]}"));
	return seal_json(&json, "head", key, message_id, arena);
}

static enum result open_json(struct bytes box, const char *field, const struct message_key *key,
	struct id message_id, json_t **ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct bytes plain;

	TRY(box_open(key, (struct box_context){field, message_id}, box, &arena, &plain, err));
	*ret = json_loadb((const char *)plain.ptr, plain.len, 0, NULL);
	return *ret ? RESULT_OK
		    : err_code(err, RESULT_INTERNAL, "sealed-damaged", "a sealed %s cannot be read", field);
}

static struct str json_text(const json_t *text, struct arena *arena)
{
	if (!json_is_string(text))
		return STR_NONE;
	return arena_str(arena, (struct str){json_string_value(text), json_string_length(text)});
}

static struct mime_address json_address(const json_t *pair, struct arena *arena)
{
	return (struct mime_address){
		json_text(json_array_get(pair, 0), arena), json_text(json_array_get(pair, 1), arena)};
}

static size_t json_addresses(const json_t *array, struct arena *arena, struct mime_address **ret)
{
	size_t count = json_array_size(array);

	*ret = arena_array(arena, struct mime_address, count);
	for (size_t i = 0; i < count; i++)
		(*ret)[i] = json_address(json_array_get(array, i), arena);
	return count;
}

enum result letter_list_open(struct bytes box, const struct message_key *key, struct id message_id,
	struct arena *arena, struct letter *ret, struct err *err)
{
	json_t *object;

	TRY(open_json(box, "list", key, message_id, &object, err));
	ret->subject = json_text(json_object_get(object, "subject"), arena);
	ret->from = json_address(json_object_get(object, "from"), arena);
	ret->snippet = json_text(json_object_get(object, "snippet"), arena);
	ret->files = json_integer_value(json_object_get(object, "files"));
	json_decref(object);
	return RESULT_OK;
}

enum result letter_head_open(struct bytes box, const struct message_key *key, struct id message_id,
	struct arena *arena, struct letter *ret, struct err *err)
{
	json_t *object;

	TRY(open_json(box, "head", key, message_id, &object, err));
	ret->sender = json_address(json_object_get(object, "sender"), arena);
	ret->to_count = json_addresses(json_object_get(object, "to"), arena, &ret->to);
	ret->cc_count = json_addresses(json_object_get(object, "cc"), arena, &ret->cc);
	ret->message_id = json_text(json_object_get(object, "message_id"), arena);
	const json_t *references = json_object_get(object, "references");
	ret->reference_count = 0;
	for (size_t i = 0; i < json_array_size(references) && i < LETTER_REFERENCES_MAX; i++)
		ret->references[ret->reference_count++] = json_text(json_array_get(references, i), arena);
	json_decref(object);
	return RESULT_OK;
}

struct bytes letter_index_seal(const struct mime_index *index, const struct message_key *key,
	struct id message_id, struct arena *arena)
{
	return box_seal(
		key, (struct box_context){"index", message_id}, mime_index_encode(index, arena), arena);
}

enum result letter_index_open(struct bytes box, const struct message_key *key, struct id message_id,
	struct arena *arena, struct mime_index *ret, struct err *err)
{
	struct bytes plain;

	TRY(box_open(key, (struct box_context){"index", message_id}, box, arena, &plain, err));
	return mime_index_decode(plain, arena, ret, err);
}
