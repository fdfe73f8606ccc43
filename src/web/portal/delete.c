/* Deleted: messages go there and come back, one from its own page or many ticked in a list; for good after
 * one question. The pages show the change at once (R9). */
#include "web/portal/chosen.h"

#include "base/limits.h"
#include "flow/delete.h"

static enum result change(struct request *request, struct response *response, enum delete_verb verb)
{
	static const char *const words[] = {
		[DELETE_TO_FOLDER] = "deleted",
		[DELETE_UNDO] = "restored",
		[DELETE_FOR_GOOD] = "destroyed",
	};
	struct id *ids;
	size_t count, done;

	TRY(chosen_read(request, &ids, &count));
	if (count == 0)
		return chosen_back(request, response, "nothing", 0, NULL);
	TRY(delete_copies(flow_of(request), &visit_of(request)->actor, verb, ids, count, request->now, &done,
		&request->err));
	bool can_undo = verb == DELETE_TO_FOLDER && done == 1 && count == 1;
	return chosen_back(request, response, words[verb], done, can_undo ? &ids[0] : NULL);
}

static enum result post_delete(struct request *request, struct response *response)
{
	return change(request, response, DELETE_TO_FOLDER);
}

static enum result post_restore(struct request *request, struct response *response)
{
	return change(request, response, DELETE_UNDO);
}

static enum result ask(struct request *request, struct response *response, const struct id *ids, size_t count)
{
	cleanup(json_decrefp) json_t *view = json_object();
	struct delete_facts facts;

	TRY(delete_look(flow_of(request), &visit_of(request)->actor, ids, count, request->now, &facts,
		&request->err));
	if (facts.count == 0)
		return chosen_back(request, response, "destroyed", 0, NULL);
	json_t *list = view_add_list(view, "ids");
	for (size_t i = 0; i < count; i++)
		view_set(view_append(list), "id", str_of(id_text(ids[i]).s));
	view_set_number(view_add_object(view, "chosen"), "count", (int64_t)facts.count);
	view_set_flag(view, "is_shared", !id_is_none(visit_of(request)->actor.self_id));
	view_set_flag(view, "has_own", facts.own > 0);
	view_set(view, "return", chosen_return_path(request, "/deleted"));
	return page_portal(request, response, "destroy", "deleted", view);
}

static enum result post_destroy(struct request *request, struct response *response)
{
	struct id *ids;
	size_t count;

	TRY(chosen_read(request, &ids, &count));
	if (count && !request_field(request, "sure").len)
		return ask(request, response, ids, count);
	return change(request, response, DELETE_FOR_GOOD);
}

static const struct route_parameter parameters[] = {
	CHOSEN_FIELDS,
	{PARAMETER_FIELD, "sure", 1, 0, "asked before"},
	{0},
};

static const struct route rows[] = {
	{METHOD_POST, "/delete", RIGHTS_SIGNED_IN, parameters, post_delete, NULL,
		"Moves messages to Deleted"},
	{METHOD_POST, "/restore", RIGHTS_SIGNED_IN, parameters, post_restore, NULL,
		"Moves messages from Deleted to where they were"},
	{METHOD_POST, "/destroy", RIGHTS_SIGNED_IN, parameters, post_destroy, NULL,
		"Asks once, then deletes messages in Deleted for good"},
};

const struct route_table portal_routes_delete = {rows, COUNT_OF(rows)};
