#include "flow/signature.h"

#include "seal/box.h"
#include "store/person_write.h"

#define BOX_FIELD "signature"

struct finding {
	struct flow *flow;
	const struct actor *actor;
	struct arena *arena;
	struct signature signature;
};

static enum result find(struct tx *tx, void *context, struct err *err)
{
	struct finding *f = context;
	struct id person_id = f->actor->person_id;
	struct flow_account account;
	struct person_signature kept;
	struct bytes text;

	TRY(person_signature_find(tx, person_id, f->arena, &kept, err));
	f->signature = (struct signature){.on_replies = kept.on_replies, .writes_plain = kept.writes_plain};
	if (kept.box.len == 0)
		return RESULT_OK;
	TRY(flow_account_load(f->flow, tx, f->actor->account_id, f->arena, &account, err));
	struct box_context context_of_box = {BOX_FIELD, person_id};
	if (box_open_account(account.key, context_of_box, kept.box, f->arena, &text, NULL) == RESULT_OK)
		f->signature.text = bytes_str(text);
	return RESULT_OK;
}

enum result signature_find(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct signature *ret, struct err *err)
{
	struct finding finding = {.flow = flow, .actor = actor, .arena = arena};

	TRY(db_read(flow_db(flow), find, &finding, err));
	*ret = finding.signature;
	return RESULT_OK;
}

struct change {
	struct flow *flow;
	const struct actor *actor;
	const struct signature *signature;
};

static enum result set(struct tx *tx, void *context, struct err *err)
{
	const struct change *c = context;
	cleanup(arena_done) struct arena arena = {0};
	struct id person_id = c->actor->person_id;
	struct str text = str_trim(c->signature->text);
	struct person_signature kept = {
		.on_replies = c->signature->on_replies, .writes_plain = c->signature->writes_plain};
	struct flow_account account;

	TRY(flow_account_load(c->flow, tx, c->actor->account_id, &arena, &account, err));
	if (text.len)
		kept.box = box_seal_account(
			account.key, (struct box_context){BOX_FIELD, person_id}, str_bytes(text), &arena);
	return person_set_signature(tx, person_id, &kept, err);
}

enum result signature_set(
	struct flow *flow, const struct actor *actor, const struct signature *signature, struct err *err)
{
	struct change change = {flow, actor, signature};

	if (signature->text.len > SIGNATURE_BYTES_MAX || !str_is_utf8(signature->text))
		return err_code(err, RESULT_TOO_LARGE, "signature-too-long", "the signature is too long");
	return db_write(flow_db(flow), set, &change, err);
}
