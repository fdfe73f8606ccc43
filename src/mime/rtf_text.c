#include "mime/rtf_text.h"

#include "base/limits.h"
#include "mime/charset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES ((size_t)1024)
#define RUN_BYTES 256
#define WORD_BYTES 32 /* of a control word, by the specification */
#define FONTS 0x8000  /* numbers that fonts have */
#define NUMBER_MAX 1000000000
#define FALLBACKS_MAX 100

enum state { STATE_TEXT, STATE_ESCAPE, STATE_WORD, STATE_NUMBER, STATE_HEX, STATE_BINARY };

/* What holds until the end of a group. */
struct group {
	bool star;     /* \* came: what follows is left out unless it is known */
	bool ignored;  /* nothing of it is text */
	bool in_fonts; /* the table of fonts */
	bool is_rtf;   /* \htmlrtf: what stands for packed HTML */
	bool hidden;   /* \v */
	uint8_t page;  /* of its bytes */
	int fallbacks; /* \uc: how much stands for a character that old readers do not know */
};

/* A code page that bytes are in. */
struct page {
	uint32_t number;
	struct mime_charset *charset;
};

struct mime_rtf_text {
	enum mime_rtf_kind kind;
	enum state state;
	struct group groups[LIMIT_RTF_DEPTH]; /* the first is outside of all */
	size_t depth;
	uint64_t beyond; /* groups open that are too deep */
	bool ended, has_text;
	char word[WORD_BYTES + 1];
	size_t word_len;
	int64_t number;
	bool is_negative;
	int hex, hex_len;
	uint32_t binary;	 /* bytes left of it */
	int skip;		 /* fallbacks that are still to come */
	uint32_t high_surrogate; /* the first half of a character */
	char run[RUN_BYTES];	 /* bytes of one page that are not converted yet */
	size_t run_len;
	uint8_t run_page;
	struct page pages[LIMIT_RTF_PAGES]; /* the first is the file's */
	size_t page_count;
	uint8_t font_pages[FONTS];
	uint32_t font, default_font;
	struct buf out;
};

struct mime_rtf_text *mime_rtf_text_new(void)
{
	struct mime_rtf_text *text = mem_new(sizeof(*text));

	text->pages[0].number = 1252;
	text->page_count = 1;
	text->groups[0].fallbacks = 1;
	text->out = buf_new(MIME_RTF_TEXT_GROWTH_MAX * PIECE_BYTES + MIME_RTF_TEXT_KEPT_MAX);
	return text;
}

void mime_rtf_text_free(struct mime_rtf_text *text)
{
	if (text == NULL)
		return;
	for (size_t i = 0; i < text->page_count; i++)
		mime_charset_free(text->pages[i].charset);
	buf_done(&text->out);
	explicit_bzero(text, sizeof(*text));
	free(text);
}

enum mime_rtf_kind mime_rtf_text_kind(const struct mime_rtf_text *text)
{
	return text->kind;
}

static struct group *top(struct mime_rtf_text *t)
{
	return &t->groups[t->depth];
}

/* Which of the pages it is. Past the limit text is read in the file's own. */
static uint8_t page_of(struct mime_rtf_text *t, uint32_t number)
{
	for (size_t i = 0; i < t->page_count; i++)
		if (t->pages[i].number == number)
			return (uint8_t)i;
	if (t->page_count == LIMIT_RTF_PAGES)
		return 0;
	t->pages[t->page_count].number = number;
	return (uint8_t)t->page_count++;
}

static struct mime_charset *charset_of(struct page *page)
{
	char name[20];

	if (page->charset)
		return page->charset;
	if (page->number == 65001)
		(void)snprintf(name, sizeof(name), "UTF-8");
	else if (page->number == 10000)
		(void)snprintf(name, sizeof(name), "MACINTOSH");
	else
		(void)snprintf(name, sizeof(name), "CP%u", page->number);
	page->charset = mime_charset_new(str_of(name));
	return page->charset;
}

/* The code page of a font's \fcharset; 0: the file's. */
static uint32_t page_of_charset(int64_t charset)
{
	static const struct {
		int64_t charset;
		uint32_t page;
	} pages[] = {{77, 10000}, {128, 932}, {129, 949}, {130, 1361}, {134, 936}, {136, 950}, {161, 1253},
		{162, 1254}, {163, 1258}, {177, 1255}, {178, 1256}, {186, 1257}, {204, 1251}, {222, 874},
		{238, 1250}, {254, 437}, {255, 850}};

	for (size_t i = 0; i < COUNT_OF(pages); i++)
		if (pages[i].charset == charset)
			return pages[i].page;
	return 0;
}

static bool is_shown(struct mime_rtf_text *t)
{
	const struct group *group = top(t);

	return t->depth > 0 && t->beyond == 0 && !group->ignored && !group->is_rtf && !group->hidden;
}

static void convert_run(struct mime_rtf_text *t)
{
	if (t->run_len == 0)
		return;
	mime_charset_add(charset_of(&t->pages[t->run_page]), (struct str){t->run, t->run_len}, &t->out);
	t->run_len = 0;
}

/* The bytes so far are complete: something else follows them. */
static void end_run(struct mime_rtf_text *t)
{
	convert_run(t);
	if (t->pages[t->run_page].charset)
		mime_charset_end(t->pages[t->run_page].charset, &t->out);
}

static void put_text(struct mime_rtf_text *t, struct str utf8)
{
	if (!is_shown(t))
		return;
	t->has_text = true;
	end_run(t);
	buf_add(&t->out, utf8);
}

/* Whether what has come only stands for a character that was given before. */
static bool is_fallback(struct mime_rtf_text *t)
{
	if (t->skip == 0)
		return false;
	t->skip--;
	return true;
}

static void put_byte(struct mime_rtf_text *t, char byte)
{
	if (is_fallback(t) || !is_shown(t))
		return;
	t->has_text = true;
	t->high_surrogate = 0;
	if (t->run_page != top(t)->page)
		end_run(t);
	else if (t->run_len == sizeof(t->run))
		convert_run(t);
	t->run_page = top(t)->page;
	t->run[t->run_len++] = byte;
}

static void put_character(struct mime_rtf_text *t, uint32_t c)
{
	char utf8[4];
	size_t len = 0;

	if (c < 0x20 && c != '\t')
		return;
	if (c >= 0xd800 && c < 0xe000)
		c = 0xfffd;
	if (c < 0x80) {
		utf8[len++] = (char)c;
	} else if (c < 0x800) {
		utf8[len++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		utf8[len++] = (char)(0xe0 | c >> 12);
		utf8[len++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		utf8[len++] = (char)(0xf0 | c >> 18);
		utf8[len++] = (char)(0x80 | (c >> 12 & 0x3f));
		utf8[len++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		utf8[len++] = (char)(0x80 | (c & 0x3f));
	put_text(t, (struct str){utf8, len});
}

/* \u: half a character, or one. */
static void put_unicode(struct mime_rtf_text *t, int64_t number)
{
	uint32_t c = (uint32_t)number & 0xffff;
	uint32_t high = t->high_surrogate;

	t->skip = top(t)->fallbacks;
	t->high_surrogate = 0;
	if (c >= 0xd800 && c < 0xdc00)
		t->high_surrogate = c;
	else if (c >= 0xdc00 && c < 0xe000 && high)
		put_character(t, 0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00));
	else
		put_character(t, c);
}

static void select_font(struct mime_rtf_text *t, int64_t number)
{
	t->font = number >= 0 && number < FONTS ? (uint32_t)number : 0;
	top(t)->page = t->font_pages[t->font];
}

static void set_font_page(struct mime_rtf_text *t, uint32_t number)
{
	if (top(t)->in_fonts)
		t->font_pages[t->font] = number ? page_of(t, number) : 0;
}

/* What control words do. */
enum action {
	ACTION_NONE,
	ACTION_TEXT,	       /* stands for text */
	ACTION_LEAVE_OUT,      /* its group holds no text of the mail */
	ACTION_LEAVE_OUT_HTML, /* … of one that has HTML, which says the same */
	ACTION_FONTS,	       /* its group is the table of fonts */
	ACTION_BINARY,
	ACTION_CHARACTER,
	ACTION_FALLBACKS,
	ACTION_PAGE,
	ACTION_DEFAULT_FONT,
	ACTION_FONT,
	ACTION_FONT_CHARSET,
	ACTION_FONT_PAGE,
	ACTION_PLAIN,
	ACTION_HIDDEN,
	ACTION_FROM_HTML,
	ACTION_FROM_TEXT,
	ACTION_HTML_TAG,
	ACTION_HTML_RTF
};

struct word {
	const char *word;
	enum action action;
	const char *text;
};

/* In the order of strcmp. */
static const struct word words[] = {{"ansicpg", ACTION_PAGE, NULL}, {"bin", ACTION_BINARY, NULL},
	{"bullet", ACTION_TEXT, "\u2022"}, {"cell", ACTION_TEXT, "\t"}, {"colortbl", ACTION_LEAVE_OUT, NULL},
	{"cpg", ACTION_FONT_PAGE, NULL}, {"deff", ACTION_DEFAULT_FONT, NULL},
	{"emdash", ACTION_TEXT, "\u2014"}, {"emspace", ACTION_TEXT, " "}, {"endash", ACTION_TEXT, "\u2013"},
	{"enspace", ACTION_TEXT, " "}, {"f", ACTION_FONT, NULL}, {"fcharset", ACTION_FONT_CHARSET, NULL},
	{"filetbl", ACTION_LEAVE_OUT, NULL}, {"fldinst", ACTION_LEAVE_OUT, NULL},
	{"fonttbl", ACTION_FONTS, NULL}, {"footer", ACTION_LEAVE_OUT, NULL},
	{"footerf", ACTION_LEAVE_OUT, NULL}, {"footerl", ACTION_LEAVE_OUT, NULL},
	{"footerr", ACTION_LEAVE_OUT, NULL}, {"fromhtml", ACTION_FROM_HTML, NULL},
	{"fromtext", ACTION_FROM_TEXT, NULL}, {"header", ACTION_LEAVE_OUT, NULL},
	{"headerf", ACTION_LEAVE_OUT, NULL}, {"headerl", ACTION_LEAVE_OUT, NULL},
	{"headerr", ACTION_LEAVE_OUT, NULL}, {"htmlrtf", ACTION_HTML_RTF, NULL},
	{"htmltag", ACTION_HTML_TAG, NULL}, {"info", ACTION_LEAVE_OUT, NULL},
	{"ldblquote", ACTION_TEXT, "\u201c"}, {"line", ACTION_TEXT, "\r\n"},
	{"listtable", ACTION_LEAVE_OUT, NULL}, {"listtext", ACTION_LEAVE_OUT_HTML, NULL},
	{"lquote", ACTION_TEXT, "\u2018"}, {"nestcell", ACTION_TEXT, "\t"},
	{"nonshppict", ACTION_LEAVE_OUT, NULL}, {"object", ACTION_LEAVE_OUT, NULL},
	{"page", ACTION_TEXT, "\r\n"}, {"par", ACTION_TEXT, "\r\n"}, {"pict", ACTION_LEAVE_OUT, NULL},
	{"plain", ACTION_PLAIN, NULL}, {"pntext", ACTION_LEAVE_OUT_HTML, NULL},
	{"rdblquote", ACTION_TEXT, "\u201d"}, {"revtbl", ACTION_LEAVE_OUT, NULL},
	{"row", ACTION_TEXT, "\r\n"}, {"rquote", ACTION_TEXT, "\u2019"}, {"sect", ACTION_TEXT, "\r\n"},
	{"stylesheet", ACTION_LEAVE_OUT, NULL}, {"tab", ACTION_TEXT, "\t"}, {"u", ACTION_CHARACTER, NULL},
	{"uc", ACTION_FALLBACKS, NULL}, {"v", ACTION_HIDDEN, NULL}};

static int compare_words(const void *key, const void *word)
{
	return strcmp(key, ((const struct word *)word)->word);
}

/* Words that say what the RTF is, and how its bytes are read. */
static void take_coding(struct mime_rtf_text *t, enum action action)
{
	if (action == ACTION_PAGE && !t->pages[0].charset)
		t->pages[0].number = (uint32_t)t->number;
	else if (action == ACTION_FROM_HTML && !t->has_text && t->number == 1)
		t->kind = MIME_RTF_PACKED_HTML;
	else if (action == ACTION_FROM_TEXT && !t->has_text)
		t->kind = MIME_RTF_PACKED_TEXT;
	else if (action == ACTION_DEFAULT_FONT)
		t->default_font = t->number >= 0 && t->number < FONTS ? (uint32_t)t->number : 0;
	else if (action == ACTION_FONT)
		select_font(t, t->number);
	else if (action == ACTION_FONT_CHARSET)
		set_font_page(t, page_of_charset(t->number));
	else if (action == ACTION_FONT_PAGE)
		set_font_page(t, (uint32_t)t->number);
	else if (action == ACTION_FALLBACKS)
		top(t)->fallbacks = t->number >= 0 && t->number < FALLBACKS_MAX ? (int)t->number : 1;
}

/* Words that say what is text. */
static void take_format(struct mime_rtf_text *t, enum action action, bool is_on)
{
	bool has_html = t->kind == MIME_RTF_PACKED_HTML;
	struct group *group = top(t);

	if (action == ACTION_LEAVE_OUT || action == ACTION_FONTS ||
		(action == ACTION_LEAVE_OUT_HTML && has_html))
		group->ignored = true;
	if (action == ACTION_FONTS)
		group->in_fonts = true;
	if (action == ACTION_HTML_RTF && has_html)
		group->is_rtf = is_on;
	if (action == ACTION_HIDDEN && !has_html)
		group->hidden = is_on;
	if (action != ACTION_PLAIN)
		return;
	group->hidden = false;
	select_font(t, t->default_font);
}

/* The first word of a group that may be left out. */
static void take_star(struct mime_rtf_text *t, enum action action)
{
	bool is_html = t->kind == MIME_RTF_PACKED_HTML && action == ACTION_HTML_TAG;

	top(t)->star = false;
	top(t)->ignored = top(t)->ignored || !is_html;
}

static void end_word(struct mime_rtf_text *t, bool has_number)
{
	t->word[t->word_len] = '\0';
	const struct word *word = bsearch(t->word, words, COUNT_OF(words), sizeof(*words), compare_words);
	enum action action = word ? word->action : ACTION_NONE;

	if (t->is_negative)
		t->number = -t->number;
	t->binary = action == ACTION_BINARY && t->number > 0 ? (uint32_t)t->number : 0;
	t->state = t->binary ? STATE_BINARY : STATE_TEXT;
	if (action == ACTION_CHARACTER)
		put_unicode(t, t->number);
	if (action == ACTION_CHARACTER || is_fallback(t) || t->depth == 0 || t->beyond)
		return;
	if (top(t)->star)
		take_star(t, action);
	else if (action == ACTION_TEXT)
		put_text(t, str_of(word->text));
	take_coding(t, action);
	take_format(t, action, !has_number || t->number != 0);
}

static void begin_group(struct mime_rtf_text *t)
{
	t->skip = 0;
	if (t->beyond || t->depth + 1 == LIMIT_RTF_DEPTH) {
		t->beyond++;
		return;
	}
	t->depth++;
	*top(t) = t->groups[t->depth - 1];
	top(t)->star = false;
}

static void end_group(struct mime_rtf_text *t)
{
	t->skip = 0;
	if (t->beyond)
		t->beyond--;
	else if (t->depth > 0 && --t->depth == 0)
		t->ended = true;
}

static void take_symbol(struct mime_rtf_text *t, char c)
{
	t->state = STATE_TEXT;
	if (c == '\\' || c == '{' || c == '}')
		put_byte(t, c);
	else if (c == '*')
		top(t)->star = t->depth > 0 && t->beyond == 0;
	else if (is_fallback(t))
		return;
	else if (c == '~')
		put_text(t, STR("\u00a0"));
	else if (c == '_')
		put_text(t, STR("\u2011"));
	else if (c == '\r' || c == '\n')
		put_text(t, STR("\r\n"));
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void take_escape(struct mime_rtf_text *t, char c)
{
	t->word_len = 0;
	t->number = 0;
	t->is_negative = false;
	t->hex = t->hex_len = 0;
	if (is_letter(c)) {
		t->word[t->word_len++] = c;
		t->state = STATE_WORD;
	} else if (c == '\'') {
		t->state = STATE_HEX;
	} else {
		take_symbol(t, c);
	}
}

static void take_text(struct mime_rtf_text *t, char c)
{
	if (c == '{')
		begin_group(t);
	else if (c == '}')
		end_group(t);
	else if (c == '\\')
		t->state = STATE_ESCAPE;
	else if (c != '\r' && c != '\n' && c != '\0')
		put_byte(t, c);
}

/* Behind a word: a blank belongs to it, anything else is what follows. */
static void take_behind(struct mime_rtf_text *t, char c, bool has_number)
{
	end_word(t, has_number);
	if (c == ' ')
		return;
	if (t->state == STATE_BINARY)
		t->state = --t->binary ? STATE_BINARY : STATE_TEXT;
	else
		take_text(t, c);
}

static void take_word(struct mime_rtf_text *t, char c)
{
	if (is_letter(c) && t->word_len < WORD_BYTES)
		t->word[t->word_len++] = c;
	else if (c == '-' || (c >= '0' && c <= '9'))
		t->state = STATE_NUMBER;
	else if (!is_letter(c))
		take_behind(t, c, false);
	if (t->state != STATE_NUMBER)
		return;
	t->is_negative = c == '-';
	t->number = t->is_negative ? 0 : c - '0';
}

static void take_number(struct mime_rtf_text *t, char c)
{
	if (c < '0' || c > '9')
		take_behind(t, c, true);
	else if (t->number < NUMBER_MAX)
		t->number = t->number * 10 + (c - '0');
}

static void take_hex(struct mime_rtf_text *t, char c)
{
	int value = c >= '0' && c <= '9' ? c - '0' : is_letter(c) ? (c | 0x20) - 'a' + 10 : 16;

	t->state = STATE_TEXT;
	if (value > 15) {
		take_text(t, c);
		return;
	}
	t->hex = t->hex << 4 | value;
	if (++t->hex_len < 2)
		t->state = STATE_HEX;
	else
		put_byte(t, (char)t->hex);
}

static void take(struct mime_rtf_text *t, char c)
{
	switch (t->state) {
	case STATE_TEXT:
		take_text(t, c);
		break;
	case STATE_ESCAPE:
		take_escape(t, c);
		break;
	case STATE_WORD:
		take_word(t, c);
		break;
	case STATE_NUMBER:
		take_number(t, c);
		break;
	case STATE_HEX:
		take_hex(t, c);
		break;
	case STATE_BINARY:
		if (--t->binary == 0)
			t->state = STATE_TEXT;
		break;
	}
}

static size_t hand_over(struct mime_rtf_text *t, struct buf *out)
{
	size_t len = t->out.len;

	if (out)
		buf_add(out, buf_str(&t->out));
	buf_clear(&t->out);
	return len;
}

size_t mime_rtf_text_add(struct mime_rtf_text *text, struct str piece, struct buf *out)
{
	size_t total = 0;

	for (size_t i = 0; i < piece.len && !text->ended; i++) {
		take(text, piece.ptr[i]);
		if ((i + 1) % PIECE_BYTES == 0)
			total += hand_over(text, out);
	}
	return total + hand_over(text, out);
}

size_t mime_rtf_text_end(struct mime_rtf_text *text, struct buf *out)
{
	end_run(text);
	return hand_over(text, out);
}
