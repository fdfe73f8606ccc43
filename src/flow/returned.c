#include "flow/returned.h"

#include "base/address.h"
#include "flow/deliver.h"
#include "flow/mail_out.h"
#include "mime/bounce.h"
#include "mime/decode.h"
#include "mime/header.h"
#include "seal/random.h"
#include "store/attempt_write.h"
#include "store/event_write.h"

#define STATUS_BYTES_MAX ((size_t)64 * 1024)
/* When an answer to one and the same mail of ours is told again that it is not read. */
#define ANSWER_AGAIN_MS (30 * MS_DAY)

/* A part as text: the fields of a delivery report (RFC 3464), all recipients' blocks in one, or words. */
static enum result read_part(struct content *content, const struct mime_part *part, struct arena *arena,
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

/* A bounce in words, by a server that writes no report. */
static enum result look_for_words(
	struct returned *r, struct content *content, struct arena *arena, struct err *err)
{
	const struct mime_index *index = content_index(content);
	struct str text = STR_NONE;
	struct mime_bounce bounce;

	for (size_t i = 0; i < index->count && text.len == 0; i++)
		if (str_equal(index->parts[i].type, STR("text/plain")))
			TRY(read_part(content, &index->parts[i], arena, &text, err));
	r->is_bounce = mime_bounce_read(content_header(content), text, &bounce);
	if (r->is_bounce)
		r->status = bounce.status;
	return RESULT_OK;
}

enum result returned_look(struct returned *r, struct content *content, struct arena *arena, struct err *err)
{
	const struct mime_index *index = content_index(content);
	struct str header = content_header(content);
	struct str automatic = mime_header_unfold(mime_header_get(header, STR("Auto-Submitted")), arena);
	struct str precedence = mime_header_unfold(mime_header_get(header, STR("Precedence")), arena);

	r->is_automatic = r->sender.len == 0 || (automatic.len && !str_equal_nocase(automatic, STR("no"))) ||
			  precedence.len || mime_header_get(header, STR("List-Id")).ptr ||
			  mime_header_get(header, STR("X-Auto-Response-Suppress")).ptr;
	bool has_report = false;
	for (size_t i = 0; i < index->count; i++) {
		struct str status;
		struct str type = index->parts[i].type;
		if (!str_equal(type, STR("message/delivery-status")) &&
			!str_equal(type, STR("message/global-delivery-status"))) /* RFC 6533 */
			continue;
		has_report = true;
		TRY(read_part(content, &index->parts[i], arena, &status, err));
		struct str action = mime_header_unfold(mime_header_get(status, STR("Action")), arena);
		r->is_bounce = r->is_bounce || str_starts_nocase(action, STR("failed"));
		r->status = clean_status(mime_header_get(status, STR("Status")), arena);
	}
	return has_report || r->sender.len ? RESULT_OK : look_for_words(r, content, arena, err);
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
	const struct delivery *delivery, bool *ret, struct err *err)
{
	*ret = is_address(r->sender) && str_equal_nocase(r->sender, delivery->recipient);
	if (*ret)
		TRY(is_first(tx, r, "not-read-here-mail", delivery->id, STR_NONE, ANSWER_AGAIN_MS, ret, err));
	if (*ret)
		TRY(is_first(tx, r, "not-read-here", account->account.id, r->sender, MS_DAY, ret, err));
	return RESULT_OK;
}

static enum result take_one(
	struct tx *tx, struct returned *r, const struct delivery *delivery, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct flow_account account;
	const char *kind = r->is_bounce	     ? EVENT_DELIVERY_BOUNCED
			   : r->is_automatic ? EVENT_RETURN_DISCARDED
					     : EVENT_NOT_READ_HERE;
	struct event event = {.account_id = delivery->account_id,
		.at = r->now,
		.kind = str_of(kind),
		.message_id = delivery->message_id,
		.delivery_id = delivery->id,
		.origin = r->origin,
		.detail = r->status};
	bool is_written = !r->is_bounce && !r->is_automatic, may = false;

	TRY(flow_account_load(r->flow, tx, delivery->account_id, &arena, &account, err));
	if (is_written) {
		TRY(may_answer(tx, r, &account, delivery, &may, err));
		event.detail = may ? STR("told by mail") : STR("refused");
		r->refused += !may;
	}
	TRY(event_record(tx, &event, err));
	if (r->is_bounce)
		return deliver_bounced(r->flow, tx, &account, delivery, r->status, r->now, err);
	return may ? mail_out_not_read_here(r->flow, tx, &account, delivery, r->sender, r->now, err)
		   : RESULT_OK;
}

enum result returned_take(struct tx *tx, void *returned, struct err *err)
{
	struct returned *r = returned;

	r->refused = 0; /* a transaction may run again */
	for (size_t i = 0; i < r->count; i++)
		TRY(take_one(tx, r, &r->deliveries[i], err));
	return RESULT_OK;
}
