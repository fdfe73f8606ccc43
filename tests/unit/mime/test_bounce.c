#include "base/buf.h"
#include "base/mem.h"
#include "mime/bounce.h"
#include "tests/unit/unit.h"

#define NO_HEADER "From: MAILER-DAEMON@partner.example\r\nSubject: failure notice\r\n"
#define FAILED "X-Failed-Recipients: carol@partner.example\r\nAuto-Submitted: auto-replied\r\n"

static const struct {
	const char *name, *header, *text;
	const char *status; /* NULL: no bounce */
} cases[] = {
	{"qmail", NO_HEADER,
		"Hi. This is the qmail-send program at partner.example.\nI'm afraid I wasn't able to deliver "
		"your "
		"message to the following addresses.\nThis is a permanent error; I've given up. Sorry it "
		"didn't work "
		"out.\n\n<carol@partner.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- "
		"Below this "
		"line is a copy of the message.\n\nReturn-Path: <r-1@return.example>\n",
		"5.1.1"},
	{"qmail that gave up", NO_HEADER,
		"Hi. This is the qmail-send program at partner.example.\n\n<carol@partner.example>:\nSorry, "
		"I couldn't "
		"find any host by that name. (#4.1.2)\nI'm not going to try again; this message has been in "
		"the queue "
		"too long.\n",
		"4.1.2"},
	{"one made after qmail, with lines ended by CRLF", NO_HEADER,
		"\r\nHi. This is the deliver program at example.\r\n\r\n<carol@partner.example>:\r\nnever "
		"heard\r\n",
		"5.0.0"},
	{"Exim", FAILED,
		"This message was created automatically by mail delivery software.\n\nA message that you "
		"sent could not "
		"be delivered to one or more of its\nrecipients. This is a permanent error. The following "
		"address(es) "
		"failed:\n\n  carol@partner.example\n    host mx.partner.example [192.0.2.7]\n    SMTP error "
		"from remote "
		"mail server after RCPT TO:<carol@partner.example>:\n    550 5.7.1 rejected\n",
		"5.7.1"},
	{"Exim in other words", FAILED, "Diese Nachricht wurde automatisch erzeugt.\n", "5.0.0"},
	{"Exim without its field", NO_HEADER,
		"This message was created automatically by mail delivery software.\nA message that you sent "
		"could not "
		"be delivered to all of its recipients. The following address(es)\nfailed:\n\n  "
		"carol@partner.example\n    "
		"Unrouteable address\n",
		"5.0.0"},
	{"a warning by Exim", NO_HEADER,
		"This message was created automatically by mail delivery software.\nA message that you sent "
		"has not yet "
		"been delivered to one or more of its\nrecipients after more than 24 hours on the queue.\n",
		NULL},
	{"old Exchange", NO_HEADER,
		"Your message\r\n\r\n  To:      Carol\r\n  Subject: A secure message\r\n  Sent:    Mon, 23 "
		"Nov 2026\r\n\r\n"
		"did not reach the following recipient(s):\r\n\r\ncarol@partner.example on Mon, 23 Nov "
		"2026\r\n    The "
		"recipient name is not recognized\r\n\tThe MTS-ID of the original message is: c=us;a= "
		";p=Partner\r\n    "
		"MSEXCH:IMS:Partner:HQ:MAIL 0 (000C05A6) Unknown Recipient\r\n",
		"5.0.0"},
	{"a receipt of old Exchange", NO_HEADER,
		"Your message\r\n\r\n  To: Carol\r\n\r\nwas read on Mon, 23 Nov 2026.\r\n", NULL},
	{"an address of the net is no status", NO_HEADER,
		"Hi. This is the qmail-send program.\n\n<c@x.example>:\n5.9.8.7 said no; 15.1.1 and 5.1234.1 "
		"and 5.1. "
		"are none\n",
		"5.0.0"},
	{"a status in the copy is not the server's", NO_HEADER,
		"Hi. This is the qmail-send program.\n\n<c@x.example>:\nno\n\n--- Below this line is a copy "
		"of the "
		"message.\n\n5.1.1\n",
		"5.0.0"},
	{"the copy alone says nothing", NO_HEADER,
		"Hello,\n\n--- Below this line is a copy of the message.\n\nHi. This is the qmail-send "
		"program <a>\n",
		NULL},
	{"quoted by a person", NO_HEADER,
		"Look what I got:\n\n> Hi. This is the qmail-send program at x.\n> <carol@x>:\n> (#5.1.1)\n",
		NULL},
	{"an out-of-office", NO_HEADER, "I am away until 5.1.2027.\n", NULL},
	{"nothing", "", "", NULL},
};

static void test_forms_of_bounces(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct mime_bounce bounce;
		bool found = mime_bounce_read(str_of(cases[i].header), str_of(cases[i].text), &bounce);
		if (found != (cases[i].status != NULL) || !str_equal(bounce.status, str_of(cases[i].status)))
			fail_msg("%s: %d '%.*s'", cases[i].name, found, STR_ARG(bounce.status));
	}
}

/* What a stranger sends may be of any length. */
static void test_a_long_text_is_looked_at_no_further(void **state)
{
	cleanup(buf_done) struct buf text = buf_new(4 * MIME_BOUNCE_TEXT_MAX);
	struct mime_bounce bounce;

	(void)state;
	buf_add(&text, STR("Your message\n"));
	while (text.len < MIME_BOUNCE_TEXT_MAX)
		buf_add(&text, STR("and more\n"));
	buf_add(&text, STR("did not reach the following recipient(s):\n"));
	assert_false(mime_bounce_read(STR_NONE, buf_str(&text), &bounce));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms_of_bounces),
		cmocka_unit_test(test_a_long_text_is_looked_at_no_further)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
