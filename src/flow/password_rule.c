/* A password is cut into what a guesser tries as one thing (a frequent word, a name of the owner's, a date, a
 * run over the alphabet or the keyboard) and single characters. Each thing counts as one unit however long it
 * is, a second and third word as more, since two words are not tried first; what comes again counts nothing.
 * Too few units, and the password is one of those that are tried first. So "Summer2027!" is a word, a year
 * and one character: three units. */
#include "flow/password_rule.h"

#include "base/limits.h"
#include "base/list.h"
#include "base/mem.h"

#include <string.h>

#define UNITS_MIN 5
#define UNITS_OF_FURTHER_WORD 4
#define PART_MIN 3 /* shorter pieces of names, and shorter runs, are characters like others */

static const char frequent_words[] =
#include "flow/frequent_words.inc"
	;

/* Neighbours on keyboards and elsewhere, walked in both directions. */
static const char *const walks[] = {"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop",
	"azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "1qaz", "1qay", "2wsx", "3edc", "4rfv", "5tgb",
	"6yhn", "6zhn", "7ujm", "!@#$%^&*()", "!\"§$%&/()="};

struct measure {
	struct list personal; /* of struct str, in lower case */
	struct list seen;     /* of struct str: what counted already */
	unsigned int units, words;
	bool has_personal;
};

/* Whether a character of a password is this letter, written as itself or as a digit or sign. */
static bool stands_for(char c, char letter)
{
	static const char disguises[] = "0o1i1l!i3e4a@a5s$s7t+t8b9g";

	if (c == letter)
		return true;
	for (size_t i = 0; disguises[i]; i += 2)
		if (disguises[i] == c && disguises[i + 1] == letter)
			return true;
	return false;
}

static size_t word_len(struct str text, struct str word)
{
	if (word.len > text.len)
		return 0;
	for (size_t i = 0; i < word.len; i++)
		if (!stands_for(text.ptr[i], word.ptr[i]))
			return 0;
	return word.len;
}

static size_t frequent_len(struct str text)
{
	struct str rest = {frequent_words, sizeof(frequent_words) - 1};
	size_t longest = 0;

	while (rest.ptr) {
		size_t len = word_len(text, str_cut(&rest, ' '));
		longest = len > longest ? len : longest;
	}
	return longest;
}

static size_t personal_len(const struct measure *m, struct str text)
{
	const struct str *parts = m->personal.items;
	size_t longest = 0;

	for (size_t i = 0; i < m->personal.count; i++) {
		size_t len = word_len(text, parts[i]);
		longest = len > longest ? len : longest;
	}
	return longest;
}

/* How far the text follows the walk from its first character on, in steps of 1 or -1. */
static size_t walk_len(struct str text, const char *walk, int step)
{
	const char *at = text.ptr[0] ? strchr(walk, text.ptr[0]) : NULL;
	const char *end = step > 0 ? walk + strlen(walk) - 1 : walk;
	size_t len = 1;

	if (at == NULL)
		return 0;
	while (at != end && len < text.len && text.ptr[len] == at[step]) {
		at += step;
		len++;
	}
	return len;
}

static size_t run_len(struct str text)
{
	size_t longest = 1;

	while (longest < text.len && text.ptr[longest] == text.ptr[0])
		longest++;
	for (size_t i = 0; i < COUNT_OF(walks); i++)
		for (int step = -1; step <= 1; step += 2) {
			size_t len = walk_len(text, walks[i], step);
			longest = len > longest ? len : longest;
		}
	return longest >= PART_MIN ? longest : 0;
}

/* The number that a field of a date is: `digits` digits within low..high. */
static bool date_field(struct str text, size_t at, size_t digits, uint64_t low, uint64_t high)
{
	struct str field = str_sub(text, at, digits);
	uint64_t number;

	return field.len == digits && str_to_uint(field, high, &number) && number >= low;
}

/* A year, or a date in one of the orders that people write, with or without something between its fields. */
static size_t date_len(struct str text)
{
	static const struct {
		size_t first, second, third, len; /* offsets of day, month, year */
	} forms[] = {{0, 2, 4, 8}, {0, 3, 6, 10}, {2, 0, 4, 8}, {3, 0, 6, 10}, {6, 4, 0, 8}, {8, 5, 0, 10}};

	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (date_field(text, forms[i].first, 2, 1, 31) &&
			date_field(text, forms[i].second, 2, 1, 12) &&
			date_field(text, forms[i].third, 4, 1900, 2099))
			return forms[i].len;
	return date_field(text, 0, 4, 1900, 2099) ? 4 : 0;
}

static bool is_new(struct list *seen, struct str thing)
{
	const struct str *things = seen->items;

	for (size_t i = 0; i < seen->count; i++)
		if (str_equal(things[i], thing))
			return false;
	*(struct str *)list_add(seen) = thing;
	return true;
}

static size_t character_len(struct str text)
{
	size_t len = 1;

	while (len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
		len++;
	return len;
}

/* Takes the longest thing at the begin of the text; how many bytes it is. */
static size_t take_one(struct measure *m, struct str text)
{
	size_t personal = personal_len(m, text), word = frequent_len(text), run = run_len(text),
	       date = date_len(text);
	size_t longest = run > date ? run : date;

	longest = word > longest ? word : longest;
	if (personal && personal >= longest) {
		m->has_personal = true;
		m->units += is_new(&m->seen, str_sub(text, 0, personal));
		return personal;
	}
	if (!longest)
		longest = character_len(text);
	if (!is_new(&m->seen, str_sub(text, 0, longest)))
		return longest;
	m->units += word && word == longest && m->words++ ? UNITS_OF_FURTHER_WORD : 1;
	return longest;
}

/* The owner's text as a whole and its pieces between signs. */
static void add_personal(struct measure *m, struct str text, struct arena *arena)
{
	struct str rest = arena_lower(arena, text);
	size_t begin = 0;

	if (rest.len >= PART_MIN)
		*(struct str *)list_add(&m->personal) = rest;
	for (size_t i = 0; i <= rest.len; i++) {
		char c = i < rest.len ? rest.ptr[i] : ' ';
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80)
			continue;
		if (i - begin >= PART_MIN)
			*(struct str *)list_add(&m->personal) = str_sub(rest, begin, i - begin);
		begin = i + 1;
	}
}

static size_t count_characters(struct str text)
{
	size_t count = 0;

	for (; text.len; text = str_from(text, character_len(text)))
		count++;
	return count;
}

static enum result check_guessable(struct str password, const struct password_owner *owner, struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	struct measure m = {.personal = list_new(&arena, sizeof(struct str)),
		.seen = list_new(&arena, sizeof(struct str))};
	struct str rest = arena_lower(&arena, password);

	add_personal(&m, owner->address, &arena);
	add_personal(&m, owner->name, &arena);
	add_personal(&m, owner->account_name, &arena);
	add_personal(&m, owner->account_display_name, &arena);
	while (rest.len)
		rest = str_from(rest, take_one(&m, rest));
	if (m.units >= UNITS_MIN)
		return RESULT_OK;
	if (m.has_personal)
		return err_code(err, RESULT_INVALID, "password-personal",
			"names and addresses are easy to guess: choose a password that has little of them");
	return err_code(err, RESULT_INVALID, "password-common",
		"this password would be tried first: choose one that nobody else uses");
}

enum result password_check(struct str password, const struct password_owner *owner, struct err *err)
{
	if (password.len > LIMIT_PASSWORD_BYTES_MAX || !str_is_utf8(password))
		return err_code(err, RESULT_INVALID, "password-long", "a password has at most %d bytes",
			LIMIT_PASSWORD_BYTES_MAX);
	if (count_characters(password) < LIMIT_PASSWORD_CHARACTERS_MIN)
		return err_code(err, RESULT_INVALID, "password-short",
			"a password has at least %d characters", LIMIT_PASSWORD_CHARACTERS_MIN);
	return check_guessable(password, owner, err);
}
