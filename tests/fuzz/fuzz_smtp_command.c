/* Commands of the server: whatever is read of a line lies within it and is of the form promised. */
#include "smtp/syntax.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct str part, struct str line)
{
	assert(part.len == 0 || (part.ptr >= line.ptr && part.ptr + part.len <= line.ptr + line.len));
}

static void check_text(struct str text, size_t limit)
{
	assert(text.len <= limit);
	for (size_t i = 0; i < text.len; i++)
		assert(text.ptr[i] > ' ' && text.ptr[i] <= '~');
}

static void check_path(struct str path)
{
	assert(path.len <= 254);
	for (size_t i = 0; i < path.len; i++)
		assert((unsigned char)path.ptr[i] >= ' ' && path.ptr[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = {(const char *)data, size}, rest;
	struct str verb = smtp_verb(line, &rest);
	struct smtp_mail mail;
	struct smtp_rcpt rcpt;
	struct err err;

	check_within(verb, line);
	check_within(rest, line);
	(void)smtp_is_helo(rest);
	if (smtp_mail_parse(rest, &mail, &err) == RESULT_OK) {
		check_within(mail.sender, line);
		check_path(mail.sender);
		check_text(mail.envid, SMTP_ENVID_MAX);
		assert(mail.size >= 0);
	}
	if (smtp_rcpt_parse(rest, &rcpt, &err) == RESULT_OK) {
		check_within(rcpt.recipient, line);
		check_path(rcpt.recipient);
		if (str_starts_nocase(rcpt.orcpt, STR("utf-8;")))
			assert(rcpt.orcpt.len <= SMTP_ORCPT_MAX && str_is_line(rcpt.orcpt) &&
				str_find_char(rcpt.orcpt, ' ') < 0);
		else
			check_text(rcpt.orcpt, SMTP_ORCPT_MAX);
		assert(!(rcpt.notify & SMTP_NOTIFY_NEVER) || rcpt.notify == SMTP_NOTIFY_NEVER);
	}
	return 0;
}
