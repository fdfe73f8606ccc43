/* The SMTP server against clients played from tests/scenario/smtp_server, with a stand-in for what decides
 * about mails. */
#include "tests/unit/unit.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "certificates.h"
#include "fake_intake.h"
#include "scenario.h"
#include "smtp/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct certificates certificates;
static struct tls_credentials *credentials;
static struct tls_trust *trust;

static bool is_set(const struct scenario *scenario, const char *name)
{
	return str_equal(scenario_setting(scenario, name), STR("yes"));
}

static struct smtp_server *make_server(const struct scenario *scenario)
{
	struct smtp_server_options options = {.host_name = "mx.acme.example",
		.credentials = is_set(scenario, "without_tls") ? NULL : credentials,
		.limits = {.sessions = scenario_number(scenario, "sessions"),
			.sessions_per_network = scenario_number(scenario, "sessions_per_network"),
			.strangers = scenario_number(scenario, "strangers"),
			.mails_per_session = scenario_number(scenario, "mails_per_session"),
			.recipients = scenario_number(scenario, "recipients"),
			.errors = scenario_number(scenario, "errors"),
			.junk_commands = scenario_number(scenario, "junk_commands"),
			.command_ms = scenario_number(scenario, "command_ms"),
			.stranger_command_ms = scenario_number(scenario, "stranger_command_ms"),
			.data_idle_ms = scenario_number(scenario, "data_idle_ms"),
			.data_rate = scenario_number(scenario, "data_rate"),
			.data_grace_ms = scenario_number(scenario, "data_grace_ms"),
			.handshake_ms = scenario_number(scenario, "handshake_ms"),
			.patience_ms = scenario_number(scenario, "patience_ms")}};

	fake_intake_clear();
	fake_intake.is_source = !is_set(scenario, "stranger");
	fake_intake.normalise = is_set(scenario, "normalise");
	fake_intake.lookup_fails = is_set(scenario, "lookup_fails");
	if (scenario_number(scenario, "bytes_max"))
		fake_intake.bytes_max = scenario_number(scenario, "bytes_max");
	return smtp_server_new(&options);
}

/* Listens on a free port: one that the system gave and that was closed again. */
static in_port_t listen_somewhere(struct smtp_server *server, bool implicit_tls)
{
	for (;;) {
		struct sockaddr_in address = {
			.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		socklen_t len = sizeof(address);
		char text[40];
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
		(void)close(fd);
		(void)snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(address.sin_port));
		enum result result = smtp_server_listen(server, str_of(text), implicit_tls, NULL);
		if (result == RESULT_OK)
			return address.sin_port;
		assert_int_equal(result, RESULT_CONFLICT);
	}
}

static struct smtp_stream *connect_to(in_port_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	struct smtp_stream *stream = smtp_stream_new(fd);
	smtp_stream_set_deadline(stream, clock_monotonic() + 20 * MS_SECOND);
	return stream;
}

static struct str got_of(const struct word *check, struct arena *arena)
{
	if (str_equal(check->name, STR("kept")))
		return arena_printf(arena, "%d", fake_intake.kept);
	if (str_equal(check->name, STR("content")))
		return buf_str(&fake_intake.content);
	if (str_equal(check->name, STR("envelope")))
		return buf_str(&fake_intake.envelope);
	if (str_equal(check->name, STR("received")))
		return buf_str(&fake_intake.received);
	if (str_equal(check->name, STR("peer")))
		return buf_str(&fake_intake.peer);
	return STR("?");
}

static void check_all(const struct scenario *scenario)
{
	cleanup(arena_done) struct arena arena = {0};

	for (size_t i = 0; i < scenario->check_count; i++) {
		const struct word *check = &scenario->checks[i];
		struct str got = got_of(check, &arena);
		bool open = check->value.len && check->value.ptr[check->value.len - 1] == '*';
		if (open ? !str_starts(got, str_sub(check->value, 0, check->value.len - 1))
			 : !str_equal(got, check->value))
			fail_msg("%.*s:%d: got \"%.*s\"", STR_ARG(scenario->name), check->line, STR_ARG(got));
	}
	assert_int_equal(fake_intake.begun, fake_intake.freed);
}

static void run_once(const struct scenario *scenario, size_t cut)
{
	struct smtp_server *server = make_server(scenario);
	bool implicit = is_set(scenario, "implicit");
	struct player player = {.scenario = scenario,
		.role = 'C',
		.trust = trust,
		.cut = cut,
		.stream = connect_to(listen_somewhere(server, implicit))};

	player_run(&player);
	smtp_server_stop(server, 10 * MS_SECOND);
	if (player.failure.len)
		fail_msg("%.*s (cut at %zu)", STR_ARG(buf_str(&player.failure)), cut);
	check_all(scenario);
	buf_done(&player.failure);
}

static void plays_every_scenario(void **state)
{
	cleanup(arena_done) struct arena arena = {0};
	size_t count;

	(void)state;
	const struct scenario *scenarios = scenarios_read("smtp_server", &arena, &count);
	for (size_t i = 0; i < count; i++)
		for (size_t cut = 1; cut <= (scenarios[i].cuts ? scenarios[i].cuts : 1); cut++)
			run_once(&scenarios[i], cut);
}

static void expect(struct smtp_stream *stream, const char *start)
{
	struct str line = STR("");
	struct err err = {0};

	if (smtp_stream_line(stream, 2000, &line, NULL, &err) != RESULT_OK ||
		!str_starts(line, str_of(start)))
		fail_msg("got \"%.*s\" %s, expected \"%s\"", STR_ARG(line), err.text, start);
}

static void say(struct smtp_stream *stream, const char *text)
{
	assert_ok(smtp_stream_write(stream, str_of(text), NULL));
	assert_ok(smtp_stream_flush(stream, NULL));
}

static const struct scenario no_settings;

static struct smtp_server *server_with(const char *name, const char *value, bool stranger)
{
	struct word words[] = {
		{str_of(name), str_of(value), 0}, {STR("stranger"), stranger ? STR("yes") : STR("no"), 0}};
	struct scenario scenario = {.settings = words, .setting_count = 2};

	return make_server(&scenario);
}

static void turns_away_beyond_the_limit(void **state)
{
	static const struct {
		const char *limit;
		bool stranger;
	} rows[] = {{"sessions", false}, {"sessions_per_network", true}, {"strangers", true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smtp_server *server = server_with(rows[i].limit, "2", rows[i].stranger);
		in_port_t port = listen_somewhere(server, false);
		struct smtp_stream *one = connect_to(port), *two = connect_to(port);
		expect(one, "220 ");
		expect(two, "220 ");
		struct smtp_stream *three = connect_to(port);
		expect(three, "421 4.3.2 ");
		smtp_stream_free(three);
		say(one, "QUIT\r\n");
		expect(one, "221 ");
		smtp_stream_free(one);
		say(two, "NOOP\r\n");
		expect(two, "250 ");
		smtp_stream_free(two);
		smtp_server_stop(server, MS_SECOND);
	}
}

/* The number of sessions of one network is not limited for those who are authorised. */
static void lets_sources_connect_often(void **state)
{
	struct smtp_server *server = server_with("sessions_per_network", "1", false);
	in_port_t port = listen_somewhere(server, false);
	struct smtp_stream *one = connect_to(port), *two = connect_to(port);

	(void)state;
	expect(one, "220 ");
	expect(two, "220 ");
	smtp_stream_free(one);
	smtp_stream_free(two);
	smtp_server_stop(server, MS_SECOND);
}

/* All sessions are taken, but one waits for a command longer than is patience for. */
static void makes_room(void **state)
{
	struct word words[] = {{STR("sessions"), STR("1"), 0}, {STR("patience_ms"), STR("1"), 0}};
	struct scenario scenario = {.settings = words, .setting_count = 2};
	struct smtp_server *server = make_server(&scenario);
	in_port_t port = listen_somewhere(server, false);
	struct smtp_stream *idle = connect_to(port), *next;

	(void)state;
	expect(idle, "220 ");
	for (bool taken = false; !taken;) { /* until patience is at its end */
		struct str line;
		next = connect_to(port);
		assert_ok(smtp_stream_line(next, 2000, &line, NULL, NULL));
		taken = str_starts(line, STR("220 "));
		if (!taken)
			smtp_stream_free(next);
	}
	expect(idle, "421 4.3.2 ");
	say(next, "QUIT\r\n");
	expect(next, "221 ");
	smtp_stream_free(idle);
	smtp_stream_free(next);
	smtp_server_stop(server, MS_SECOND);
}

/* Commands behind STARTTLS, with the packet cut anywhere: they are in the same packet and refused, or the
 * handshake fails over them; never is one of them answered. */
static void answers_nothing_behind_starttls(void **state)
{
	static const char text[] = "STARTTLS\r\nNOOP\r\nMAIL FROM:<eve@evil.example>\r\n";

	(void)state;
	for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
		struct smtp_server *server = server_with("handshake_ms", "5000", false);
		struct smtp_stream *stream = connect_to(listen_somewhere(server, false));
		struct str line;
		expect(stream, "220 ");
		assert_ok(smtp_stream_write(stream, (struct str){text, cut}, NULL));
		assert_ok(smtp_stream_flush(stream, NULL));
		assert_ok(smtp_stream_write(stream, (struct str){text + cut, sizeof(text) - 1 - cut}, NULL));
		(void)!smtp_stream_flush(stream, NULL);
		while (smtp_stream_line(stream, 2000, &line, NULL, NULL) == RESULT_OK)
			assert_false(str_starts(line, STR("250")));
		smtp_stream_free(stream);
		smtp_server_stop(server, MS_SECOND);
		assert_int_equal(fake_intake.begun, 0);
	}
}

/* Who speaks before the greeting does not listen: no SMTP client does that. */
static void answers_nothing_before_the_greeting(void **state)
{
	struct smtp_server *server = make_server(&no_settings);
	struct str line;
	sem_t held;

	(void)state;
	(void)sem_init(&held, 0, 0);
	fake_intake.held = &held;
	struct smtp_stream *stream = connect_to(listen_somewhere(server, false));
	say(stream, "EHLO client.example\r\nMAIL FROM:<alice@acme.example>\r\n");
	(void)sem_post(&held);
	expect(stream, "554 5.5.0 ");
	assert_int_equal(smtp_stream_line(stream, 2000, &line, NULL, NULL), RESULT_GONE);
	smtp_stream_free(stream);
	smtp_server_stop(server, MS_SECOND);
	assert_int_equal(fake_intake.begun, 0);
	(void)sem_destroy(&held);
}

struct stopping {
	struct smtp_server *server;
	int64_t limit_ms;
};

static void *stop(void *arg)
{
	struct stopping *stopping = arg;

	smtp_server_stop(stopping->server, stopping->limit_ms);
	return NULL;
}

static const char transaction[] = "EHLO client.example\r\nMAIL FROM:<alice@acme.example>\r\n"
				  "RCPT TO:<bob@partner.example>\r\nDATA\r\n";

static void expect_transaction(struct smtp_stream *stream)
{
	expect(stream, "220 ");
	say(stream, transaction);
	for (int i = 0; i < 9; i++)
		expect(stream, "250");
	expect(stream, "250 2.1.0");
	expect(stream, "250 2.1.5");
	expect(stream, "354 ");
}

/* Idle sessions are told at once; one with a mail under way ends it first. */
static void stops_gracefully(void **state)
{
	struct smtp_server *server = make_server(&no_settings);
	in_port_t port = listen_somewhere(server, false);
	struct smtp_stream *idle = connect_to(port), *busy = connect_to(port);
	struct stopping stopping = {server, 20 * MS_SECOND};
	pthread_t thread;

	(void)state;
	expect(idle, "220 ");
	expect_transaction(busy);
	assert_ok(thread_start(&thread, "stop", stop, &stopping));
	expect(idle, "421 4.3.2 ");
	say(busy, "late\r\n.\r\n");
	expect(busy, "250 2.0.0 ");
	expect(busy, "421 4.3.2 ");
	smtp_stream_free(idle);
	smtp_stream_free(busy);
	(void)pthread_join(thread, NULL);
	assert_int_equal(fake_intake.kept, 1);
}

/* A mail that does not end does not hold up the stop beyond its limit. */
static void stops_within_its_limit(void **state)
{
	struct smtp_server *server = make_server(&no_settings);
	struct smtp_stream *busy = connect_to(listen_somewhere(server, false));

	(void)state;
	expect_transaction(busy);
	smtp_server_stop(server, 50);
	assert_int_equal(fake_intake.kept, 0);
	assert_int_equal(fake_intake.freed, 1);
	smtp_stream_free(busy);
}

/* A session keeps the certificate it began with; the next one gets the new one. */
static void changes_certificates_between_sessions(void **state)
{
	struct smtp_server *server = make_server(&no_settings);
	in_port_t port = listen_somewhere(server, true);
	struct smtp_stream *before = connect_to(port), *after;
	struct tls_credentials *other;
	char file[96];

	(void)state;
	assert_ok(smtp_stream_connect_tls(before, trust, CERTIFICATE_HOST, true, NULL));
	certificates_file(&certificates, "wrong-name", file);
	assert_ok(tls_credentials_load(file, certificates.key, &other, NULL));
	smtp_server_set_credentials(server, other);
	tls_credentials_unref(other);
	expect(before, "220 ");
	say(before, "NOOP\r\n");
	expect(before, "250 ");
	after = connect_to(port);
	assert_ok(smtp_stream_connect_tls(after, trust, "mx.other.example", true, NULL));
	smtp_stream_free(before);
	smtp_stream_free(after);
	smtp_server_stop(server, MS_SECOND);
}

static void says_why_it_cannot_listen(void **state)
{
	struct smtp_server *server = make_server(&no_settings);
	in_port_t port = listen_somewhere(server, false);
	char text[40];
	struct err err = {0};

	(void)state;
	(void)snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(port));
	assert_int_equal(smtp_server_listen(server, str_of(text), false, &err), RESULT_CONFLICT);
	assert_non_null(strstr(err.text, "the port is taken"));
	assert_int_equal(smtp_server_listen(server, STR("nowhere:25"), false, &err), RESULT_INVALID);
	assert_int_equal(smtp_server_listen(server, STR(""), false, &err), RESULT_INVALID);
	smtp_server_stop(server, MS_SECOND);
}

static int set_up(void **state)
{
	char file[96];

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	certificates_make(&certificates);
	certificates_file(&certificates, "good", file);
	return tls_trust_load(certificates.authority, &trust, NULL) != RESULT_OK ||
	       tls_credentials_load(file, certificates.key, &credentials, NULL) != RESULT_OK;
}

static int tear_down(void **state)
{
	(void)state;
	fake_intake_clear();
	tls_credentials_unref(credentials);
	tls_trust_free(trust);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plays_every_scenario),
		cmocka_unit_test(answers_nothing_before_the_greeting),
		cmocka_unit_test(answers_nothing_behind_starttls),
		cmocka_unit_test(turns_away_beyond_the_limit),
		cmocka_unit_test(lets_sources_connect_often),
		cmocka_unit_test(makes_room),
		cmocka_unit_test(stops_gracefully),
		cmocka_unit_test(stops_within_its_limit),
		cmocka_unit_test(changes_certificates_between_sessions),
		cmocka_unit_test(says_why_it_cannot_listen),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
