#include "mime/words.h"

#include <glib.h>
#include <string.h>

#define WORD_BYTES_MAX 256

enum byte_class { BETWEEN, BEYOND_ASCII, IN_WORD };

/* A table: every byte of every mail passes here. */
static const uint8_t class_of[256] = {
	['0' ... '9'] = IN_WORD,
	['A' ... 'Z'] = IN_WORD,
	['a' ... 'z'] = IN_WORD,
	[0x80 ... 0xff] = BEYOND_ASCII,
};

static bool is_word_character(gunichar c)
{
	return c < (gunichar)-2 && (g_unichar_isalnum(c) || g_unichar_ismark(c));
}

static size_t ascii_len(const char *text, size_t most)
{
	size_t len = 0;

	while (len < most && class_of[(uint8_t)text[len]] == IN_WORD)
		len++;
	return len;
}

/* How many bytes of a word begin the text; *ret_is_ascii: all of it is. */
static size_t word_len(struct str text, bool *ret_is_ascii)
{
	size_t most = text.len < WORD_BYTES_MAX ? text.len : WORD_BYTES_MAX;
	size_t ascii = ascii_len(text.ptr, most), len = ascii;

	while (len < most && class_of[(uint8_t)text.ptr[len]] != BETWEEN) {
		gunichar c = g_utf8_get_char_validated(text.ptr + len, (gssize)(text.len - len));
		if (!is_word_character(c))
			break;
		len += (size_t)g_unichar_to_utf8(c, NULL);
	}
	*ret_is_ascii = len == ascii;
	return len;
}

static void add_ascii(struct buf *out, struct str word)
{
	size_t begin = out->len;

	buf_add(out, word);
	char *data = out->data + begin;
	for (size_t i = 0, len = out->len - begin; i < len; i++)
		data[i] |= (char)((data[i] >= 'A' && data[i] <= 'Z') << 5);
}

static void add_folded(struct buf *out, const char *text, size_t len)
{
	char *apart = g_utf8_normalize(text, (gssize)len, G_NORMALIZE_ALL);
	char *folded = apart ? g_utf8_casefold(apart, -1) : NULL;

	for (const char *p = folded; p && *p; p = g_utf8_next_char(p))
		if (!g_unichar_ismark(g_utf8_get_char(p)))
			buf_add_bytes(out, p, (size_t)(g_utf8_next_char(p) - p));
	g_free(folded);
	g_free(apart);
}

static uint32_t hash(const char *word, size_t len)
{
	uint64_t h = len, piece = 0;

	for (; len >= sizeof(piece); len -= sizeof(piece), word += sizeof(piece)) {
		memcpy(&piece, word, sizeof(piece));
		h = (h ^ piece) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	piece = 0;
	memcpy(&piece, word, len);
	h = (h ^ piece) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 32);
}

/* Whether the word that was just appended, behind a blank at `begin`, was there before. */
static bool is_known(struct mime_words *words, size_t begin)
{
	const char *word = words->out->data + begin;
	size_t len = words->out->len - begin;
	uint32_t slot = hash(word, len) & (WORDS_SLOTS - 1);

	for (; words->slots[slot]; slot = (slot + 1) & (WORDS_SLOTS - 1)) {
		const char *other = words->out->data + words->slots[slot] - 1;
		if (memcmp(other, word, len) == 0 && other[len] == ' ')
			return true;
	}
	words->slots[slot] = (uint32_t)begin + 1;
	words->count++;
	return false;
}

static void add_word(struct mime_words *words, struct str word, bool is_ascii)
{
	struct buf *out = words->out;
	size_t before = out->len;

	buf_add_char(out, ' ');
	size_t begin = out->len;
	if (is_ascii)
		add_ascii(out, word);
	else
		add_folded(out, word.ptr, word.len);
	/* One that does not fit whole, or is known, is taken away again; what stands behind a word of the
	 * list is a blank or the end. */
	if (out->overflow || out->len == begin || is_known(words, begin))
		out->len = before;
}

void mime_words_add(struct mime_words *words, struct str text)
{
	bool is_ascii;

	while (text.len && !words->out->overflow && words->count < WORDS_SLOTS / 2) {
		size_t len = word_len(text, &is_ascii), behind = len ? len : 1;
		if (len)
			add_word(words, str_sub(text, 0, len), is_ascii);
		while (behind < text.len && class_of[(uint8_t)text.ptr[behind]] == BETWEEN)
			behind++;
		text = str_from(text, behind);
	}
}
