#include "tests/unit/unit.h"

#include "smtp/syntax.h"

#include <stdio.h>
#include <string.h>

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* What a command was read as, in one line: compared with what was expected. */
static void print_mail(const char *text, size_t len, char *out, size_t size)
{
	struct smtp_mail mail = {.size = -1};
	struct err err = {0};

	if (smtp_mail_parse((struct str){text, len}, &mail, &err) == RESULT_OK)
		(void)snprintf(out, size, "<%.*s> size=%lld%s%s ret=%d envid=%.*s", STR_ARG(mail.sender),
			(long long)mail.size, mail.body_8bit ? " 8bit" : "", mail.smtputf8 ? " utf8" : "",
			mail.ret, STR_ARG(mail.envid));
	else
		(void)snprintf(out, size, "%s%s", err.code, mail.size == -1 ? "" : " but touched");
}

static void print_rcpt(const char *text, size_t len, char *out, size_t size)
{
	struct smtp_rcpt rcpt = {.notify = -1};
	struct err err = {0};

	if (smtp_rcpt_parse((struct str){text, len}, &rcpt, &err) == RESULT_OK)
		(void)snprintf(out, size, "<%.*s> notify=%d orcpt=%.*s", STR_ARG(rcpt.recipient), rcpt.notify,
			STR_ARG(rcpt.orcpt));
	else
		(void)snprintf(out, size, "%s%s", err.code, rcpt.notify == -1 ? "" : " but touched");
}

struct row {
	const char *text;
	const char *expected;
};

static const struct row mails[] = {
	{"FROM:<a@b.example>", "<a@b.example> size=0 ret=0 envid="},
	{"from: <a@b.example>", "<a@b.example> size=0 ret=0 envid="},
	{"FROM:<>", "<> size=0 ret=0 envid="},
	{"FROM:<a@b.example> SIZE=1000 BODY=8BITMIME", "<a@b.example> size=1000 8bit ret=0 envid="},
	{"FROM:<a@b.example>  size=0  body=7bit ", "<a@b.example> size=0 ret=0 envid="},
	{"FROM:<j\xc3\xb6rg@b.example> SMTPUTF8", "<j\xc3\xb6rg@b.example> size=0 utf8 ret=0 envid="},
	{"FROM:<j\xc3\xb6rg@b.example>", "syntax"},
	{"FROM:<a@b.example> RET=HDRS ENVID=QQ+2B1", "<a@b.example> size=0 ret=2 envid=QQ+2B1"},
	{"FROM:<a@b.example> RET=FULL AUTH=<>", "<a@b.example> size=0 ret=1 envid="},
	{"FROM:<@hop.example,@two.example:a@b.example>", "<a@b.example> size=0 ret=0 envid="},
	{"FROM:<\"a > b\"@b.example>", "<\"a > b\"@b.example> size=0 ret=0 envid="},
	{"FROM:<\"a\\\" > b\"@b.example>", "<\"a\\\" > b\"@b.example> size=0 ret=0 envid="},
	{"", "syntax"},
	{"FROM", "syntax"},
	{"FROM:", "syntax"},
	{"FROM:a@b.example", "syntax"},
	{"FROM:<a@b.example", "syntax"},
	{"FROM:<a@b.example>SIZE=1", "syntax"},
	{"FROM:<a@b.example> SIZE", "syntax"},
	{"FROM:<a@b.example> SIZE=", "syntax"},
	{"FROM:<a@b.example> SIZE=-1", "syntax"},
	{"FROM:<a@b.example> SIZE=1x", "syntax"},
	{"FROM:<a@b.example> SIZE=99999999999999999999", "syntax"},
	{"FROM:<a@b.example> SIZE=1 SIZE=2", "syntax"},
	{"FROM:<a@b.example> SMTPUTF8=yes", "parameter"},
	{"FROM:<a@b.example> BODY=BINARYMIME", "parameter"},
	{"FROM:<a@b.example> BODY", "parameter"},
	{"FROM:<a@b.example> RET=ALL", "syntax"},
	{"FROM:<a@b.example> ENVID=", "syntax"},
	{"FROM:<a@b.example> ENVID=a=b", "syntax"},
	{"FROM:<a@b.example> ENVID=a+2", "syntax"},
	{"FROM:<a@b.example> ENVID=a+2b", "syntax"},
	{"FROM:<a@b.example> ENVID=a\xc3\xa4", "syntax"},
	{"FROM:<a@b.example> HOLDFOR=100", "parameter"},
	{"FROM:<@hop.example>", "syntax"},
	{"FROM:<a\tb@b.example>", "syntax"},
	{"FROM:<a\x1b@b.example>", "syntax"},
	{"FROM:<\"a\\\x01\"@b.example>", "syntax"},
	{"FROM:<\"a\\", "syntax"},
	{"FROM:<\"", "syntax"},
	{"FROM:<a@b.example> <c@d.example>", "parameter"},
	{"FROM:<a@b.example>,<c@d.example>", "syntax"},
	{"FROM:<" A64 A64 A64 A64 "@b.example>", "syntax"},
};

static const struct row rcpts[] = {
	{"TO:<c@d.example>", "<c@d.example> notify=0 orcpt="},
	{"To: <c@d.example> notify=never", "<c@d.example> notify=1 orcpt="},
	{"TO:<c@d.example> NOTIFY=SUCCESS,FAILURE,DELAY", "<c@d.example> notify=14 orcpt="},
	{"TO:<c@d.example> ORCPT=rfc822;c+40d", "<c@d.example> notify=0 orcpt=rfc822;c+40d"},
	{"TO:<postmaster>", "<postmaster> notify=0 orcpt="},
	{"TO:<-oQ/tmp@d.example>", "<-oQ/tmp@d.example> notify=0 orcpt="},
	{"TO:<a%b@d.example>", "<a%b@d.example> notify=0 orcpt="},
	{"FROM:<c@d.example>", "syntax"},
	{"TO:<c@d.example> NOTIFY", "syntax"},
	{"TO:<c@d.example> NOTIFY=", "syntax"},
	{"TO:<c@d.example> NOTIFY=NEVER,FAILURE", "syntax"},
	{"TO:<c@d.example> NOTIFY=SUCCESS,", "syntax"},
	{"TO:<c@d.example> NOTIFY=SUCCESS NOTIFY=NEVER", "syntax"},
	{"TO:<c@d.example> ORCPT=c@d.example", "syntax"},
	{"TO:<c@d.example> ORCPT=;c@d.example", "syntax"},
	{"TO:<c@d.example> ORCPT=rfc822;", "syntax"},
	{"TO:<c@d.example> ORCPT=rf<c;x", "syntax"},
	{"TO:<c@d.example> ORCPT=rfc822;c\xc3\xa4", "syntax"},
	{"TO:<c@d.example> ORCPT=utf-8;c\xc3\xa4@d", "<c@d.example> notify=0 orcpt=utf-8;c\xc3\xa4@d"},
	{"TO:<c@d.example> ORCPT=UTF-8;\\x{E4}\xc3\xa4",
		"<c@d.example> notify=0 orcpt=UTF-8;\\x{E4}\xc3\xa4"},
	{"TO:<c@d.example> ORCPT=utf-8;c\xc3", "syntax"},
	{"TO:<c@d.example> ORCPT=utf-8;c\xc2\x85", "syntax"},
	{"TO:<c@d.example> ORCPT=utf-8;\xc3\xa4=", "syntax"},
	{"TO:<c@d.example> ORCPT=utf-8;\xc3\xa4+", "syntax"},
	{"TO:<c@d.example> ORCPT=utf-8\xc3\xa4;c", "syntax"},
	{"TO:<c@d.example> SIZE=1", "parameter"},
};

static void reads_mail(void **state)
{
	char got[600];

	(void)state;
	for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
		print_mail(mails[i].text, strlen(mails[i].text), got, sizeof(got));
		if (strcmp(got, mails[i].expected) != 0)
			fail_msg("MAIL %s: got %s, expected %s", mails[i].text, got, mails[i].expected);
	}
}

static void reads_rcpt(void **state)
{
	char got[1200];

	(void)state;
	for (size_t i = 0; i < sizeof(rcpts) / sizeof(rcpts[0]); i++) {
		print_rcpt(rcpts[i].text, strlen(rcpts[i].text), got, sizeof(got));
		if (strcmp(got, rcpts[i].expected) != 0)
			fail_msg("RCPT %s: got %s, expected %s", rcpts[i].text, got, rcpts[i].expected);
	}
}

static void refuses_nul_in_paths(void **state)
{
	static const char text[] = "TO:<c\0@d.example>";
	char got[100];

	(void)state;
	print_rcpt(text, sizeof(text) - 1, got, sizeof(got));
	assert_string_equal(got, "syntax");
}

static void limits_xtext(void **state)
{
	char text[700], got[1200];

	(void)state;
	(void)snprintf(text, sizeof(text), "FROM:<> ENVID=%.100s", A64 A64);
	print_mail(text, strlen(text), got, sizeof(got));
	assert_string_not_equal(got, "syntax");
	(void)snprintf(text, sizeof(text), "FROM:<> ENVID=%.101s", A64 A64);
	print_mail(text, strlen(text), got, sizeof(got));
	assert_string_equal(got, "syntax");
	(void)snprintf(
		text, sizeof(text), "TO:<c@d.example> ORCPT=rfc822;%.500s", A64 A64 A64 A64 A64 A64 A64 A64);
	print_rcpt(text, strlen(text), got, sizeof(got));
	assert_string_equal(got, "syntax");
}

static void cuts_verbs(void **state)
{
	struct str rest;

	(void)state;
	assert_str(smtp_verb(STR("MAIL FROM:<>"), &rest), "MAIL");
	assert_str(rest, "FROM:<>");
	assert_str(smtp_verb(STR("quit"), &rest), "quit");
	assert_str(rest, "");
	assert_str(smtp_verb(STR(""), &rest), "");
	assert_str(smtp_verb(STR("NOOP\t x  "), &rest), "NOOP");
	assert_str(rest, "x");
}

static void knows_names_of_greetings(void **state)
{
	static const char *const good[] = {"client.example", "[192.0.2.1]", "[IPv6:2001:db8::1]", "localhost",
		"WIN_PC", "xn--bcher-kva.example"};
	static const char *const bad[] = {"", "a b", "a<b", "a\x01", "a(b)", "a;b", "\xff\xfe", "a\"b"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!smtp_is_helo(str_of(good[i])))
			fail_msg("%s was refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (smtp_is_helo(str_of(bad[i])))
			fail_msg("%s was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_mail),
		cmocka_unit_test(reads_rcpt),
		cmocka_unit_test(refuses_nul_in_paths),
		cmocka_unit_test(limits_xtext),
		cmocka_unit_test(cuts_verbs),
		cmocka_unit_test(knows_names_of_greetings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
