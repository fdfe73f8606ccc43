#include "flow/report.h"

#include "base/mem.h"

#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The text fields by name. */
static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{"action", offsetof(struct report, action)},
	{"status", offsetof(struct report, status)},
	{"recipient", offsetof(struct report, recipient)},
	{"original_recipient", offsetof(struct report, original_recipient)},
	{"envelope_id", offsetof(struct report, envelope_id)},
	{"message_id", offsetof(struct report, message_id)},
	{"subject", offsetof(struct report, subject)},
	{"reason", offsetof(struct report, reason)},
	{"host", offsetof(struct report, host)},
};

struct str report_write(const struct report *report, struct arena *arena)
{
	json_t *object = json_object();

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		const struct str *text = (const void *)((const char *)report + texts[i].offset);
		json_t *value = json_stringn(text->ptr ? text->ptr : "", text->len);
		/* What another server says need not be UTF-8. */
		(void)json_object_set_new(object, texts[i].name, value ? value : json_string(""));
	}
	(void)json_object_set_new(object, "sent_at", json_integer(report->sent_at));
	(void)json_object_set_new(object, "give_up_at", json_integer(report->give_up_at));
	(void)json_object_set_new(object, "is_notification", json_boolean(report->is_notification));
	(void)json_object_set_new(object, "is_own_copy", json_boolean(report->is_own_copy));
	(void)json_object_set_new(object, "is_expired", json_boolean(report->is_expired));
	char *dump = json_dumps(object, JSON_COMPACT);
	struct str text = arena_str(arena, str_of(dump));
	free(dump);
	json_decref(object);
	return text;
}

enum result report_read(struct str text, struct arena *arena, struct report *ret, struct err *err)
{
	json_t *object = json_loadb(text.ptr ? text.ptr : "", text.len, 0, NULL);

	if (!json_is_object(object)) {
		json_decref(object);
		return err_set(err, RESULT_INTERNAL, "the report's fields are not readable");
	}
	*ret = (struct report){0};
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		const json_t *value = json_object_get(object, texts[i].name);
		struct str *field = (void *)((char *)ret + texts[i].offset);
		if (json_is_string(value))
			*field = arena_str(
				arena, (struct str){json_string_value(value), json_string_length(value)});
	}
	ret->sent_at = json_integer_value(json_object_get(object, "sent_at"));
	ret->give_up_at = json_integer_value(json_object_get(object, "give_up_at"));
	ret->is_notification = json_is_true(json_object_get(object, "is_notification"));
	ret->is_own_copy = json_is_true(json_object_get(object, "is_own_copy"));
	ret->is_expired = json_is_true(json_object_get(object, "is_expired"));
	json_decref(object);
	return RESULT_OK;
}
