#include "flow/destination.h"

#include "base/address.h"
#include "flow/account_note.h"
#include "flow/own_domain.h"
#include "store/destination_write.h"
#include "store/domain.h"
#include "tls/domain_name.h"

struct change {
	const struct actor *actor;
	struct str domain, typed; /* as DNS has it, and in small letters as it was said */
	struct arena *arena;
	int64_t now;
};

static enum result note(struct tx *tx, const struct change *c, const char *what, struct err *err)
{
	return account_note(tx, c->actor, c->now,
		arena_printf(c->arena, "destination %.*s: %s", STR_ARG(c->domain), what), err);
}

static enum result enforce(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	struct domain own;

	enum result found = own_domain_find(tx, c->domain, c->arena, &own, err);
	if (found == RESULT_OK)
		return err_set(err, RESULT_INVALID,
			"%.*s is a domain of this installation: use sealpost domain set --tls",
			STR_ARG(c->domain));
	if (found != RESULT_NOT_FOUND)
		return found;
	TRY(destination_add(tx, c->actor->account_id, c->domain, c->now, err));
	return note(tx, c, "verified TLS only", err);
}

static enum result relax(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;

	enum result removed = destination_remove(tx, c->actor->account_id, c->domain, err);
	if (removed == RESULT_NOT_FOUND)
		removed = destination_remove(tx, c->actor->account_id, c->typed, err);
	TRY(removed);
	return note(tx, c, "TLS when offered", err);
}

static enum result change(struct flow *flow, db_work work, const struct actor *actor, struct str domain,
	int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct str typed = arena_lower(&arena, domain);
	struct change c = {.actor = actor,
		.domain = domain_name_ascii(typed, &arena),
		.typed = typed,
		.arena = &arena,
		.now = now};

	if (!is_domain_name(domain))
		return err_set(err, RESULT_INVALID, "%.*s is not a domain name", STR_ARG(domain));
	enum result result = db_write(flow_db(flow), work, &c, err);
	return result == RESULT_CONFLICT ? err_set(err, result, "the destination is there already") : result;
}

enum result destination_enforce(
	struct flow *flow, const struct actor *actor, struct str domain, int64_t now, struct err *err)
{
	return change(flow, enforce, actor, domain, now, err);
}

enum result destination_relax(
	struct flow *flow, const struct actor *actor, struct str domain, int64_t now, struct err *err)
{
	return change(flow, relax, actor, domain, now, err);
}

enum result destination_needs_tls(struct tx *tx, struct id account_id, struct str domain, struct arena *arena,
	bool *ret, struct err *err)
{
	struct str ascii = domain_name_ascii(domain, arena);

	TRY(destination_has(tx, account_id, ascii, ret, err));
	/* Earlier builds kept an international name as it was said. */
	return *ret || ascii.ptr == domain.ptr ? RESULT_OK
					       : destination_has(tx, account_id, domain, ret, err);
}
