#include "flow/letter.h"

#include "base/limits.h"
#include "base/mem.h"
#include "mime/header.h"
#include "seal/box.h"

#include <assert.h>
#include <jansson.h>

static struct mime_address first_address(struct str value, struct arena *arena)
{
	struct mime_address *found;

	return mime_addresses(value, arena, &found) ? found[0] : (struct mime_address){0};
}

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
	struct str id;

	letter.subject =
		mime_header_text(mime_header_get(header, STR("Subject")), LIMIT_SUBJECT_BYTES, arena);
	letter.from = first_address(mime_header_get(header, STR("From")), arena);
	letter.sender = first_address(mime_header_get(header, STR("Sender")), arena);
	if (str_equal_nocase(letter.sender.address, letter.from.address))
		letter.sender = (struct mime_address){0};
	letter.to_count = mime_addresses(mime_header_get(header, STR("To")), arena, &letter.to);
	letter.cc_count = mime_addresses(mime_header_get(header, STR("Cc")), arena, &letter.cc);
	if (mime_message_ids(mime_header_get(header, STR("Message-ID")), &id, 1, arena))
		letter.message_id = id;
	read_references(header, arena, &letter);
	letter.wants_receipt = mime_header_get(header, STR("Disposition-Notification-To")).len > 0;
	*ret = letter;
}

static json_t *text_json(struct str s)
{
	json_t *text = json_stringn(s.ptr ? s.ptr : "", s.len);

	return text ? text : json_string("");
}

static json_t *address_json(const struct mime_address *address)
{
	return json_pack("[o,o]", text_json(address->name), text_json(address->address));
}

static json_t *addresses_json(const struct mime_address *addresses, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array, address_json(&addresses[i]));
	return array;
}

/* Takes the object. */
static struct bytes seal_json(json_t *object, const char *field, const struct message_key *key,
	struct id message_id, struct arena *arena)
{
	char *text = json_dumps(object, JSON_COMPACT);

	assert(text);
	struct bytes box =
		box_seal(key, (struct box_context){field, message_id}, str_bytes(str_of(text)), arena);
	seal_wipe(text, str_of(text).len);
	free(text);
	json_decref(object);
	return box;
}

struct bytes letter_list_seal(
	const struct letter *letter, const struct message_key *key, struct id message_id, struct arena *arena)
{
	json_t *object = json_pack("{s:o,s:o,s:o,s:I}", "subject", text_json(letter->subject), "from",
		address_json(&letter->from), "snippet", text_json(letter->snippet), "files",
		(json_int_t)letter->files);

	return seal_json(object, "list", key, message_id, arena);
}

struct bytes letter_head_seal(
	const struct letter *letter, const struct message_key *key, struct id message_id, struct arena *arena)
{
	json_t *references = json_array();

	for (size_t i = 0; i < letter->reference_count; i++)
		(void)json_array_append_new(references, text_json(letter->references[i]));
	json_t *object = json_pack("{s:o,s:o,s:o,s:o,s:o}", "sender", address_json(&letter->sender), "to",
		addresses_json(letter->to, letter->to_count), "cc",
		addresses_json(letter->cc, letter->cc_count), "message_id", text_json(letter->message_id),
		"references", references);
	return seal_json(object, "head", key, message_id, arena);
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
