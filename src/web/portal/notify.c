/* A notification once more, from the page of a sent message. */
#include "web/portal/page.h"

#include "flow/notify_again.h"

/* What the page of the message then says. */
static const char *word_of(enum result result)
{
	switch (result) {
	case RESULT_OK:
		return "sent";
	case RESULT_BUSY:
		return "often";
	case RESULT_CONFLICT:
		return "waits";
	default:
		return NULL;
	}
}

static enum result post_notify(struct request *request, struct response *response)
{
	struct id id;

	TRY(page_id(request, &id));
	enum result result = notify_again(flow_of(request), &visit_of(request)->actor, id,
		request_field(request, "address"), request->now, &request->err);
	const char *word = word_of(result);
	if (word == NULL)
		return result;
	if (result == RESULT_OK)
		visit_accepted(request);
	response_redirect(
		response, arena_printf(request->arena, "/message/%s?notified=%s", id_text(id).s, word));
	return RESULT_OK;
}

static const struct route_parameter parameters[] = {
	{PARAMETER_PATH, "id", ID_TEXT_LEN, 0, "the owner's copy"},
	{PARAMETER_FIELD, "address", 254, 0, "the recipient"},
	{0},
};

static const struct route rows[] = {
	{METHOD_POST, "/message/{id}/notify", RIGHTS_SIGNED_IN, parameters, post_notify, NULL,
		"Sends a recipient the notification again"},
};

const struct route_table portal_routes_notify = {rows, COUNT_OF(rows)};
