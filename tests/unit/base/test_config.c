#include "base/config.h"
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
			":1: portal_url: begins with https:// and ends without a slash"},
		{"delivery = direct\nlisten { https = {\"127.0.0.1:1\"} }\n",
			":1: listening with TLS needs tls.certificate and tls.key"},
		{"host_name = x\n",
			":1: mail for outside needs smart_host.address, or delivery = direct, or an outbox"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config *config;
		struct err err = {0};
		assert_int_equal(load(cases[i].text, &config, &err), RESULT_INVALID);
		assert_string_equal(err.text + strlen(path), cases[i].message);
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
		cmocka_unit_test(a_missing_file_is_told),
	};
	char folder[] = "/tmp/sealpost-test-XXXXXX";

	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/sealpost.conf", folder);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
