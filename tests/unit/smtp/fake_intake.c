#include "fake_intake.h"

#include "base/limits.h"
#include "base/mem.h"
#include "flow/accept.h"

#include <string.h>

struct fake_intake fake_intake;

struct intake {
	struct buf content;
};

static struct flow_names names;

const struct flow_names *flow_names(const struct flow *flow)
{
	(void)flow;
	names.mail_bytes_max = fake_intake.bytes_max;
	return &names;
}

void fake_intake_clear(void)
{
	buf_done(&fake_intake.envelope);
	buf_done(&fake_intake.received);
	buf_done(&fake_intake.content);
	buf_done(&fake_intake.peer);
	fake_intake = (struct fake_intake){.is_source = true,
		.bytes_max = 1000,
		.envelope = buf_new(1 << 16),
		.received = buf_new(1 << 16),
		.content = buf_new(1 << 22),
		.peer = buf_new(1 << 16)};
}

static const struct source source_of_peer;
static const struct source mending_source = {.normalise_newlines = true};

enum result intake_sources_of_address(struct flow *flow, struct str address, struct arena *arena,
	struct intake_sources *ret, struct err *err)
{
	(void)flow;
	(void)address;
	(void)arena;
	if (fake_intake.held)
		(void)sem_wait(fake_intake.held);
	if (fake_intake.lookup_fails)
		return err_set(err, RESULT_UNAVAILABLE, "the database is away");
	*ret = (struct intake_sources){
		fake_intake.normalise ? &mending_source : &source_of_peer, fake_intake.is_source};
	return RESULT_OK;
}

enum result intake_sources_of_password(struct flow *flow, struct str user_name, struct str password,
	struct str address, int64_t now, struct arena *arena, struct intake_sources *ret, struct err *err)
{
	(void)flow;
	(void)address;
	(void)now;
	(void)arena;
	if (str_equal(user_name, STR("busy")))
		return err_set(err, RESULT_BUSY, "too many tries");
	if (!str_equal(user_name, STR("gateway")) || !str_equal(password, STR("secret word")))
		return err_set(err, RESULT_DENIED, "wrong");
	*ret = (struct intake_sources){&source_of_peer, 1};
	return RESULT_OK;
}

static enum result refuse_by_name(struct str address, struct err *err)
{
	static const struct {
		const char *name;
		enum result result;
		const char *code;
	} refusals[] = {{"sender-denied", RESULT_DENIED, "sender-denied"},
		{"relay-denied", RESULT_DENIED, "relay-denied"}, {"nobody", RESULT_NOT_FOUND, NULL},
		{"busy", RESULT_BUSY, NULL}, {"away", RESULT_UNAVAILABLE, NULL},
		{"full", RESULT_UNAVAILABLE, "disk-full"}, {"broken", RESULT_INTERNAL, NULL},
		{"invalid", RESULT_INVALID, "recipient-invalid"}};
	struct str rest = address;
	struct str name = str_cut(&rest, '@');

	for (size_t i = 0; i < COUNT_OF(refusals); i++)
		if (str_equal(name, str_of(refusals[i].name)))
			return err_code(err, refusals[i].result, refusals[i].code, "%s\r\n250 injected\x1b",
				refusals[i].name);
	return RESULT_OK;
}

enum result intake_begin(struct flow *flow, const struct intake_peer *peer,
	const struct intake_sources *sources, const struct intake_envelope *envelope, int64_t now,
	struct intake **ret, struct err *err)
{
	(void)flow;
	(void)now;
	if (envelope->declared_size > fake_intake.bytes_max)
		return err_code(err, RESULT_TOO_LARGE, "too-large", "too large");
	TRY(refuse_by_name(envelope->sender, err));
	buf_clear(&fake_intake.envelope);
	buf_clear(&fake_intake.peer);
	buf_printf(&fake_intake.envelope, "<%.*s> %lld%s %lld %.*s", STR_ARG(envelope->sender),
		(long long)envelope->declared_size, envelope->smtputf8 ? " utf8" : "",
		(long long)envelope->dsn_return, STR_ARG(envelope->dsn_envelope));
	buf_printf(&fake_intake.peer, "%.*s %.*s %s %zu", STR_ARG(peer->helo), STR_ARG(peer->protocol),
		peer->tls_version.len ? "tls" : "clear", sources->count);
	*ret = mem_new(sizeof(**ret));
	(*ret)->content = buf_new((size_t)fake_intake.bytes_max);
	fake_intake.begun++;
	return RESULT_OK;
}

bool intake_normalises(const struct intake *intake)
{
	(void)intake;
	return fake_intake.normalise;
}

enum result intake_recipient(struct intake *intake, const struct intake_recipient *recipient, struct err *err)
{
	(void)intake;
	TRY(refuse_by_name(recipient->address, err));
	buf_printf(&fake_intake.envelope, " -> <%.*s> %lld %.*s", STR_ARG(recipient->address),
		(long long)recipient->dsn_notify, STR_ARG(recipient->dsn_original));
	return RESULT_OK;
}

enum result intake_data_begin(struct intake *intake, struct str received, int64_t now, struct err *err)
{
	(void)now;
	(void)err;
	buf_clear(&intake->content);
	buf_clear(&fake_intake.received);
	buf_add(&fake_intake.received, received);
	return RESULT_OK;
}

enum result intake_data(struct intake *intake, struct str piece, struct err *err)
{
	buf_add(&intake->content, piece);
	return intake->content.overflow ? err_code(err, RESULT_TOO_LARGE, "too-large", "too large")
					: RESULT_OK;
}

enum result intake_end(struct intake *intake, int64_t now, struct id *ret_message_id, struct err *err)
{
	if (str_find(buf_str(&intake->content), STR("X-Loop")) >= 0)
		return err_code(err, RESULT_INVALID, "loop", "too many hops");
	buf_add(&fake_intake.content, buf_str(&intake->content));
	fake_intake.kept++;
	*ret_message_id = id_new(now);
	return RESULT_OK;
}

void intake_free(struct intake *intake)
{
	if (intake == NULL)
		return;
	fake_intake.freed++;
	buf_done(&intake->content);
	free(intake);
}
