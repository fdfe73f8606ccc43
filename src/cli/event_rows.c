#include "cli/event_rows.h"

#include "store/person.h"

static enum result address_of(struct tx *tx, struct admin *admin, struct id id, json_t **ret, struct err *err)
{
	struct person person = {.address = STR_NONE};

	if (!id_is_none(id)) {
		enum result found = person_find(tx, admin->actor.account_id, id, &admin->arena, &person, err);
		if (found != RESULT_NOT_FOUND)
			TRY(found);
	}
	*ret = person.address.len ? admin_text(person.address) : json_null();
	return RESULT_OK;
}

/* "2026-12-06T11:40:27Z to 2026-12-10T14:00:00Z", from {"from":…,"until":…} in milliseconds. */
static json_t *extension(struct str detail)
{
	json_t *times = json_loadb(detail.ptr, detail.len, 0, NULL);
	json_t *from = admin_time(json_integer_value(json_object_get(times, "from")));
	json_t *until = admin_time(json_integer_value(json_object_get(times, "until")));
	json_t *words = json_is_string(from) && json_is_string(until)
				? json_sprintf("%s to %s", json_string_value(from), json_string_value(until))
				: admin_text(detail);

	json_decref(times);
	json_decref(from);
	json_decref(until);
	return words;
}

static json_t *detail_of(const struct admin *admin, const struct event *event)
{
	bool is_extension = str_equal(event->kind, STR(EVENT_MESSAGE_EXTENDED));

	return is_extension && !admin->json ? extension(event->detail) : admin_text(event->detail);
}

enum result event_rows(struct tx *tx, struct admin *admin, const struct event *events, size_t count,
	json_t **ret, struct err *err)
{
	cleanup(json_decrefp) json_t *rows = json_array();

	for (size_t i = 0; i < count; i++) {
		cleanup(json_decrefp) json_t *address = NULL;
		json_t *by_address;
		TRY(address_of(tx, admin, events[i].person_id, &address, err));
		TRY(address_of(tx, admin, events[i].actor_id, &by_address, err));
		(void)json_array_append_new(
			rows, json_pack("{s:o,s:o,s:o,s:o,s:O,s:o,s:o,s:o,s:o}", "at",
				      admin_time(events[i].at), "event", admin_text(events[i].kind),
				      "message", admin_id(events[i].message_id), "person",
				      admin_id(events[i].person_id), "address", address, "by",
				      admin_id(events[i].actor_id), "by_address", by_address, "origin",
				      admin_text(events[i].origin), "detail", detail_of(admin, &events[i])));
	}
	*ret = json_incref(rows);
	return RESULT_OK;
}
