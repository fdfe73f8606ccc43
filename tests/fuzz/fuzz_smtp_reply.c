/* Replies of servers, line by line. */
#include "smtp/reply.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {(const char *)data, size};
	struct smtp_reply reply;
	struct err err;
	char text[100];
	bool whole = false;

	smtp_reply_init(&reply);
	while (rest.ptr && !whole)
		if (smtp_reply_add(&reply, str_cut(&rest, '\n'), &whole, &err) != RESULT_OK)
			break;
	if (whole) {
		struct smtp_status status = smtp_reply_status(reply.code, buf_str(&reply.text));
		assert(reply.code >= 200 && reply.code <= 599);
		assert(strlen(status.s) >= 5 &&
			(status.s[0] == '2' || status.s[0] == '4' || status.s[0] == '5'));
	}
	smtp_reply_print(&reply, text, sizeof(text));
	for (const char *c = text; *c; c++)
		assert(*c >= ' ' && *c <= '~');
	smtp_reply_done(&reply);
	return 0;
}
