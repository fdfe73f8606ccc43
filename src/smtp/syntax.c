#include "smtp/syntax.h"

#include "base/limits.h"

struct str smtp_verb(struct str line, struct str *ret_rest)
{
	size_t len = 0;

	while (len < line.len && line.ptr[len] != ' ' && line.ptr[len] != '\t')
		len++;
	*ret_rest = str_trim(str_from(line, len));
	return str_sub(line, 0, len);
}

static enum result bad_syntax(struct err *err, const char *text)
{
	return err_code(err, RESULT_INVALID, "syntax", "%s", text);
}

/* "<address>" with an optional source route, which is read over (RFC 5321 appendix C). */
static enum result read_path(struct str *rest, struct str *ret, struct err *err)
{
	if (rest->len == 0 || rest->ptr[0] != '<')
		return bad_syntax(err, "an address stands in angle brackets");
	bool quoted = false;
	size_t end = 1;
	for (; end < rest->len; end++) {
		char c = rest->ptr[end];
		if ((unsigned char)c < ' ' || c == 0x7f)
			return bad_syntax(err, "a control character in an address");
		if (quoted && c == '\\' && end + 1 < rest->len && (unsigned char)rest->ptr[end + 1] >= ' ')
			end++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == '>' && !quoted)
			break;
	}
	if (end >= rest->len)
		return bad_syntax(err, "an address stands in angle brackets");
	struct str path = str_sub(*rest, 1, end - 1);
	if (path.len > 0 && path.ptr[0] == '@') {
		ptrdiff_t colon = str_find_char(path, ':');
		if (colon < 0)
			return bad_syntax(err, "a source route without an address");
		path = str_from(path, (size_t)colon + 1);
	}
	if (path.len > LIMIT_ADDRESS_BYTES)
		return bad_syntax(err, "the address is too long");
	*rest = str_from(*rest, end + 1);
	if (rest->len > 0 && rest->ptr[0] != ' ')
		return bad_syntax(err, "a blank goes before parameters");
	*ret = path;
	return RESULT_OK;
}

/* The next "KEYWORD=value" or "KEYWORD"; false at the end. */
static bool next_parameter(struct str *rest, struct str *ret_name, struct str *ret_value)
{
	*rest = str_trim(*rest);
	if (rest->len == 0)
		return false;
	struct str word = str_cut(rest, ' ');
	if (rest->ptr == NULL)
		*rest = STR("");
	struct str value = word;
	*ret_name = str_cut(&value, '=');
	*ret_value = value;
	return true;
}

/* Whether a parameter of this name stands twice: which one would count? */
static bool is_repeated(struct str parameters, struct str name)
{
	struct str other, value;
	int count = 0;

	while (next_parameter(&parameters, &other, &value))
		count += str_equal_nocase(other, name);
	return count > 1;
}

static bool is_upper_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

/* RFC 3461 4: printable ASCII without "+" and "=", which stand as "+2B" and "+3D". */
static bool is_xtext(struct str text, size_t limit, bool may_be_utf8)
{
	if (text.len == 0 || text.len > limit || !(may_be_utf8 ? str_is_line(text) : str_is_ascii(text)))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c < '!' || c == 0x7f || c == '=')
			return false;
		if (c != '+')
			continue;
		if (i + 2 >= text.len || !is_upper_hex(text.ptr[i + 1]) || !is_upper_hex(text.ptr[i + 2]))
			return false;
		i += 2;
	}
	return true;
}

/* "rfc822;" or another type of letters, digits and hyphens, then xtext; behind "utf-8;" letters may stand as
 * they are (RFC 6533 3). */
static bool is_orcpt(struct str text)
{
	struct str rest = text;
	struct str type = str_cut(&rest, ';');

	if (type.len == 0 || rest.ptr == NULL || text.len > SMTP_ORCPT_MAX)
		return false;
	for (size_t i = 0; i < type.len; i++) {
		char c = type.ptr[i];
		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return is_xtext(rest, SMTP_ORCPT_MAX, str_equal_nocase(type, STR("utf-8")));
}

static enum result unknown_parameter(struct str name, struct err *err)
{
	return err_code(err, RESULT_INVALID, "parameter", "the parameter %.*s was not offered",
		STR_ARG(str_sub(name, 0, 30)));
}

static enum result mail_parameter(struct str name, struct str value, struct smtp_mail *mail, struct err *err)
{
	uint64_t size;

	if (str_equal_nocase(name, STR("SIZE"))) {
		if (!str_to_uint(value, INT64_MAX, &size))
			return bad_syntax(err, "SIZE takes a number");
		mail->size = (int64_t)size;
	} else if (str_equal_nocase(name, STR("BODY"))) {
		mail->body_8bit = str_equal_nocase(value, STR("8BITMIME"));
		if (!mail->body_8bit && !str_equal_nocase(value, STR("7BIT")))
			return unknown_parameter(value, err);
	} else if (str_equal_nocase(name, STR("SMTPUTF8")) && value.ptr == NULL) {
		mail->smtputf8 = true;
	} else if (str_equal_nocase(name, STR("RET"))) {
		mail->ret = str_equal_nocase(value, STR("FULL"))   ? SMTP_RETURN_FULL
			    : str_equal_nocase(value, STR("HDRS")) ? SMTP_RETURN_HEADERS
								   : SMTP_RETURN_NONE;
		if (mail->ret == SMTP_RETURN_NONE)
			return bad_syntax(err, "RET takes FULL or HDRS");
	} else if (str_equal_nocase(name, STR("ENVID"))) {
		if (!is_xtext(value, SMTP_ENVID_MAX, false))
			return bad_syntax(err, "ENVID takes xtext");
		mail->envid = value;
	} else if (!str_equal_nocase(name, STR("AUTH"))) {
		return unknown_parameter(name, err);
	}
	return RESULT_OK;
}

enum result smtp_mail_parse(struct str text, struct smtp_mail *ret, struct err *err)
{
	struct smtp_mail mail = {0};
	struct str name, value;

	if (!str_starts_nocase(text, STR("FROM:")))
		return bad_syntax(err, "MAIL FROM:<address>");
	struct str rest = str_trim(str_from(text, STR("FROM:").len));
	TRY(read_path(&rest, &mail.sender, err));
	struct str parameters = rest;
	while (next_parameter(&rest, &name, &value)) {
		TRY(mail_parameter(name, value, &mail, err));
		if (is_repeated(parameters, name))
			return bad_syntax(err, "a parameter is given twice");
	}
	if (!mail.smtputf8)
		for (size_t i = 0; i < mail.sender.len; i++)
			if ((unsigned char)mail.sender.ptr[i] >= 0x80)
				return bad_syntax(err, "an address with 8-bit characters needs SMTPUTF8");
	*ret = mail;
	return RESULT_OK;
}

static enum result read_notify(struct str value, int *ret, struct err *err)
{
	static const struct {
		const char *name;
		int bit;
	} words[] = {{"NEVER", SMTP_NOTIFY_NEVER}, {"SUCCESS", SMTP_NOTIFY_SUCCESS},
		{"FAILURE", SMTP_NOTIFY_FAILURE}, {"DELAY", SMTP_NOTIFY_DELAY}};
	int bits = 0;

	for (struct str rest = value; rest.ptr;) {
		struct str word = str_cut(&rest, ',');
		int bit = 0;
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (str_equal_nocase(word, str_of(words[i].name)))
				bit = words[i].bit;
		if (bit == 0)
			return bad_syntax(err, "NOTIFY takes NEVER, or SUCCESS, FAILURE, DELAY");
		bits |= bit;
	}
	if (bits == 0)
		return bad_syntax(err, "NOTIFY takes NEVER, or SUCCESS, FAILURE, DELAY");
	if ((bits & SMTP_NOTIFY_NEVER) && bits != SMTP_NOTIFY_NEVER)
		return bad_syntax(err, "NEVER stands alone");
	*ret = bits;
	return RESULT_OK;
}

enum result smtp_rcpt_parse(struct str text, struct smtp_rcpt *ret, struct err *err)
{
	struct smtp_rcpt rcpt = {0};
	struct str name, value;

	if (!str_starts_nocase(text, STR("TO:")))
		return bad_syntax(err, "RCPT TO:<address>");
	struct str rest = str_trim(str_from(text, STR("TO:").len));
	TRY(read_path(&rest, &rcpt.recipient, err));
	struct str parameters = rest;
	while (next_parameter(&rest, &name, &value)) {
		if (is_repeated(parameters, name))
			return bad_syntax(err, "a parameter is given twice");
		if (str_equal_nocase(name, STR("NOTIFY"))) {
			TRY(read_notify(value, &rcpt.notify, err));
		} else if (str_equal_nocase(name, STR("ORCPT"))) {
			if (!is_orcpt(value))
				return bad_syntax(err, "ORCPT takes a type and xtext");
			rcpt.orcpt = value;
		} else {
			return unknown_parameter(name, err);
		}
	}
	*ret = rcpt;
	return RESULT_OK;
}

bool smtp_is_helo(struct str name)
{
	if (name.len == 0 || name.len > LIMIT_DOMAIN_BYTES)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     c >= 0x80;
		if (!plain && c != '.' && c != '-' && c != '_' && c != '[' && c != ']' && c != ':')
			return false;
	}
	return str_is_utf8(name);
}
