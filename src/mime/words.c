#include "mime/words.h"

#include <assert.h>
#include <endian.h>
#include <glib.h>
#include <string.h>

#define WORD_BYTES_MAX 256
#define PIECE_BYTES 2048
#define FOLDED_END_BYTES sizeof(uint64_t) /* zeros behind a piece that is folded */

static bool is_word_character(gunichar c)
{
	return c < (gunichar)-2 && (g_unichar_isalnum(c) || g_unichar_ismark(c));
}

/* How many bytes of a word begin the text. */
static size_t word_len(struct str text)
{
	size_t len = 0;

	while (len < text.len && len < WORD_BYTES_MAX) {
		gunichar c = g_utf8_get_char_validated(text.ptr + len, (gssize)(text.len - len));
		if (!is_word_character(c))
			break;
		len += (size_t)g_unichar_to_utf8(c, NULL);
	}
	return len;
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

static bool has_room(const struct mime_words *words)
{
	return !words->out->overflow && words->count < WORDS_SLOTS / 2;
}

/* Whether the word of the list that begins at `at` is this one; a blank or the end stands behind it. */
static bool is_word_at(const struct buf *out, size_t at, const char *word, size_t len)
{
	return len <= out->len - at && memcmp(out->data + at, word, len) == 0 &&
	       (at + len == out->len || out->data[at + len] == ' ');
}

/* One in the form that is compared. It is left out whole where it does not fit. */
static void add_word(struct mime_words *words, const char *word, size_t len)
{
	struct buf *out = words->out;
	uint32_t slot = hash(word, len) & (WORDS_SLOTS - 1);
	size_t before = out->len;

	for (; words->slots[slot] > words->begin; slot = (slot + 1) & (WORDS_SLOTS - 1))
		if (is_word_at(out, words->slots[slot], word, len))
			return;
	buf_add_char(out, ' ');
	buf_add_bytes(out, word, len);
	if (out->overflow) {
		out->len = before;
		return;
	}
	words->slots[slot] = (uint16_t)(before + 1);
	words->count++;
}

/* Adds the word at the start of the text, which is not of ASCII alone; returns the bytes that are done. */
static size_t add_beyond_ascii(struct mime_words *words, struct str text)
{
	size_t len = word_len(text), folded_len = 0;
	char *apart = g_utf8_normalize(text.ptr, (gssize)len, G_NORMALIZE_ALL);
	char *folded = apart ? g_utf8_casefold(apart, -1) : NULL;

	for (const char *p = folded, *next; p && *p; p = next) {
		next = g_utf8_next_char(p);
		if (g_unichar_ismark(g_utf8_get_char(p)))
			continue;
		memmove(folded + folded_len, p, (size_t)(next - p));
		folded_len += (size_t)(next - p);
	}
	if (folded_len)
		add_word(words, folded, folded_len);
	g_free(folded);
	g_free(apart);
	return len ? len : 1;
}

/* ASCII letters in lower case, and 0 for each byte that parts words and behind the last.
 * Without branches, so that the compiler takes many bytes at once: every byte of every mail passes here.
 */
static void fold_ascii(struct str piece, char *folded)
{
	for (size_t i = 0; i < piece.len; i++) {
		uint8_t c = (uint8_t)piece.ptr[i];
		uint8_t lower = (uint8_t)(c | ((uint8_t)(c - 'A') <= 'Z' - 'A') << 5);
		int is_kept = ((uint8_t)(lower - 'a') <= 'z' - 'a') | ((uint8_t)(c - '0') <= '9' - '0') |
			      (c >= 0x80);
		folded[i] = is_kept ? (char)lower : 0;
	}
	memset(folded + piece.len, 0, FOLDED_END_BYTES);
}

/* How many letters and digits of ASCII stand at the start of what was folded, eight taken at once. */
static size_t ascii_len(const char *folded)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t eight, ends;
	size_t len = 0;

	for (;; len += sizeof(eight)) {
		memcpy(&eight, folded + len, sizeof(eight));
		eight = le64toh(eight);
		ends = ((eight - ones) | eight) & tops; /* 0, or beyond ASCII; the first of them is right */
		if (ends)
			return len + (size_t)__builtin_ctzll(ends) / 8;
	}
}

/* Adds the words of a piece, which is the beginning of the text; returns how many bytes of the text are done.
 */
static size_t add_piece(struct mime_words *words, struct str text, const char *folded, size_t piece_len)
{
	size_t at = 0;

	while (at < piece_len && has_room(words)) {
		size_t len = ascii_len(folded + at);
		if (len >= WORD_BYTES_MAX)
			len = WORD_BYTES_MAX;
		else if (at && at + len == piece_len && piece_len < text.len)
			return at; /* the word may go on */
		else if (folded[at + len]) {
			at += add_beyond_ascii(words, str_from(text, at));
			continue;
		}
		if (len)
			add_word(words, folded + at, len);
		at += len ? len : 1;
	}
	return at;
}

void mime_words_begin(struct mime_words *words)
{
	words->begin = (uint16_t)words->out->len;
	words->count = 0;
}

void mime_words_add(struct mime_words *words, struct str text)
{
	char folded[PIECE_BYTES + FOLDED_END_BYTES];

	assert(words->out->limit <= UINT16_MAX);
	while (text.len && has_room(words)) {
		struct str piece = str_sub(text, 0, PIECE_BYTES);
		fold_ascii(piece, folded);
		text = str_from(text, add_piece(words, text, folded, piece.len));
	}
}
