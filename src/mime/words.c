#include "mime/words.h"

#include <glib.h>
#include <string.h>

#define WORD_BYTES_MAX 256

/* What ASCII words are made of. A table: every byte of every mail passes here. */
static const bool is_ascii_word[0x80] = {['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true};

/* How many bytes of a word begin the text; *ret_is_ascii: all of it is. */
static size_t word_len(struct str text, bool *ret_is_ascii)
{
	size_t len = 0;

	*ret_is_ascii = true;
	while (len < text.len && len < WORD_BYTES_MAX) {
		unsigned char c = (unsigned char)text.ptr[len];
		if (c < 0x80) {
			if (!is_ascii_word[c])
				break;
			len++;
			continue;
		}
		gunichar character = g_utf8_get_char_validated(text.ptr + len, (gssize)(text.len - len));
		if (character >= (gunichar)-2 ||
			!(g_unichar_isalnum(character) || g_unichar_ismark(character)))
			break;
		*ret_is_ascii = false;
		len += (size_t)g_unichar_to_utf8(character, NULL);
	}
	return len;
}

static void add_ascii(struct buf *out, struct str word)
{
	size_t begin = out->len;

	buf_add(out, word);
	for (size_t i = begin; i < out->len; i++)
		if (out->data[i] >= 'A' && out->data[i] <= 'Z')
			out->data[i] |= 0x20;
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
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)word[i]) * 16777619u;
	return h;
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
		size_t len = word_len(text, &is_ascii);
		if (len)
			add_word(words, str_sub(text, 0, len), is_ascii);
		text = str_from(text, len ? len : 1);
	}
}
