#include "cli/check_hop.h"

#include "base/clock.h"

#include <string.h>

/* Of each step with one address: a person waits. */
#define STEP_MS (10 * MS_SECOND)

static const char *mend_of(const struct err *err)
{
	const char *code = err->code ? err->code : "";

	if (strncmp(code, "tls-", 4) == 0)
		return "give that server a certificate for this name, by an authority of the system or of "
		       "tls.authorities";
	if (strcmp(code, "greeting-refused") == 0)
		return "let that server take mail from this machine";
	return "start that server, open the firewall for this machine, or mend the address or name service";
}

static enum result try_address(const struct check_hop *hop, const struct hop_address *to, struct arena *arena,
	const char **ret_tls, struct err *err)
{
	bool verified = hop->needs_tls && !(hop->spares_loopback && to->is_loopback);
	const struct smtp_client_options options = {.helo = hop->helo,
		.tls_name = to->host,
		.tls = verified ? SMTP_CLIENT_TLS_VERIFIED : SMTP_CLIENT_TLS_OPPORTUNISTIC,
		.trust = hop->trust,
		.connect_ms = STEP_MS,
		.command_ms = STEP_MS};
	cleanup(smtp_client_free_at) struct smtp_client *client = NULL;

	TRY(smtp_client_connect((const struct sockaddr *)&to->address, to->len, &options, &client, err));
	const struct tls_facts *tls = smtp_client_tls(client);
	*ret_tls = tls == NULL	   ? "without TLS"
		   : tls->verified ? arena_printf(arena, "%s, verified", tls->version).ptr
				   : arena_printf(arena, "%s, not verified", tls->version).ptr;
	return RESULT_OK;
}

enum result check_hop_try(const struct check_hop *hop, struct arena *arena, const char **ret_tls,
	const char **ret_mend, struct err *err)
{
	struct hop found;
	struct err why = {0};

	enum result result = resolve_destination(hop->resolver, hop->destination, arena, &found, &why);
	if (result == RESULT_OK) {
		result = err_set(&why, RESULT_UNAVAILABLE, "no server to connect to");
		for (size_t i = 0; i < found.count && result != RESULT_OK; i++)
			result = try_address(hop, &found.addresses[i], arena, ret_tls, &why);
	}
	if (result != RESULT_OK) {
		*ret_mend = mend_of(&why);
		*err = why;
	}
	return result;
}
