#include "smtp/reply.h"

#include "base/limits.h"

#include <stdio.h>

bool smtp_reply_line_parse(struct str line, struct smtp_reply_line *ret)
{
	uint64_t code;

	if (line.len < 3 || !str_to_uint(str_sub(line, 0, 3), 599, &code) || code < 200)
		return false;
	if (line.len > 3 && line.ptr[3] != ' ' && line.ptr[3] != '-')
		return false;
	*ret = (struct smtp_reply_line){
		.code = (int)code, .more = line.len > 3 && line.ptr[3] == '-', .text = str_from(line, 4)};
	return true;
}

void smtp_reply_init(struct smtp_reply *reply)
{
	*reply = (struct smtp_reply){.text = buf_new(LIMIT_SMTP_REPLY_BYTES)};
}

void smtp_reply_done(struct smtp_reply *reply)
{
	buf_done(&reply->text);
	*reply = (struct smtp_reply){0};
}

void smtp_reply_clear(struct smtp_reply *reply)
{
	buf_clear(&reply->text);
	reply->code = 0;
	reply->lines = 0;
}

static enum result protocol(struct err *err, const char *text)
{
	return err_code(err, RESULT_INVALID, "protocol", "%s", text);
}

enum result smtp_reply_add(struct smtp_reply *reply, struct str line, bool *ret_whole, struct err *err)
{
	struct smtp_reply_line parsed;

	if (!smtp_reply_line_parse(line, &parsed))
		return protocol(err, "the server's answer is no SMTP reply");
	if (reply->lines > 0 && parsed.code != reply->code)
		return protocol(err, "the lines of a reply have different codes");
	if (reply->lines >= LIMIT_SMTP_REPLY_LINES)
		return protocol(err, "a reply has too many lines");
	reply->code = parsed.code;
	if (reply->lines++ > 0)
		buf_add_char(&reply->text, '\n');
	buf_add(&reply->text, parsed.text);
	if (reply->text.overflow)
		return protocol(err, "a reply is too long");
	*ret_whole = !parsed.more;
	return RESULT_OK;
}

/* One to three digits; cuts them off. */
static bool cut_number(struct str *text)
{
	size_t len = 0;

	while (len < text->len && text->ptr[len] >= '0' && text->ptr[len] <= '9')
		len++;
	if (len == 0 || len > 3)
		return false;
	*text = str_from(*text, len);
	return true;
}

static bool cut_char(struct str *text, char c)
{
	if (text->len == 0 || text->ptr[0] != c)
		return false;
	*text = str_from(*text, 1);
	return true;
}

struct smtp_status smtp_reply_status(int code, struct str text)
{
	struct smtp_status status;
	char class = (char)('0' + (code >= 500 ? 5 : code >= 400 ? 4 : 2));
	struct str rest = text;

	if (cut_char(&rest, class) && cut_char(&rest, '.') && cut_number(&rest) && cut_char(&rest, '.') &&
		cut_number(&rest) && (rest.len == 0 || rest.ptr[0] == ' ' || rest.ptr[0] == '\n'))
		(void)snprintf(status.s, sizeof(status.s), "%.*s", (int)(text.len - rest.len), text.ptr);
	else
		(void)snprintf(status.s, sizeof(status.s), "%c.0.0", class);
	return status;
}

void smtp_reply_print(const struct smtp_reply *reply, char *out, size_t size)
{
	struct str text = buf_str(&reply->text);
	int head = snprintf(out, size, "%03d ", reply->code);
	size_t len = (size_t)head;

	for (size_t i = 0; i < text.len && len + 1 < size; i++) {
		char c = text.ptr[i];
		out[len++] = (char)(c == '\n' || c == '\t' ? ' ' : c >= ' ' && c <= '~' ? c : '?');
	}
	while (len > 0 && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
}
