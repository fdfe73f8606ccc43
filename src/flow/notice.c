#include "flow/notice.h"

#include "base/mem.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

static json_t *text_json(struct str s)
{
	json_t *text = json_stringn(s.ptr ? s.ptr : "", s.len);

	return text ? text : json_string("");
}

static struct str json_text(const json_t *text, struct arena *arena)
{
	if (!json_is_string(text))
		return STR_NONE;
	return arena_str(arena, (struct str){json_string_value(text), json_string_length(text)});
}

static json_t *notice_json(const struct notice *notice)
{
	json_t *people = json_array();
	struct id_text copy = id_text(notice->copy);

	for (size_t i = 0; i < notice->count; i++)
		(void)json_array_append_new(people, text_json(notice->people[i]));
	return json_pack("{s:o,s:I,s:I,s:I,s:o,s:o,s:I,s:s}", "people", people, "others",
		(json_int_t)notice->others, "at", (json_int_t)notice->at, "sent_at",
		(json_int_t)notice->sent_at, "subject", text_json(notice->subject), "message_id",
		text_json(notice->message_id), "matter", (json_int_t)notice->matter, "copy", copy.s);
}

static struct notice json_notice(const json_t *object, struct arena *arena)
{
	const json_t *people = json_object_get(object, "people");
	size_t count = json_array_size(people);
	struct str *named = arena_array(arena, struct str, count);
	struct id copy = {{0}};

	for (size_t i = 0; i < count; i++)
		named[i] = json_text(json_array_get(people, i), arena);
	(void)id_parse(json_text(json_object_get(object, "copy"), arena), &copy);
	return (struct notice){.people = named,
		.count = count,
		.others = json_integer_value(json_object_get(object, "others")),
		.at = json_integer_value(json_object_get(object, "at")),
		.sent_at = json_integer_value(json_object_get(object, "sent_at")),
		.subject = json_text(json_object_get(object, "subject"), arena),
		.message_id = json_text(json_object_get(object, "message_id"), arena),
		.matter = json_integer_value(json_object_get(object, "matter")),
		.copy = copy};
}

/* Takes `json`. */
static struct str write_json(json_t *json, struct arena *arena)
{
	char *dump = json_dumps(json, JSON_COMPACT);

	assert(dump);
	struct str text = arena_str(arena, str_of(dump));
	free(dump);
	json_decref(json);
	return text;
}

struct str notice_write(const struct notice *notice, struct arena *arena)
{
	return write_json(notice_json(notice), arena);
}

struct str notices_write(const struct notice *notices, size_t count, struct arena *arena)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, notice_json(&notices[i]));
	return write_json(list, arena);
}

enum result notice_read(struct str text, struct arena *arena, struct notice *ret, struct err *err)
{
	json_t *object = json_loadb(text.ptr, text.len, 0, NULL);

	if (object == NULL)
		return err_set(err, RESULT_INTERNAL, "a notice cannot be read");
	*ret = json_notice(object, arena);
	json_decref(object);
	return RESULT_OK;
}

enum result notices_read(
	struct str text, struct arena *arena, struct notice **ret, size_t *ret_count, struct err *err)
{
	json_t *list = json_loadb(text.ptr, text.len, 0, NULL);

	if (list == NULL)
		return err_set(err, RESULT_INTERNAL, "notices cannot be read");
	*ret_count = json_array_size(list);
	*ret = arena_array(arena, struct notice, *ret_count);
	for (size_t i = 0; i < *ret_count; i++)
		(*ret)[i] = json_notice(json_array_get(list, i), arena);
	json_decref(list);
	return RESULT_OK;
}
