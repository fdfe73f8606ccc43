/* Passkeys: made, listed and removed in the settings, and signed in by. The browser's part needs its script;
 * whoever has none signs in by code or password. */
#include "web/portal/page.h"

#include "base/limits.h"

static enum result answer_challenge(
	struct request *request, struct response *response, const struct actor *actor)
{
	const struct visit *visit = visit_of(request);
	cleanup(json_decrefp) json_t *answer = json_object();
	uint8_t challenge[PASSKEY_CHALLENGE_BYTES];

	if (!passkeys_rp_id(flow_of(request)).len)
		return err_set(&request->err, RESULT_NOT_FOUND, "this site has no name for passkeys");
	TRY(passkeys_ask(flow_of(request), actor, &visit->visitor, request->now, challenge, &request->err));
	view_set(answer, "challenge",
		passkey_text((struct bytes){challenge, sizeof(challenge)}, request->arena));
	view_set(answer, "rp_id", passkeys_rp_id(flow_of(request)));
	if (actor) {
		view_set(answer, "rp_name", visit->settings->display_name);
		view_set(answer, "user_id",
			passkey_text((struct bytes){actor->person_id.b, ID_BYTES}, request->arena));
		view_set(answer, "user_name", visit->session.person.address);
	}
	char *text = json_dumps(answer, JSON_COMPACT);
	response_text(response, "application/json", str_of(text));
	free(text);
	return RESULT_OK;
}

static enum result post_sign_in_challenge(struct request *request, struct response *response)
{
	return answer_challenge(request, response, NULL);
}

static enum result post_new_challenge(struct request *request, struct response *response)
{
	return answer_challenge(request, response, &visit_of(request)->actor);
}

static bool field_bytes(struct request *request, const char *name, size_t most, struct bytes *ret)
{
	return passkey_bytes(request_field(request, name), most, request->arena, ret);
}

bool page_passkey_answer(struct request *request, struct passkey_answer *ret)
{
	struct bytes client_data;

	if (!field_bytes(request, "credential", LIMIT_PASSKEY_ID_BYTES, &ret->credential_id) ||
		!field_bytes(request, "client", LIMIT_PASSKEY_CLIENT_BYTES, &client_data) ||
		!field_bytes(request, "data", LIMIT_PASSKEY_ATTESTATION_BYTES, &ret->authenticator_data) ||
		!field_bytes(request, "signature", LIMIT_PASSKEY_SIGNATURE_BYTES, &ret->signature))
		return false;
	ret->client_data = bytes_str(client_data);
	return true;
}

static enum result post_sign_in(struct request *request, struct response *response)
{
	struct passkey_answer answer;
	struct sign_in sign_in;
	struct id copy_id = {0};
	enum result result = RESULT_DENIED;

	(void)id_parse(request_field(request, "link"), &copy_id);
	if (page_passkey_answer(request, &answer))
		result = sign_in_by_passkey(flow_of(request), &visit_of(request)->visitor, &answer, copy_id,
			request->now, &sign_in, &request->err);
	if (result == RESULT_OK)
		return page_signed_in(request, response, &sign_in);
	if (result != RESULT_DENIED)
		return result;
	cleanup(json_decrefp) json_t *view = json_object();
	visit_of(request)->return_path = STR("/sign-in");
	(void)page_problem(view, response, "address", "passkey_wrong");
	view_set(view, "address", STR_NONE);
	view_set_flag(view, "has_passkeys", true);
	return page_door(request, response, "sign_in", view);
}

static enum result show(struct request *request, struct response *response, json_t *view)
{
	const struct visit *visit = visit_of(request);
	struct passkey_facts *passkeys;
	size_t count;

	TRY(passkeys_of(flow_of(request), &visit->actor, request->arena, &passkeys, &count, &request->err));
	view_set_flag(view, "has_none", count == 0);
	view_set_flag(view, "may_add", passkeys_rp_id(flow_of(request)).len > 0);
	view_set(view, "suggested", visit->visitor.agent);
	json_t *list = view_add_list(view, "passkeys");
	for (size_t i = 0; i < count; i++) {
		json_t *item = view_append(list);
		view_set(item, "id", str_of(id_text(passkeys[i].id).s));
		view_set(item, "name", passkeys[i].name);
		view_set_flag(item, "was_used", passkeys[i].used_at > 0);
		page_set_date(visit, view_add_object(item, "created"), passkeys[i].created_at);
		page_set_date(visit, view_add_object(item, "used"), passkeys[i].used_at);
	}
	return page_portal(request, response, "passkeys", "settings", view);
}

static enum result get_passkeys(struct request *request, struct response *response)
{
	cleanup(json_decrefp) json_t *view = json_object();

	view_set_flag(view, "was_added", str_equal(request_query(request, "done"), STR("added")));
	view_set_flag(view, "was_removed", str_equal(request_query(request, "done"), STR("removed")));
	return show(request, response, view);
}

static enum result post_add(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);
	struct bytes client_data, attestation;
	enum result result = RESULT_DENIED;

	if (field_bytes(request, "client", LIMIT_PASSKEY_CLIENT_BYTES, &client_data) &&
		field_bytes(request, "attestation", LIMIT_PASSKEY_ATTESTATION_BYTES, &attestation))
		result = passkeys_add(flow_of(request), &visit->actor, &visit->visitor,
			bytes_str(client_data), attestation, str_trim(request_field(request, "name")),
			request->now, &request->err);
	if (result == RESULT_DENIED || result == RESULT_CONFLICT) {
		cleanup(json_decrefp) json_t *view = json_object();
		(void)page_problem(view, response, "name", "passkey_not_kept");
		return show(request, response, view);
	}
	TRY(result);
	response_redirect(response, STR("/settings/passkeys?done=added"));
	return RESULT_OK;
}

static enum result post_remove(struct request *request, struct response *response)
{
	struct id id;

	if (!id_parse(request_field(request, "passkey"), &id))
		return err_set(&request->err, RESULT_NOT_FOUND, "there is no such passkey");
	TRY(passkeys_remove(flow_of(request), &visit_of(request)->actor, id, request->now, &request->err));
	response_redirect(response, STR("/settings/passkeys?done=removed"));
	return RESULT_OK;
}

static const struct route_parameter sign_in_parameters[] = {
	PASSKEY_ANSWER_FIELDS,
	{PARAMETER_FIELD, "link", ID_TEXT_LEN, 0, "the notification's link that began it"},
	{0},
};

static const struct route_parameter get_parameters[] = {
	{PARAMETER_QUERY, "done", 7, 0, "\"added\" or \"removed\": one just was"},
	{0},
};

static const struct route_parameter add_parameters[] = {
	{PARAMETER_FIELD, "client", BASE64_OF(LIMIT_PASSKEY_CLIENT_BYTES), 0, "clientDataJSON, base64url"},
	{PARAMETER_FIELD, "attestation", BASE64_OF(LIMIT_PASSKEY_ATTESTATION_BYTES), 0,
		"attestationObject, base64url"},
	{PARAMETER_FIELD, "name", LIMIT_DISPLAY_NAME_BYTES, 0, "what the person calls it"},
	{0},
};

static const struct route_parameter remove_parameters[] = {
	{PARAMETER_FIELD, "passkey", ID_TEXT_LEN, 0, "the one to remove"},
	{0},
};

static const struct route rows[] = {
	{METHOD_POST, "/sign-in/passkey/challenge", RIGHTS_ANYONE, NULL, post_sign_in_challenge, NULL,
		"Gives a challenge to sign in by, as JSON for the script"},
	{METHOD_POST, "/sign-in/passkey", RIGHTS_ANYONE, sign_in_parameters, post_sign_in, NULL,
		"Signs in by a passkey"},
	{METHOD_GET, "/settings/passkeys", RIGHTS_PROVED, get_parameters, get_passkeys, NULL,
		"The person's passkeys"},
	{METHOD_POST, "/settings/passkeys/challenge", RIGHTS_SIGNED_IN, NULL, post_new_challenge, NULL,
		"Gives a challenge to make a passkey by, as JSON for the script"},
	{METHOD_POST, "/settings/passkeys/add", RIGHTS_PROVED, add_parameters, post_add, NULL,
		"Keeps a new passkey"},
	{METHOD_POST, "/settings/passkeys/remove", RIGHTS_PROVED, remove_parameters, post_remove, NULL,
		"Removes a passkey"},
};

const struct route_table portal_routes_passkey = {rows, COUNT_OF(rows)};
