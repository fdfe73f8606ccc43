#include "base/config.h"
#include "base/limits.h"
#include "tests/unit/temporary_folder.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char path[64];

static enum result load(const char *text, struct config **ret, struct err *err)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
	return config_load(path, ret, err);
}

static void reads_every_kind_of_value(void **state)
{
	cleanup(config_free_at) struct config *config = NULL;
	struct err err = {0};

	(void)state;
	if (load("# a comment\nhost_name = gw.acme.example\nportal_url = \"https://portal.acme.example\"\n"
		 "database = sqlite:data/x.db\ndelivery = direct\nlisten {\n  smtp = {\"127.0.0.1:25\", "
		 "\"[::1]:25\"}\n}\n"
		 "limits { mail_size = 25MB smtp_sessions = 7 }\n",
		    &config, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	assert_string_equal(config->host_name, "gw.acme.example");
	assert_int_equal(config->listen_smtp.count, 2);
	assert_string_equal(config->listen_smtp.items[1], "[::1]:25");
	assert_int_equal(config->mail_size, 25 << 20);
	assert_int_equal(config->smtp_sessions, 7);
	assert_int_equal(config->smtp_recipients, 1000);
	assert_true(strncmp(config->database, "sqlite:/tmp/", 12) == 0);
}

static void says_what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"\nhost_nam = x\n", ":2: host_nam: there is no such key; perhaps host_name"},
		{"delivery = direct\nlimits {\n  # mail_size\n  mail_size = tiny\n}\n",
			":4: limits.mail_size: takes a size from 1024 to 2147483648 bytes, such as 25MB, not "
			"tiny"},
		{"limits { smtp_sessions = 0 }\n",
			":1: limits.smtp_sessions: takes a number from 1 to 10000, not 0"},
		{"\n\ndelivery = sometimes\n", ":3: delivery: takes one of smart_host|direct, not sometimes"},
		{"delivery = direct\nportal_url = http://x\n",
			":2: portal_url: takes https://HOST, with :PORT if it is not 443, and no path or "
			"slash behind, "
			"not http://x"},
		{"host_name = \"a b\"\n", ":1: host_name: takes a name such as gateway.acme.example, an "
					  "international one as xn--…, "
					  "not a b"},
		{"host_name = a\n\nhost_name = b\n", ":3: host_name: is set in line 1 already"},
		{"return_domain = -\n", ":1: return_domain: takes a name such as gateway.acme.example, an "
					"international one as "
					"xn--…, not -"},
		{"delivery = direct\nlisten { smtp = {\"[::1]:25\"} http = \"[::1]:25\" }\n",
			":2: listen.http: [::1]:25 stands twice; give each port once"},
		{"root_key = \"\"\n", ":1: root_key: a value is missing"},
		{"log_level = \"\033[2J\"\n", ":1: log_level: a control character is in the value"},
		{"\ndatabase = mysql:x\n",
			":2: database: takes sqlite:FILE, or postgresql://USER@HOST/NAME, not mysql:x"},
		{"listen {\n  smtp = {\"127.0.0.1:25\",\n    \"127.0.0.1:99999\"}\n}\n",
			":3: listen.smtp: takes a numeric address and a port, such as 127.0.0.1:25 or "
			"[::]:25, not 127.0.0.1:99999"},
		{"listen { https = localhost:443 }\n",
			":1: listen.https: takes a numeric address and a port, such as 127.0.0.1:25 or "
			"[::]:25, not localhost:443"},
		{"trusted_proxies = \"300.1.1.1/33\"\n",
			":1: trusted_proxies: takes an address or a range, such as 192.0.2.0/24, not "
			"300.1.1.1/33"},
		{"smart_host { address = mail }\n",
			":1: smart_host.address: takes a host and a port, such as mail.acme.example:25, not "
			"mail"},
		{"resolver { server = ns.example }\n",
			":1: resolver.server: takes a numeric address, with its port such as 192.0.2.53@53 "
			"if it is another, not ns.example"},
		{"delivery = direct\ntls { certificate = x.pem }\n",
			":2: tls.certificate: needs tls.key as well"},
		{"delivery = direct\n\ntls {\n  key = x.pem\n}\n",
			":4: tls.key: needs tls.certificate as well"},
		{"delivery = direct\nlisten {\n  smtps = \"127.0.0.1:1\" }\n",
			":3: listen.smtps: needs tls.certificate as well"},
		{"delivery = direct\nsmart_host {\n  user = x\n}\n",
			":3: smart_host.user: needs smart_host.password_file as well"},
		{"smart_host {\n  address = \"[::1]:25\"\n  password_file = x\n}\n",
			":3: smart_host.password_file: needs smart_host.user as well"},
		{"delivery = direct\nhost_name\n", ":2: host_name: a line is name = value"},
		{"delivery = direct\nhost_name =\n}", ":2: host_name: a value is missing"},
		{"host_name = \"x\n", ":1: not understood: a quotation mark is missing"},
		{"host_name = {a, b}\n", ":1: host_name: takes one value"},
		{"listen { smtp = {\"[::1]:25\" b} }\n", ":1: listen.smtp: a list is {value, value}"},
		{"listen {\n smtp = \"[::1]:25\"\n", ":3: listen: the closing } is missing"},
		{"limits { smtp_errors = 5k }\n",
			":1: limits.smtp_errors: takes a number from 1 to 1000, not 5k"},
		{"delivery = direct\nlisten { https = {\"127.0.0.1:1\"} }\n",
			":2: listen.https: needs tls.certificate as well"},
		{"host_name = x\ndelivery = smart_host\n",
			":2: delivery: mail for outside needs smart_host.address, or delivery = direct, or "
			"an outbox"},
		{"host_name = x\n",
			": delivery: mail for outside needs smart_host.address, or delivery = direct, or an "
			"outbox"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config *config;
		struct err err = {0};
		assert_int_equal(load(cases[i].text, &config, &err), RESULT_INVALID);
		assert_string_equal(err.text + strlen(path), cases[i].message);
	}
}

/* What an operator may set has the value of base/limits.h until then. */
static void defaults_are_those_of_the_limits(void **state)
{
	cleanup(config_free_at) struct config *c = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(load("delivery = direct\n", &c, &err), RESULT_OK);
	assert_int_equal(c->mail_size, LIMIT_MAIL_BYTES_DEFAULT);
	assert_int_equal(c->smtp_sessions, LIMIT_SMTP_SESSIONS);
	assert_int_equal(c->smtp_sessions_per_network, LIMIT_SMTP_SESSIONS_PER_NETWORK);
	assert_int_equal(c->smtp_strangers, LIMIT_SMTP_STRANGERS);
	assert_int_equal(c->smtp_mails_per_session, LIMIT_SMTP_MAILS_PER_SESSION);
	assert_int_equal(c->smtp_recipients, LIMIT_SMTP_RECIPIENTS);
	assert_int_equal(c->smtp_soft_errors, LIMIT_SMTP_SOFT_ERRORS);
	assert_int_equal(c->smtp_errors, LIMIT_SMTP_ERRORS);
	assert_int_equal(c->smtp_junk_commands, LIMIT_SMTP_JUNK_COMMANDS);
	assert_int_equal(c->smtp_hops, LIMIT_SMTP_HOPS);
	assert_int_equal(c->smtp_command_seconds * MS_SECOND, LIMIT_SMTP_COMMAND_MS);
	assert_int_equal(c->smtp_stranger_command_seconds * MS_SECOND, LIMIT_SMTP_STRANGER_COMMAND_MS);
	assert_int_equal(c->smtp_handshake_seconds * MS_SECOND, LIMIT_SMTP_HANDSHAKE_MS);
	assert_int_equal(c->smtp_data_idle_seconds * MS_SECOND, LIMIT_SMTP_DATA_IDLE_MS);
	assert_int_equal(c->smtp_data_grace_seconds * MS_SECOND, LIMIT_SMTP_DATA_GRACE_MS);
	assert_int_equal(c->smtp_data_rate, LIMIT_SMTP_DATA_RATE);
	assert_int_equal(c->http_connections, LIMIT_HTTP_CONNECTIONS);
	assert_int_equal(c->http_connections_per_address, LIMIT_HTTP_CONNECTIONS_PER_ADDRESS);
	assert_int_equal(c->http_waiting, LIMIT_HTTP_WAITING);
	assert_int_equal(c->http_head_seconds * MS_SECOND, LIMIT_HTTP_HEAD_MS);
	assert_int_equal(c->http_idle_seconds, LIMIT_HTTP_IDLE_S);
	assert_int_equal(c->http_grace_seconds * MS_SECOND, LIMIT_HTTP_GRACE_MS);
	assert_int_equal(c->http_rate, LIMIT_HTTP_RATE);
}

static bool file_has(const char *file, const char *text)
{
	static char content[64 * 1024];
	char name[512];

	(void)snprintf(name, sizeof(name), "%s/%s", getenv("SEALPOST_SOURCE_DIR"), file);
	FILE *f = fopen(name, "r");
	assert_non_null(f);
	content[fread(content, 1, sizeof(content) - 1, f)] = '\0';
	(void)fclose(f);
	return strstr(content, text) != NULL;
}

/* Every key stands in the example, limits with their default; limits also in the document for operators. */
static void documents_name_every_key(void **state)
{
	struct config_key rows[100];
	size_t count = config_keys(rows, COUNT_OF(rows));
	char line[200];

	(void)state;
	assert_in_range(count, 1, COUNT_OF(rows));
	for (size_t i = 0; i < count; i++) {
		bool is_limit = strncmp(rows[i].name, "limits.", 7) == 0;
		const char *dot = strchr(rows[i].name, '.'), *name = dot ? dot + 1 : rows[i].name;
		(void)snprintf(line, sizeof(line), "%s = %s", name, is_limit ? rows[i].initial : "");
		if (!file_has("packaging/sealpost.conf.example", line))
			fail_msg("packaging/sealpost.conf.example has no line \"%s\"", line);
		(void)snprintf(line, sizeof(line), "| `%s` | %s |", name, is_limit ? rows[i].initial : "");
		if (is_limit && !file_has("docs/operation.md", line))
			fail_msg("docs/operation.md has no row \"%s\"", line);
	}
}

static void a_missing_file_is_told(void **state)
{
	struct config *config;
	struct err err;

	(void)state;
	assert_int_equal(config_load("/nonexistent/sealpost.conf", &config, &err), RESULT_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_kind_of_value),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(defaults_are_those_of_the_limits),
		cmocka_unit_test(documents_name_every_key),
		cmocka_unit_test(a_missing_file_is_told),
	};

	(void)snprintf(path, sizeof(path), "%s/sealpost.conf", temporary_folder());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
