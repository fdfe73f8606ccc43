#include "web/portal/prove.h"
#include "web/portal/write.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/network.h"

#include <stdio.h>
#include <string.h>

/* A form with files is somewhat larger than what it carries. */
#define FORM_SPARE_BYTES (2 << 20)

static const struct route_table *const tables[] = {
	&portal_routes_access_code,
	&portal_routes_addresses,
	&portal_routes_again,
	&portal_routes_ask,
	&portal_routes_asked,
	&portal_routes_attached,
	&portal_routes_body,
	&portal_routes_brand,
	&portal_routes_check,
	&portal_routes_code,
	&portal_routes_command,
	&portal_routes_compose,
	&portal_routes_delete,
	&portal_routes_draft,
	&portal_routes_draft_file,
	&portal_routes_export,
	&portal_routes_factor,
	&portal_routes_file,
	&portal_routes_leaving,
	&portal_routes_link,
	&portal_routes_live,
	&portal_routes_mailbox,
	&portal_routes_mailboxes,
	&portal_routes_mark,
	&portal_routes_message,
	&portal_routes_notify,
	&portal_routes_passkey,
	&portal_routes_password,
	&portal_routes_presence,
	&portal_routes_preview,
	&portal_routes_prove,
	&portal_routes_reply,
	&portal_routes_search,
	&portal_routes_self_delete,
	&portal_routes_settings,
	&portal_routes_shared,
	&portal_routes_sign_in,
	&portal_routes_summary,
};

/* Nobody is signed in who should be: pages lead to the sign-in and come back, forms keep what was written. */
static enum result ask_to_sign_in(struct request *request, struct response *response)
{
	const struct visit *visit = visit_of(request);

	if (request->method != METHOD_GET && request->route->open_sink && write_keep_late(request))
		return err_code(&request->err, RESULT_DENIED, "session-ended", "what was written is kept");
	if (request->method != METHOD_GET)
		return err_code(&request->err, RESULT_DENIED, "session-ended", "nobody is signed in");
	if (visit->is_due) {
		response_cookie(
			response, COOKIE_NEXT, percent_encode(request->arena, request->target), NEXT_S);
		response_redirect(
			response, visit->is_self_due ? STR("/sign-in/self") : STR("/sign-in/second-factor"));
		return RESULT_OK;
	}
	if (visit->has_ended)
		response_cookie_remove(response, COOKIE_SESSION);
	response_redirect(response, arena_printf(request->arena, "/sign-in?next=%.*s%s",
					    STR_ARG(percent_encode(request->arena, request->target)),
					    visit->has_ended ? "&ended=1" : ""));
	return RESULT_OK;
}

static enum result handle_proved(struct request *request, struct response *response)
{
	bool asks = false;

	if (prove_is_asked(request->route->rights) && visit_of(request)->is_signed_in)
		TRY(prove_first(request, response, &asks));
	if (asks)
		return RESULT_OK;
	enum result result = request->route->handler(request, response);
	if (result != RESULT_OK && request->method != METHOD_GET && request->route->open_sink)
		write_keep_refused(request);
	return result;
}

/* Runs a page. */
static enum result handle(struct request *request, struct response *response)
{
	struct visit *visit = request->state;

	if (!visit || !visit->is_looked_up)
		TRY(visit_begin(request, &visit));
	enum route_rights rights = request->route->rights;
	if (rights >= RIGHTS_SIGNED_IN && !visit->is_signed_in)
		return ask_to_sign_in(request, response);
	bool needs_token = rights != RIGHTS_OWN_COOKIES || visit->is_signed_in;
	if (request->method != METHOD_GET && needs_token &&
		!visit_csrf_is_right(visit, request_field(request, "csrf"))) {
		/* What was written is shown again with this session's token; write_read does no more (R7). */
		visit->form_is_old = visit->is_signed_in && request->route->open_sink;
		if (!visit->form_is_old)
			return err_code(&request->err, RESULT_DENIED, "form-old",
				"the form is not from this session");
	}
	if (visit->is_signed_in && rights != RIGHTS_WATCHING) {
		struct err err = {0};
		/* Reading goes on when it cannot be written down; the session then ends earlier. */
		if (session_use(flow_of(request), &visit->session, request->now, &err) != RESULT_OK)
			log_warning("web", "a session's use was not written down: %s", err.text);
	}
	return handle_proved(request, response);
}

static enum result get_unknown(struct request *request, struct response *response)
{
	(void)response;
	return err_set(&request->err, RESULT_NOT_FOUND, "there is no such page");
}

/* Its error page wears the name and colour of the account of who asks. */
static const struct route unknown = {
	METHOD_GET, "", RIGHTS_ANYONE, NULL, get_unknown, NULL, "What no page has the address of"};

static enum result load(struct portal *portal, struct err *err)
{
	const char *web_dir = portal->options.web_dir;
	struct arena *arena = &portal->arena;

	TRY(assets_load(web_dir, &portal->assets, err));
	TRY(template_set_load(arena_printf(arena, "%s/templates", web_dir).ptr, &portal->templates, err));
	TRY(languages_load(arena_printf(arena, "%s/languages", web_dir).ptr, &portal->languages, err));
	portal->zones = zones_open(ZONE_FOLDER);
	return RESULT_OK;
}

static void make_router(struct portal *portal)
{
	struct route_table *rows = arena_array(&portal->arena, struct route_table, COUNT_OF(tables));

	for (size_t i = 0; i < COUNT_OF(tables); i++)
		rows[i] = *tables[i];
	portal->router = router_new(rows, COUNT_OF(tables));
}

static enum result read_listeners(struct portal *portal, struct server_listen **ret, struct err *err)
{
	const struct portal_options *options = &portal->options;
	struct server_listen *listen =
		arena_array(&portal->arena, struct server_listen, options->listen_count);

	for (size_t i = 0; i < options->listen_count; i++) {
		struct host_port place;
		uint64_t port;
		if (!host_port_parse(str_of(options->listen[i].address), &place) ||
			!str_to_uint(str_of(place.port), UINT16_MAX, &port))
			return err_set(err, RESULT_INVALID, "%s is not an address and port to listen on",
				options->listen[i].address);
		listen[i] = (struct server_listen){arena_cstr(&portal->arena, str_of(place.host)),
			(uint16_t)port, options->listen[i].tls};
	}
	*ret = listen;
	return RESULT_OK;
}

static enum result listen_and_serve(struct portal *portal, struct err *err)
{
	const struct portal_options *options = &portal->options;
	struct server_listen *listen = NULL;

	if (!str_starts(options->portal_url, STR("https://")) &&
		!str_starts(options->portal_url, STR("http://")))
		return err_set(err, RESULT_INVALID, "the portal's URL does not begin with https://");
	TRY(read_listeners(portal, &listen, err));
	struct server_options server = {
		.listen = listen,
		.listen_count = options->listen_count,
		.credentials = options->credentials,
		.origins = &portal->options.portal_url,
		.origin_count = 1,
		.trusted_proxies = options->trusted_proxies,
		.trusted_proxy_count = options->trusted_proxy_count,
		.router = portal->router,
		.assets = portal->assets,
		.app = portal,
		.handle = handle,
		.unknown = &unknown,
		.error_page = page_error,
		.upload_limit = (uint64_t)flow_names(options->flow)->mail_bytes_max + FORM_SPARE_BYTES,
		.limits = options->limits,
	};
	return server_start(&server, &portal->server, err);
}

enum result portal_start(const struct portal_options *options, struct portal **ret, struct err *err)
{
	struct portal *portal = mem_new(sizeof(*portal));

	portal->options = *options;
	enum result result = load(portal, err);
	if (result == RESULT_OK) {
		make_router(portal);
		result = listen_and_serve(portal, err);
	}
	if (result != RESULT_OK) {
		portal_stop(portal, 0);
		return result;
	}
	*ret = portal;
	return RESULT_OK;
}

void portal_set_credentials(struct portal *portal, struct tls_credentials *credentials)
{
	server_set_credentials(portal->server, credentials);
}

uint16_t portal_port(const struct portal *portal, size_t index)
{
	return server_port(portal->server, index);
}

void portal_stop(struct portal *portal, int64_t limit_ms)
{
	if (portal == NULL)
		return;
	server_stop(portal->server, limit_ms);
	router_free(portal->router);
	zones_free(portal->zones);
	languages_free(portal->languages);
	template_set_free(portal->templates);
	assets_free(portal->assets);
	arena_done(&portal->arena);
	free(portal);
}
