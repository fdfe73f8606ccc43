#include "mime/charset.h"

#include "base/mem.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#define NAME_MAX_BYTES 40
#define KEPT_MAX 16
#define REPLACEMENT STR("\xef\xbf\xbd")

struct mime_charset {
	iconv_t handle;
	iconv_t guess; /* for bytes that are no UTF-8 where nobody says that they are; opened when needed */
	bool is_utf8, is_guessing, is_lossy;
	char kept[KEPT_MAX]; /* an incomplete sequence at the end of the last piece */
	size_t kept_len;
};

bool mime_charset_is_silent(struct str name)
{
	return name.len == 0 || str_equal_nocase(name, STR("us-ascii")) ||
	       str_equal_nocase(name, STR("ascii"));
}

static bool is_utf8_name(struct str name)
{
	return mime_charset_is_silent(name) || str_equal_nocase(name, STR("utf-8")) ||
	       str_equal_nocase(name, STR("utf8"));
}

/* Names as browsers and mail programs mean them (the WHATWG's table): of old programs, which say the smaller
 * set and write the larger, and such as the C library does not know. */
static const struct {
	const char *name, *meant;
} meanings[] = {
	{"iso-8859-1", "WINDOWS-1252"},
	{"iso_8859-1", "WINDOWS-1252"},
	{"iso8859-1", "WINDOWS-1252"},
	{"latin1", "WINDOWS-1252"},
	{"iso-8859-9", "WINDOWS-1254"},
	{"latin5", "WINDOWS-1254"},
	{"iso-8859-8-i", "ISO-8859-8"},
	{"iso-8859-8-e", "ISO-8859-8"},
	{"iso-8859-11", "CP874"},
	{"tis-620", "CP874"},
	{"gb2312", "GB18030"},
	{"gb_2312-80", "GB18030"},
	{"gbk", "GB18030"},
	{"x-gbk", "GB18030"},
	{"big5", "BIG5-HKSCS"},
	{"ks_c_5601-1987", "CP949"},
	{"ks_c_5601-1989", "CP949"},
	{"ks_c_5601", "CP949"},
	{"ksc5601", "CP949"},
	{"euc-kr", "CP949"},
	{"windows-949", "CP949"},
	{"shift_jis", "CP932"},
	{"shift-jis", "CP932"},
	{"x-sjis", "CP932"},
	{"sjis", "CP932"},
	{"dos-866", "CP866"},
	{"x-mac-roman", "MACINTOSH"},
	{"x-mac-cyrillic", "MAC-CYRILLIC"},
	{"unicode-1-1-utf-7", "UTF-7"},
	{"utf8mb4", "UTF-8"},
};

const char *mime_charset_meant(struct str name)
{
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (str_equal_nocase(name, str_of(meanings[i].name)))
			return meanings[i].meant;
	return NULL;
}

static iconv_t open_handle(struct str name)
{
	const char *meant = mime_charset_meant(name);
	char text[NAME_MAX_BYTES + 1];

	if (meant)
		return iconv_open("UTF-8", meant);
	if (is_utf8_name(name))
		return iconv_open("UTF-8", "UTF-8");
	if (name.len > NAME_MAX_BYTES)
		return (iconv_t)-1;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     c == '-' || c == '_' || c == ':' || c == '.';
		if (!plain)
			return (iconv_t)-1; /* no "//TRANSLIT" from outside */
		text[i] = c;
	}
	text[name.len] = '\0';
	return iconv_open("UTF-8", text);
}

struct mime_charset *mime_charset_new(struct str name)
{
	struct mime_charset *charset = mem_new(sizeof(*charset));

	charset->is_utf8 = is_utf8_name(name);
	charset->is_guessing = mime_charset_is_silent(name);
	charset->guess = (iconv_t)-1;
	charset->handle = open_handle(name);
	charset->is_lossy = charset->handle == (iconv_t)-1;
	if (charset->is_lossy)
		charset->handle = iconv_open("UTF-8", "WINDOWS-1252");
	return charset;
}

void mime_charset_free(struct mime_charset *charset)
{
	if (charset == NULL)
		return;
	if (charset->handle != (iconv_t)-1)
		(void)iconv_close(charset->handle);
	if (charset->guess != (iconv_t)-1)
		(void)iconv_close(charset->guess);
	free(charset);
}

/* A byte that is not of the charset. */
static void replace(struct mime_charset *charset, char byte, struct buf *utf8)
{
	char out[4], *from = &byte, *to = out;
	size_t left = 1, room = sizeof(out);

	charset->is_lossy = true;
	if (charset->is_guessing && charset->guess == (iconv_t)-1)
		charset->guess = iconv_open("UTF-8", "WINDOWS-1252");
	if (charset->guess == (iconv_t)-1 || iconv(charset->guess, &from, &left, &to, &room) == (size_t)-1)
		buf_add(utf8, REPLACEMENT);
	else
		buf_add(utf8, (struct str){out, sizeof(out) - room});
}

/* iconv lets code points past U+10FFFF through, which are no UTF-8 (RFC 3629). */
static void add_well_formed(struct mime_charset *charset, struct buf *utf8, struct str text)
{
	for (;;) {
		size_t good = str_utf8_prefix(text);
		buf_add(utf8, str_sub(text, 0, good));
		if (good == text.len)
			return;
		charset->is_lossy = true;
		buf_add(utf8, REPLACEMENT);
		text = str_from(text, good + 1);
	}
}

/* Converts what it can; returns the bytes left over, an incomplete sequence. */
static struct str convert(struct mime_charset *charset, struct str in, struct buf *utf8)
{
	char out[4096];
	char *from = (char *)(uintptr_t)in.ptr;
	size_t left = in.len;

	while (left > 0) {
		char *to = out;
		size_t room = sizeof(out);
		size_t done = iconv(charset->handle, &from, &left, &to, &room);
		int why = done == (size_t)-1 ? errno : 0;
		add_well_formed(charset, utf8, (struct str){out, sizeof(out) - room});
		if (why == EINVAL)
			break;
		if (why == EILSEQ) {
			replace(charset, *from, utf8);
			from++;
			left--;
		}
	}
	return (struct str){from, left};
}

void mime_charset_add(struct mime_charset *charset, struct str piece, struct buf *utf8)
{
	char joined[2 * KEPT_MAX];

	while (charset->kept_len > 0 && piece.len > 0) {
		/* Complete the kept sequence byte by byte. */
		memcpy(joined, charset->kept, charset->kept_len);
		joined[charset->kept_len] = piece.ptr[0];
		struct str rest = convert(charset, (struct str){joined, charset->kept_len + 1}, utf8);
		if (rest.len >= KEPT_MAX)
			rest.len = 0;
		memmove(charset->kept, rest.ptr, rest.len);
		charset->kept_len = rest.len;
		piece = str_from(piece, 1);
	}
	if (charset->is_utf8) { /* most text is ASCII, which stays as it is */
		size_t same = str_ascii_prefix(piece);
		buf_add(utf8, str_sub(piece, 0, same));
		piece = str_from(piece, same);
	}
	struct str rest = convert(charset, piece, utf8);
	if (rest.len > 0 && rest.len < KEPT_MAX) {
		memcpy(charset->kept, rest.ptr, rest.len);
		charset->kept_len = rest.len;
	}
}

void mime_charset_end(struct mime_charset *charset, struct buf *utf8)
{
	char out[64], *to = out;
	size_t room = sizeof(out);

	for (size_t i = 0; i < charset->kept_len && (i == 0 || charset->is_guessing); i++)
		replace(charset, charset->kept[i], utf8);
	charset->kept_len = 0;
	(void)iconv(charset->handle, NULL, NULL, &to, &room);
	buf_add(utf8, (struct str){out, sizeof(out) - room});
}

bool mime_charset_is_lossy(const struct mime_charset *charset)
{
	return charset->is_lossy;
}
