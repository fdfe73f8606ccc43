#include "flow/compose.h"

#include "base/address.h"
#include "base/limits.h"
#include "flow/outsider.h"
#include "flow/published.h"
#include "flow/writing_private.h"
#include "mime/header.h"

struct composing {
	struct writing w;
	const struct compose_message *message;
};

/* People from outside have no choice. */
static enum result offered_to(struct tx *tx, const struct person *writer, struct arena *arena,
	struct definition **ret, size_t *ret_count, struct err *err)
{
	TRY(published_to(tx, writer->account_id, writer->address, arena, ret, ret_count, err));
	if (!writer->is_internal)
		*ret_count = 1;
	return RESULT_OK;
}

/* The one that was chosen among those published to the writer, or the first of them. */
static enum result choose(struct tx *tx, const struct person *writer, struct id chosen, struct arena *arena,
	struct definition *ret, struct err *err)
{
	struct definition *definitions;
	size_t count;

	TRY(offered_to(tx, writer, arena, &definitions, &count, err));
	*ret = definitions[0];
	for (size_t i = 0; i < count; i++)
		if (id_equal(definitions[i].id, chosen)) {
			*ret = definitions[i];
			return RESULT_OK;
		}
	return id_is_none(chosen) ? RESULT_OK
				  : err_code(err, RESULT_INVALID, "unknown-definition",
					    "the definition is not offered to this writer any more");
}

static enum result load(struct tx *tx, void *context, struct err *err)
{
	struct composing *c = context;
	struct writing *w = &c->w;

	TRY(writing_load(tx, w, err));
	if (!w->writer.is_internal)
		TRY(outsider_check(
			tx, &w->account, &w->writer, w->recipients.items, w->recipients.count, err));
	return choose(tx, &w->writer, c->message->definition_id, &w->arena, &w->definition, err);
}

static bool is_in(const struct mime_address *addresses, size_t count, struct str address)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal_nocase(addresses[i].address, address))
			return true;
	return false;
}

/* Each address once: as To rather than Cc, as Cc rather than Bcc, as it was first written. */
static void drop_repeated(struct writing *w)
{
	struct mime_address *fields[] = {w->to, w->cc, w->bcc};
	size_t *counts[] = {&w->to_count, &w->cc_count, &w->bcc_count};

	for (size_t field = 0; field < COUNT_OF(fields); field++) {
		size_t kept = 0;
		for (size_t i = 0; i < *counts[field]; i++) {
			struct mime_address one = fields[field][i];
			bool known = is_in(fields[field], kept, one.address);
			for (size_t before = 0; before < field; before++)
				known = known || is_in(fields[before], *counts[before], one.address);
			if (!known)
				fields[field][kept++] = one;
		}
		*counts[field] = kept;
	}
}

static enum result check_addresses(const struct mime_address *addresses, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (!is_address(addresses[i].address))
			return err_code(err, RESULT_INVALID, "recipient-invalid",
				"%.*s is not a mail address", STR_ARG(addresses[i].address));
	return RESULT_OK;
}

enum result compose_refuse_many(struct err *err)
{
	return err_code(err, RESULT_INVALID, "too-many-recipients", "a message has at most %d recipients",
		COMPOSE_RECIPIENTS_MAX);
}

static enum result read_recipients(struct composing *c, struct err *err)
{
	const struct compose_message *message = c->message;
	struct writing *w = &c->w;

	w->to_count = mime_addresses_typed(message->to, &w->arena, &w->to);
	w->cc_count = mime_addresses_typed(message->cc, &w->arena, &w->cc);
	w->bcc_count = mime_addresses_typed(message->bcc, &w->arena, &w->bcc);
	if (w->to_count + w->cc_count + w->bcc_count > COMPOSE_RECIPIENTS_MAX)
		return compose_refuse_many(err);
	TRY(check_addresses(w->to, w->to_count, err));
	TRY(check_addresses(w->cc, w->cc_count, err));
	TRY(check_addresses(w->bcc, w->bcc_count, err));
	drop_repeated(w);
	if (w->to_count + w->cc_count + w->bcc_count == 0)
		return err_code(err, RESULT_INVALID, "no-recipients", "a message needs a recipient");
	return RESULT_OK;
}

static enum result compose(struct composing *c, struct id form_id, struct id *ret_copy_id, struct err *err)
{
	struct writing *w = &c->w;

	TRY(read_recipients(c, err));
	w->subject = mime_clean_text(c->message->subject, LIMIT_SUBJECT_BYTES, &w->arena);
	TRY(writing_take_text(w, &c->message->written, err));
	TRY(db_read(flow_db(w->flow), load, c, err));
	return writing_send(w, &c->message->written, form_id, ret_copy_id, err);
}

enum result compose_send(struct flow *flow, const struct actor *actor, const struct compose_message *message,
	struct id form_id, int64_t now, struct id *ret_copy_id, struct err *err)
{
	struct composing c = {.message = message};

	c.w = (struct writing){.flow = flow, .actor = actor, .now = now};
	enum result result = compose(&c, form_id, ret_copy_id, err);
	arena_done(&c.w.arena);
	return result;
}

enum result compose_may(
	struct flow *flow, const struct actor *actor, const struct compose_message *message, struct err *err)
{
	struct composing c = {.message = message};

	c.w = (struct writing){.flow = flow, .actor = actor};
	enum result result = read_recipients(&c, err);
	if (result == RESULT_OK)
		result = db_read(flow_db(flow), load, &c, err);
	arena_done(&c.w.arena);
	return result;
}

struct choices_query {
	const struct actor *actor;
	struct arena *arena;
	struct definition *definitions;
	size_t count;
};

static enum result read_choices(struct tx *tx, void *context, struct err *err)
{
	struct choices_query *q = context;
	struct person writer;

	TRY(person_find(tx, q->actor->account_id, q->actor->person_id, q->arena, &writer, err));
	return offered_to(tx, &writer, q->arena, &q->definitions, &q->count, err);
}

enum result compose_choices(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct definition **ret, size_t *ret_count, struct err *err)
{
	struct choices_query query = {.actor = actor, .arena = arena};

	TRY(db_read(flow_db(flow), read_choices, &query, err));
	*ret = query.definitions;
	*ret_count = query.count;
	return RESULT_OK;
}
