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

struct str notice_write(const struct notice *notice, struct arena *arena)
{
	json_t *people = json_array();

	for (size_t i = 0; i < notice->count; i++)
		(void)json_array_append_new(people, text_json(notice->people[i]));
	json_t *object =
		json_pack("{s:o,s:I,s:I,s:I,s:o,s:o}", "people", people, "others", (json_int_t)notice->others,
			"at", (json_int_t)notice->at, "sent_at", (json_int_t)notice->sent_at, "subject",
			text_json(notice->subject), "message_id", text_json(notice->message_id));
	char *dump = json_dumps(object, JSON_COMPACT);
	assert(dump);
	struct str text = arena_str(arena, str_of(dump));
	free(dump);
	json_decref(object);
	return text;
}

enum result notice_read(struct str text, struct arena *arena, struct notice *ret, struct err *err)
{
	json_t *object = json_loadb(text.ptr, text.len, 0, NULL);

	if (object == NULL)
		return err_set(err, RESULT_INTERNAL, "a notice cannot be read");
	const json_t *people = json_object_get(object, "people");
	size_t count = json_array_size(people);
	struct str *named = arena_array(arena, struct str, count);
	for (size_t i = 0; i < count; i++)
		named[i] = json_text(json_array_get(people, i), arena);
	*ret = (struct notice){.people = named,
		.count = count,
		.others = json_integer_value(json_object_get(object, "others")),
		.at = json_integer_value(json_object_get(object, "at")),
		.sent_at = json_integer_value(json_object_get(object, "sent_at")),
		.subject = json_text(json_object_get(object, "subject"), arena),
		.message_id = json_text(json_object_get(object, "message_id"), arena)};
	json_decref(object);
	return RESULT_OK;
}
