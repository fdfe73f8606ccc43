#include "flow/returned.h"

#include "base/address.h"
#include "flow/deliver.h"
#include "flow/mail_out.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/event_write.h"

#define STATUS_BYTES_MAX ((size_t)64 * 1024)
/* When an answer to one and the same mail of ours is told again that it is not read. */
#define ANSWER_AGAIN_MS (30 * MS_DAY)

struct returned {
	struct flow *flow;
	const struct delivery *delivery;
	struct str sender;
	struct str origin;
	int64_t now;
	bool is_bounce;	   /* a delivery report that says failed */
	bool is_automatic; /* nobody wrote it */
	bool is_refused;   /* somebody did, and is not told by mail */
	struct str status; /* of a bounce, "5.1.1" */
};

/* The fields of a delivery report (RFC 3464), all recipients' blocks in one. */
static enum result read_status(struct content *content, const struct mime_part *part, struct arena *arena,
	struct str *ret, struct err *err)
{
	cleanup(buf_done) struct buf text = buf_new(STATUS_BYTES_MAX);
	struct reader mail;
	bool cut;

	TRY(content_open(content, &mail, err));
	TRY(mime_part_text(&mail, part, &text, &cut, err));
	*ret = arena_str(arena, buf_str(&text));
	return RESULT_OK;
}

/* Digits and dots only: what a stranger's server writes goes into an event. */
static struct str clean_status(struct str value, struct arena *arena)
{
	struct str line = str_sub(mime_header_unfold(value, arena), 0, 12);

	for (size_t i = 0; i < line.len; i++)
		if (!(line.ptr[i] >= '0' && line.ptr[i] <= '9') && line.ptr[i] != '.')
			return str_sub(line, 0, i);
	return line;
}

static enum result look_at(struct content *content, struct returned *r, struct arena *arena, struct err *err)
{
	const struct mime_index *index = content_index(content);
	struct str header = content_header(content);
	struct str automatic = mime_header_unfold(mime_header_get(header, STR("Auto-Submitted")), arena);
	struct str precedence = mime_header_unfold(mime_header_get(header, STR("Precedence")), arena);

	r->is_automatic = r->sender.len == 0 || (automatic.len && !str_equal_nocase(automatic, STR("no"))) ||
			  precedence.len || mime_header_get(header, STR("List-Id")).ptr ||
			  mime_header_get(header, STR("X-Auto-Response-Suppress")).ptr;
	for (size_t i = 0; i < index->count; i++) {
		struct str status;
		if (!str_equal(index->parts[i].type, STR("message/delivery-status")))
			continue;
		TRY(read_status(content, &index->parts[i], arena, &status, err));
		struct str action = mime_header_unfold(mime_header_get(status, STR("Action")), arena);
		r->is_bounce = r->is_bounce || str_starts_nocase(action, STR("failed"));
		r->status = clean_status(mime_header_get(status, STR("Status")), arena);
	}
	return RESULT_OK;
}

static enum result is_first(struct tx *tx, const struct returned *r, const char *what, struct id id,
	struct str address, int64_t window_ms, bool *ret, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	uint8_t key[HASH_BYTES];
	int64_t number;

	struct str counted = arena_printf(
		&arena, "%s\n%s\n%.*s", what, id_text(id).s, STR_ARG(arena_lower(&arena, address)));
	hash_bytes(str_bytes(counted), key);
	TRY(attempt_count(tx, (struct bytes){key, sizeof(key)}, r->now, window_ms, &number, err));
	*ret = number == 1;
	return RESULT_OK;
}

/* Told in a mail of ours is only whom we wrote to, since anybody may stand in a forged sender: once for each
 * mail of ours, and once a day. */
static enum result may_answer(struct tx *tx, const struct returned *r, const struct flow_account *account,
	bool *ret, struct err *err)
{
	const struct delivery *delivery = r->delivery;

	*ret = is_address(r->sender) && str_equal_nocase(r->sender, delivery->recipient);
	if (*ret)
		TRY(is_first(tx, r, "not-read-here-mail", delivery->id, STR_NONE, ANSWER_AGAIN_MS, ret, err));
	if (*ret)
		TRY(is_first(tx, r, "not-read-here", account->account.id, r->sender, MS_DAY, ret, err));
	return RESULT_OK;
}

static enum result answer(
	struct tx *tx, const struct returned *r, const struct flow_account *account, struct err *err)
{
	if (r->is_automatic || r->is_refused)
		return RESULT_OK;
	return mail_out_not_read_here(r->flow, tx, account, r->delivery, r->sender, r->now, err);
}

static enum result take_return(struct tx *tx, void *context, struct err *err)
{
	struct returned *r = context;
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	const char *kind = r->is_bounce	     ? EVENT_DELIVERY_BOUNCED
			   : r->is_automatic ? EVENT_RETURN_DISCARDED
					     : EVENT_NOT_READ_HERE;
	struct event event = {.account_id = r->delivery->account_id,
		.at = r->now,
		.kind = str_of(kind),
		.message_id = r->delivery->message_id,
		.delivery_id = r->delivery->id,
		.origin = r->origin,
		.detail = r->status};

	TRY(flow_account_load(r->flow, tx, r->delivery->account_id, &arena, &account, err));
	r->is_refused = false;
	if (!r->is_bounce && !r->is_automatic) {
		bool may = false;
		TRY(may_answer(tx, r, &account, &may, err));
		r->is_refused = !may;
		event.detail = may ? STR("told by mail") : STR("refused");
	}
	TRY(event_record(tx, &event, err));
	if (r->is_bounce)
		return deliver_bounced(r->flow, tx, &account, r->delivery, r->status, r->now, err);
	return answer(tx, r, &account, err);
}

enum result returned_mail(struct flow *flow, const struct delivery *delivery, struct str sender,
	struct content *content, struct str origin, int64_t now, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct returned returned = {
		.flow = flow, .delivery = delivery, .sender = sender, .origin = origin, .now = now};

	TRY(look_at(content, &returned, &arena, err));
	TRY(db_write(flow_db(flow), take_return, &returned, err));
	return returned.is_refused ? err_code(err, RESULT_DENIED, "relay-denied",
					     "mail to this address is not read; please answer in the portal")
				   : RESULT_OK;
}
