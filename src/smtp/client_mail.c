/* One mail through a client session: RFC 5321, 1870 (SIZE), 2920 (PIPELINING), 3461 (DSN), 6152 (8BITMIME),
 * 6531 (SMTPUTF8). */
#include "smtp/client_private.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/limits.h"
#include "smtp/data.h"
#include "smtp/syntax.h"

#include <stdio.h>
#include <string.h>

#define COMMAND_BYTES 2048

/* A transaction under way. */
struct transaction {
	struct smtp_client *client;
	const struct smtp_client_mail *mail;
	struct smtp_client_recipient *recipients;
	size_t count;
	bool *waits;	 /* for each recipient: still without an answer */
	bool smtputf8;	 /* MAIL asked for it */
	bool mail_taken; /* MAIL was answered with 2xx */
	size_t taken;	 /* recipients answered with 2xx, which wait for the end */
	struct smtp_stuffer stuffer;
	int64_t began, sent; /* of the content: time, bytes */
};

/* Whether text can stand in a command without ending the path, the parameter or the line. */
static bool is_safe(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c <= ' ' || c == 0x7f || c == '<' || c == '>')
			return false;
	}
	return str_is_utf8(text);
}

static void print_line(char *out, size_t size, const char *head, const char *text)
{
	size_t len = (size_t)snprintf(out, size, "%s ", head);

	for (; *text && len + 1 < size; text++)
		out[len++] = (char)(*text >= ' ' && *text <= '~' ? *text : '?');
	out[len] = '\0';
}

static void decide(
	struct transaction *t, size_t i, enum smtp_outcome outcome, const char *head, const char *text)
{
	struct smtp_client_recipient *recipient = &t->recipients[i];

	recipient->outcome = outcome;
	print_line(recipient->reply, sizeof(recipient->reply), head, text);
	t->waits[i] = false;
}

/* Our own reason, for everybody who still waits. */
static void decide_all(struct transaction *t, enum smtp_outcome outcome, const char *head, const char *text)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->waits[i])
			decide(t, i, outcome, head, text);
}

/* The server's last reply is the answer for a recipient. */
static void answer(struct transaction *t, size_t i)
{
	struct smtp_client_recipient *recipient = &t->recipients[i];
	int code = t->client->reply.code;

	recipient->outcome = code < 300	  ? SMTP_RECIPIENT_SENT
			     : code < 500 ? SMTP_RECIPIENT_LATER
					  : SMTP_RECIPIENT_REFUSED;
	smtp_reply_print(&t->client->reply, recipient->reply, sizeof(recipient->reply));
	t->waits[i] = false;
}

static void answer_all(struct transaction *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->waits[i])
			answer(t, i);
}

/* What can be known to be impossible before a byte of it is sent. */
static void check(struct transaction *t)
{
	const struct smtp_client_mail *mail = t->mail;
	const struct smtp_offers *offers = &t->client->offers;

	for (size_t i = 0; i < t->count; i++) {
		struct str address = t->recipients[i].address;
		if (address.len == 0 || address.len > LIMIT_ADDRESS_BYTES || !is_safe(address))
			decide(t, i, SMTP_RECIPIENT_REFUSED, "553 5.1.3", "not a mail address");
		else if (!str_is_ascii(address) && !offers->smtputf8)
			decide(t, i, SMTP_RECIPIENT_REFUSED, "553 5.6.7",
				"the next mail server takes no addresses with other than ASCII characters");
	}
	if (!is_safe(mail->sender) || mail->sender.len > LIMIT_ADDRESS_BYTES)
		decide_all(t, SMTP_RECIPIENT_REFUSED, "553 5.1.7", "the sender is not a mail address");
	else if ((mail->smtputf8 || !str_is_ascii(mail->sender)) && !offers->smtputf8)
		decide_all(t, SMTP_RECIPIENT_REFUSED, "550 5.6.7",
			"the mail needs SMTPUTF8, which the next mail server does not know");
	else if (mail->is_8bit && !offers->eight_bit)
		decide_all(t, SMTP_RECIPIENT_REFUSED, "554 5.6.3",
			"the mail needs 8BITMIME, which the next mail server does not know");
	else if (offers->size_max > 0 && mail->size > offers->size_max)
		decide_all(t, SMTP_RECIPIENT_REFUSED, "552 5.3.4",
			"the mail is larger than the next mail server takes");
}

static bool needs_smtputf8(const struct transaction *t)
{
	bool needs = t->mail->smtputf8 || !str_is_ascii(t->mail->sender);

	for (size_t i = 0; i < t->count && !needs; i++)
		needs = t->waits[i] && !str_is_ascii(t->recipients[i].address);
	return needs;
}

/* " NAME=value", when there is one that can stand in a command. */
static void add_parameter(struct buf *line, const char *name, struct str value)
{
	if (value.len && is_safe(value) && str_is_ascii(value))
		buf_printf(line, " %s=%.*s", name, STR_ARG(value));
}

static void mail_line(struct transaction *t, struct buf *line)
{
	const struct smtp_client_mail *mail = t->mail;
	const struct smtp_offers *offers = &t->client->offers;

	buf_printf(line, "MAIL FROM:<%.*s>", STR_ARG(mail->sender));
	if (offers->size && mail->size)
		buf_printf(line, " SIZE=%llu", (unsigned long long)mail->size);
	if (offers->eight_bit && mail->is_8bit)
		buf_add(line, STR(" BODY=8BITMIME"));
	t->smtputf8 = needs_smtputf8(t);
	if (t->smtputf8)
		buf_add(line, STR(" SMTPUTF8"));
	if (offers->dsn) {
		add_parameter(line, "RET", mail->ret);
		add_parameter(line, "ENVID", mail->envid);
	}
	buf_add(line, STR("\r\n"));
}

/* As it came in, or its form of ASCII (RFC 6533 3) where that is all that the server takes. */
static void add_orcpt(struct buf *line, struct str orcpt, bool smtputf8)
{
	cleanup(arena_done) struct arena arena = {0};

	if (!is_safe(orcpt))
		return;
	if (!smtputf8)
		orcpt = address_escape(orcpt, "", &arena);
	if (orcpt.len && orcpt.len <= SMTP_ORCPT_MAX)
		buf_printf(line, " ORCPT=%.*s", STR_ARG(orcpt));
}

static void rcpt_line(const struct transaction *t, size_t i, struct buf *line)
{
	const struct smtp_client_recipient *recipient = &t->recipients[i];

	buf_printf(line, "RCPT TO:<%.*s>", STR_ARG(recipient->address));
	if (t->client->offers.dsn) {
		add_parameter(line, "NOTIFY", recipient->notify);
		add_orcpt(line, recipient->orcpt, t->smtputf8);
	}
	buf_add(line, STR("\r\n"));
}

static enum result read_answer(struct transaction *t, int64_t wait_ms, struct err *err)
{
	struct smtp_client *client = t->client;

	TRY(smtp_client_read(client, wait_ms, err));
	if (client->reply.code < 300 || client->reply.code >= 400)
		return RESULT_OK;
	client->broken = true;
	return err_code(err, RESULT_UNAVAILABLE, "protocol", "the server answers what was not asked");
}

static enum result read_mail_answer(struct transaction *t, struct err *err)
{
	TRY(read_answer(t, t->client->command_ms, err));
	t->mail_taken = t->client->reply.code < 300;
	if (!t->mail_taken)
		answer_all(t);
	return RESULT_OK;
}

/* Without a sender the answers to recipients are read and mean nothing. */
static enum result read_rcpt_answer(struct transaction *t, size_t i, struct err *err)
{
	TRY(read_answer(t, t->client->command_ms, err));
	if (t->mail_taken && t->client->reply.code < 300)
		t->taken++;
	else if (t->mail_taken)
		answer(t, i);
	return RESULT_OK;
}

static enum result send_line(struct transaction *t, struct buf *line, struct err *err)
{
	enum result result = line->overflow ? err_set(err, RESULT_INTERNAL, "a command is too long")
					    : smtp_stream_write(t->client->stream, buf_str(line), err);

	t->client->broken |= result != RESULT_OK;
	buf_clear(line);
	return result;
}

/* MAIL and RCPT, in groups when the server takes that: all commands of one go out together. */
static enum result send_envelope(struct transaction *t, struct err *err)
{
	cleanup(buf_done) struct buf line = buf_new(COMMAND_BYTES);
	size_t group = t->client->offers.pipelining ? LIMIT_SMTP_CLIENT_PIPELINE : 1;
	size_t queue[LIMIT_SMTP_CLIENT_PIPELINE], queued = 0, next = 0;
	bool mail_sent = false;

	t->client->needs_reset = true;
	do {
		bool mail_in_group = !mail_sent;
		size_t commands = 0;

		TRY(smtp_client_check_silence(t->client, err));
		smtp_stream_set_deadline(t->client->stream, clock_monotonic() + t->client->command_ms);
		if (mail_in_group) {
			mail_line(t, &line);
			TRY(send_line(t, &line, err));
			mail_sent = true;
			commands++;
		}
		for (queued = 0; next < t->count && commands < group; next++) {
			if (!t->waits[next])
				continue;
			rcpt_line(t, next, &line);
			TRY(send_line(t, &line, err));
			queue[queued++] = next;
			commands++;
		}
		if (mail_in_group)
			TRY(read_mail_answer(t, err));
		for (size_t i = 0; i < queued; i++)
			TRY(read_rcpt_answer(t, queue[i], err));
	} while (t->mail_taken && next < t->count);
	return RESULT_OK;
}

/* Content on its way out: every wait has its deadline, and all of it a minimum rate. */
static enum result write_wire(void *context, const void *data, size_t size, struct err *err)
{
	struct transaction *t = context;
	int64_t idle = clock_monotonic() + t->client->data_ms;
	int64_t slow = t->began + MS_MINUTE + t->sent * MS_SECOND / LIMIT_SMTP_DATA_RATE;

	smtp_stream_set_deadline(t->client->stream, idle < slow ? idle : slow);
	t->sent += (int64_t)size;
	return smtp_stream_write(t->client->stream, (struct str){data, size}, err);
}

static enum result write_content(void *context, const void *data, size_t size, struct err *err)
{
	struct transaction *t = context;
	struct writer wire = {write_wire, t};

	return smtp_stuffer_add(&t->stuffer, (struct str){data, size}, &wire, err);
}

/* An answer before the end is a refusal, or not to be trusted; either way the connection ends here, so that
 * no half mail is taken. */
static enum result read_early_answer(struct transaction *t, struct err *err)
{
	TRY(smtp_client_read(t->client, t->client->command_ms, err));
	t->client->broken = true;
	if (t->client->reply.code < 400)
		return err_code(
			err, RESULT_UNAVAILABLE, "protocol", "the server answers before the end of the mail");
	answer_all(t);
	return RESULT_OK;
}

static enum result send_content(struct transaction *t, struct err *err)
{
	struct writer content = {write_content, t}, wire = {write_wire, t};

	smtp_stuffer_init(&t->stuffer);
	t->began = clock_monotonic();
	enum result result = t->mail->content(t->mail->content_context, &content, err);
	if (result == RESULT_OK && smtp_stream_is_readable(t->client->stream))
		return read_early_answer(t, err);
	if (result == RESULT_OK)
		result = smtp_stuffer_end(&t->stuffer, &wire, err);
	if (t->stuffer.refused) { /* whatever the caller made of it */
		decide_all(t, SMTP_RECIPIENT_REFUSED, "554 5.6.0", "bare CR, LF or NUL in the mail");
		result = err_code(err, RESULT_INVALID, "bare-newline", "bare CR, LF or NUL in the mail");
	}
	if (result != RESULT_OK) {
		t->client->broken = true;
		return result;
	}
	TRY(read_answer(t, t->client->end_ms, err));
	t->client->needs_reset = false;
	answer_all(t);
	return RESULT_OK;
}

static enum result hand_over(struct transaction *t, struct err *err)
{
	struct smtp_client *client = t->client;

	TRY(send_envelope(t, err));
	if (t->taken == 0)
		return RESULT_OK;
	TRY(smtp_client_ask(client, STR("DATA"), client->command_ms, err));
	if (client->reply.code == 354) {
		TRY(smtp_client_check_silence(client, err));
		return send_content(t, err);
	}
	if (client->reply.code < 400) {
		client->broken = true;
		return err_code(err, RESULT_UNAVAILABLE, "protocol", "the server answers what was not asked");
	}
	answer_all(t);
	return RESULT_OK;
}

static enum result reset(struct smtp_client *client, struct err *err)
{
	if (!client->needs_reset)
		return RESULT_OK;
	TRY(smtp_client_ask(client, STR("RSET"), client->command_ms, err));
	if (client->reply.code != 250) {
		client->broken = true;
		return err_code(err, RESULT_UNAVAILABLE, "protocol", "the server does not take RSET");
	}
	client->needs_reset = false;
	return RESULT_OK;
}

enum result smtp_client_revive(struct smtp_client *client, struct err *err)
{
	if (client->broken)
		return err_code(err, RESULT_GONE, "closed", "the connection has ended");
	client->needs_reset = true;
	return reset(client, err);
}

static bool anyone_waits(const struct transaction *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->waits[i])
			return true;
	return false;
}

enum result smtp_client_send(struct smtp_client *client, const struct smtp_client_mail *mail,
	struct smtp_client_recipient *recipients, size_t count, struct err *err)
{
	struct err why = {0};
	cleanup(mem_free_at) bool *waits = mem_new(count ? count * sizeof(*waits) : 1);
	struct transaction t = {
		.client = client, .mail = mail, .recipients = recipients, .count = count, .waits = waits};
	enum result result = RESULT_OK;

	for (size_t i = 0; i < count; i++)
		waits[i] = true;
	check(&t);
	if (!anyone_waits(&t))
		return RESULT_OK;
	if (client->broken)
		result = err_code(&why, RESULT_GONE, "closed", "the connection has ended");
	if (result == RESULT_OK)
		result = reset(client, &why);
	if (result == RESULT_OK)
		result = hand_over(&t, &why);
	decide_all(&t, SMTP_RECIPIENT_LATER, "451 4.4.2", why.text);
	if (result != RESULT_OK && err)
		*err = why;
	return result;
}
