/* The SMTP client against servers played from tests/scenario/smtp_client: whatever they answer, and whenever.
 */
#include "tests/unit/unit.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/thread.h"
#include "certificates.h"
#include "scenario.h"
#include "smtp/client.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct certificates certificates;
static struct tls_trust *trust;

struct server {
	struct player player;
	pthread_t thread;
};

static void *serve(void *arg)
{
	struct server *server = arg;
	struct player *player = &server->player;

	player->stream = smtp_stream_new(accept(player->listener, NULL, NULL));
	player_run(player);
	return NULL;
}

static void start(struct server *server, struct sockaddr_in *ret_address)
{
	socklen_t len = sizeof(*ret_address);

	*ret_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	server->player.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->player.listener, (struct sockaddr *)ret_address, len), 0);
	assert_int_equal(listen(server->player.listener, 5), 0);
	assert_int_equal(getsockname(server->player.listener, (struct sockaddr *)ret_address, &len), 0);
	assert_ok(thread_start(&server->thread, "fake-server", serve, server));
}

static struct tls_credentials *credentials_named(struct str name)
{
	struct tls_credentials *credentials;
	char file[96], text[32];

	(void)snprintf(text, sizeof(text), "%.*s", STR_ARG(name.len ? name : STR("good")));
	certificates_file(&certificates, text, file);
	assert_ok(tls_credentials_load(file, certificates.key, &credentials, NULL));
	return credentials;
}

struct sending {
	struct arena arena;
	struct smtp_client_mail mail;
	struct smtp_client_recipient *recipients;
	size_t count;
	struct str content;
	in_port_t
		wait_for; /* the server's port, when an answer is to arrive in the middle of the content; 0 */
	enum result result;
	struct err err;
	char facts[256];
};

/* Until something can be read on the client's connection, which is ours and has this port at its other end.
 */
static void wait_for_answer(in_port_t port)
{
	for (int fd = 3; fd < 100; fd++) {
		struct sockaddr_in peer = {0};
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		socklen_t len = sizeof(peer);
		if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sin_port == port)
			assert_int_equal(poll(&poll_fd, 1, 20000), 1);
	}
}

static enum result write_content(void *context, const struct writer *out, struct err *err)
{
	const struct sending *sending = context;
	size_t middle = sending->content.len / 2;

	TRY(writer_write(out, str_sub(sending->content, 0, middle), err));
	if (sending->wait_for)
		wait_for_answer(sending->wait_for);
	return writer_write(out, str_from(sending->content, middle), err);
}

/* "set to a@b NOTIFY=NEVER ORCPT=…" adds a recipient. */
static struct smtp_client_recipient recipient_of(struct str value)
{
	struct smtp_client_recipient recipient = {.address = str_cut(&value, ' ')};

	while (value.ptr) {
		struct str word = str_cut(&value, ' ');
		if (str_starts(word, STR("NOTIFY=")))
			recipient.notify = str_from(word, 7);
		else if (str_starts(word, STR("ORCPT=")))
			recipient.orcpt = str_from(word, 6);
	}
	return recipient;
}

static void compose(const struct scenario *scenario, struct sending *sending)
{
	struct list recipients = list_new(&sending->arena, sizeof(struct smtp_client_recipient));

	sending->content = STR("Subject: one\r\n\r\nHello\r\n");
	for (size_t i = 0; i < scenario->setting_count; i++) {
		const struct word *word = &scenario->settings[i];
		if (str_equal(word->name, STR("to")))
			*(struct smtp_client_recipient *)list_add(&recipients) = recipient_of(word->value);
		else if (str_equal(word->name, STR("content")))
			sending->content = word->value;
	}
	/* "set to_many N": recipient1@… to recipientN@… */
	int many = scenario_number(scenario, "to_many");
	for (int i = 1; i <= many; i++)
		*(struct smtp_client_recipient *)list_add(&recipients) = (struct smtp_client_recipient){
			.address = arena_printf(&sending->arena, "recipient%d@partner.example", i)};
	sending->recipients = recipients.items;
	sending->count = recipients.count;
	struct str from = scenario_setting(scenario, "from");
	sending->mail = (struct smtp_client_mail){.sender = from.len == 0 ? STR("alice@acme.example")
							    : str_equal(from, STR("<>")) ? STR("")
											 : from,
		.smtputf8 = str_equal(scenario_setting(scenario, "smtputf8"), STR("yes")),
		.is_8bit = str_equal(scenario_setting(scenario, "8bit"), STR("yes")),
		.ret = scenario_setting(scenario, "ret"),
		.envid = scenario_setting(scenario, "envid"),
		.size = sending->content.len,
		.content = write_content,
		.content_context = sending};
}

static void send_all(
	const struct scenario *scenario, const struct sockaddr_in *address, struct sending *sending)
{
	struct str tls = scenario_setting(scenario, "tls");
	struct str user = scenario_setting(scenario, "user");
	struct smtp_client_options options = {.helo = "gateway.acme.example",
		.tls_name = CERTIFICATE_HOST,
		.tls = str_equal(tls, STR("verified")) ? SMTP_CLIENT_TLS_VERIFIED
		       : str_equal(tls, STR("none"))   ? SMTP_CLIENT_TLS_NONE
						       : SMTP_CLIENT_TLS_OPPORTUNISTIC,
		.implicit_tls = str_equal(scenario_setting(scenario, "implicit"), STR("yes")),
		.trust = trust,
		.user = user.len ? arena_cstr(&sending->arena, user) : NULL,
		.password = "secret word",
		.command_ms = scenario_number(scenario, "command_ms"),
		.data_ms = scenario_number(scenario, "data_ms")};
	struct smtp_client *client = NULL;
	int mails = scenario_number(scenario, "mails");

	sending->result = smtp_client_connect(
		(const struct sockaddr *)address, sizeof(*address), &options, &client, &sending->err);
	for (int i = 0; i < (mails ? mails : 1) && sending->result == RESULT_OK; i++)
		sending->result = smtp_client_send(
			client, &sending->mail, sending->recipients, sending->count, &sending->err);
	if (client && smtp_client_tls(client))
		(void)snprintf(sending->facts, sizeof(sending->facts), "%s %s",
			smtp_client_tls(client)->version,
			smtp_client_tls(client)->verified ? "verified" : smtp_client_tls(client)->why_not);
	smtp_client_free(client);
}

static struct str outcome_text(struct sending *sending, size_t i)
{
	static const char *const names[] = {[SMTP_RECIPIENT_SENT] = "sent",
		[SMTP_RECIPIENT_LATER] = "later",
		[SMTP_RECIPIENT_REFUSED] = "refused"};
	const struct smtp_client_recipient *recipient = &sending->recipients[i];

	return arena_printf(&sending->arena, "%s %s", names[recipient->outcome], recipient->reply);
}

/* "check outcome …" stands for the next recipient; "*" at the end for anything. */
static void check_all(const struct scenario *scenario, struct sending *sending)
{
	size_t recipient = 0;

	for (size_t i = 0; i < scenario->check_count; i++) {
		const struct word *check = &scenario->checks[i];
		struct str got = STR("?");
		if (str_equal(check->name, STR("outcome")))
			got = outcome_text(sending, recipient++);
		else if (str_equal(check->name, STR("outcomes"))) /* of all */
			got = outcome_text(sending, sending->count - 1);
		else if (str_equal(check->name, STR("result")))
			got = arena_printf(&sending->arena, "%s%s%s", result_name(sending->result),
				sending->result && sending->err.code ? " " : "",
				sending->result && sending->err.code ? sending->err.code : "");
		else if (str_equal(check->name, STR("tls")))
			got = str_of(sending->facts);
		bool open = check->value.len && check->value.ptr[check->value.len - 1] == '*';
		if (open ? !str_starts(got, str_sub(check->value, 0, check->value.len - 1))
			 : !str_equal(got, check->value))
			fail_msg("%.*s:%d: got \"%.*s\" (%s)", STR_ARG(scenario->name), check->line,
				STR_ARG(got), sending->err.text);
	}
}

static void run_once(const struct scenario *scenario, size_t cut)
{
	struct server server = {
		.player = {.scenario = scenario,
			.role = 'S',
			.credentials = credentials_named(scenario_setting(scenario, "certificate")),
			.cut = cut}};
	struct sending sending = {0};
	struct sockaddr_in address;

	start(&server, &address);
	if (str_equal(scenario_setting(scenario, "wait"), STR("yes")))
		sending.wait_for = address.sin_port;
	compose(scenario, &sending);
	send_all(scenario, &address, &sending);
	(void)pthread_join(server.thread, NULL);
	(void)close(server.player.listener);
	if (server.player.failure.len)
		fail_msg("%.*s (client: %s)", STR_ARG(buf_str(&server.player.failure)), sending.err.text);
	check_all(scenario, &sending);
	tls_credentials_unref(server.player.credentials);
	buf_done(&server.player.failure);
	arena_done(&sending.arena);
}

static void plays_every_scenario(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	size_t count;

	(void)state;
	const struct scenario *scenarios = scenarios_read("smtp_client", &arena, &count);
	for (size_t i = 0; i < count; i++)
		for (size_t cut = 1; cut <= (scenarios[i].cuts ? scenarios[i].cuts : 1); cut++)
			run_once(&scenarios[i], cut);
}

static void says_when_nobody_listens(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct smtp_client_options options = {.helo = "gateway.acme.example", .connect_ms = 1000};
	socklen_t len = sizeof(address);
	struct smtp_client *client = NULL;
	struct err err = {0};

	(void)state;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, not listening */
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(smtp_client_connect((struct sockaddr *)&address, len, &options, &client, &err),
		RESULT_UNAVAILABLE);
	assert_string_equal(err.code, "connect-failed");
	assert_null(client);
	(void)close(fd);
}

static int set_up(void **state)
{
	(void)state;
	certificates_make(&certificates);
	return tls_trust_load(certificates.authority, &trust, NULL) != RESULT_OK;
}

static int tear_down(void **state)
{
	(void)state;
	tls_trust_free(trust);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plays_every_scenario),
		cmocka_unit_test(says_when_nobody_listens),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
