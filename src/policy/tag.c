#include "policy/tag.h"

#include "base/mem.h"

#define WORD STR("secure")
/* As much of what stands between brackets is read; no definition has a name as long. */
#define TAG_BYTES 256

/* The length of the blank that a text begins with: also those that do not break, and the wide one. */
static size_t blank_length(struct str text)
{
	static const char *const blanks[] = {" ", "\t", "\xc2\xa0", "\xe2\x80\xaf", "\xe3\x80\x80"};

	for (size_t i = 0; i < COUNT_OF(blanks); i++)
		if (text.len && text.ptr[0] == blanks[i][0] && str_starts(text, str_of(blanks[i])))
			return str_of(blanks[i]).len;
	return 0;
}

static struct str tidy(struct str text, char to[static TAG_BYTES])
{
	size_t len = 0;

	for (text = str_sub(text, 0, TAG_BYTES); text.len > 0;) {
		size_t blank = blank_length(text);
		if (!blank)
			to[len++] = text.ptr[0];
		else if (len && to[len - 1] != ' ')
			to[len++] = ' ';
		text = str_from(text, blank ? blank : 1);
	}
	return str_trim((struct str){to, len});
}

struct str subject_tag_name(struct str name, struct arena *arena)
{
	char room[TAG_BYTES];

	return arena_str(arena, tidy(name, room));
}

static bool is_known(struct str name, const struct str *known, size_t known_count)
{
	for (size_t i = 0; i < known_count; i++)
		if (str_equal_nocase(known[i], name))
			return true;
	return false;
}

static size_t colon_length(struct str text)
{
	return str_starts(text, STR(":")) ? 1 : str_starts(text, STR("\xef\xbc\x9a")) ? 3 : 0;
}

static bool begins_tag(struct str text)
{
	for (size_t blank; (blank = blank_length(text)) > 0;)
		text = str_from(text, blank);
	return str_starts_nocase(text, WORD);
}

/* What stands between the brackets: whether that makes it a tag, and what it names. */
static bool read_tag(struct str between, const struct str *known, size_t known_count, struct arena *arena,
	struct str *ret_name)
{
	char room[TAG_BYTES];
	struct str text = tidy(between, room), rest = str_from(text, WORD.len), name = str_trim(rest);
	size_t colon = colon_length(name);

	if (!str_starts_nocase(text, WORD))
		return false;
	*ret_name = STR_NONE;
	if (name.len == 0)
		return true;
	if (!colon && (rest.len == name.len || !is_known(name, known, known_count)))
		return false;
	name = str_trim(str_from(name, colon));
	*ret_name = name.len ? arena_str(arena, name) : STR("");
	return true;
}

static const char *const pairs[][2] = {{"[", "]"}, {"(", ")"}, {"{", "}"}, {"\xef\xbc\xbb", "\xef\xbc\xbd"},
	{"\xef\xbc\x88", "\xef\xbc\x89"}, {"\xef\xbd\x9b", "\xef\xbd\x9d"}};

/* Where each closing bracket stands next, so that a subject of nothing but opening ones is searched once:
 * NULL: not looked for yet; the subject's end: nowhere. */
struct closes {
	const char *at[COUNT_OF(pairs)];
};

/* How much of text, which moves forward only, stands before the pair's next closing bracket; text.len: all.
 */
static size_t length_to_close(struct closes *closes, size_t pair, struct str text)
{
	if (closes->at[pair] == NULL || closes->at[pair] < text.ptr) {
		ptrdiff_t at = str_find(text, str_of(pairs[pair][1]));
		closes->at[pair] = text.ptr + (at < 0 ? text.len : (size_t)at);
	}
	return (size_t)(closes->at[pair] - text.ptr);
}

/* The length of the tag at the start of text, 0 when there is none. */
static size_t tag_length(struct str text, struct closes *closes, const struct str *known, size_t known_count,
	struct arena *arena, struct str *ret_name)
{
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		struct str open = str_of(pairs[i][0]), close = str_of(pairs[i][1]);
		struct str inner = str_from(text, open.len);
		if (!str_starts(text, open))
			continue;
		if (!begins_tag(inner))
			return 0;
		size_t end = length_to_close(closes, i, inner);
		if (end == inner.len ||
			!read_tag(str_sub(inner, 0, end), known, known_count, arena, ret_name))
			return 0;
		return open.len + end + close.len;
	}
	return 0;
}

struct subject_tags subject_tags_find(
	struct str subject, const struct str *known, size_t known_count, struct arena *arena)
{
	struct subject_tags tags = {0};
	struct closes closes = {0};
	char *text = arena_alloc(arena, subject.len + 1);
	size_t len = 0;

	while (subject.len > 0) {
		struct str name = STR_NONE;
		size_t tag_len = tag_length(subject, &closes, known, known_count, arena, &name);
		if (tag_len > 0) {
			tags.more = tags.more || tags.count == SUBJECT_TAGS_MAX;
			if (tags.count < SUBJECT_TAGS_MAX)
				tags.names[tags.count++] = name;
			subject = str_from(subject, tag_len);
			/* "Offer [secure] now": one blank stays. */
			if (len == 0 || text[len - 1] == ' ')
				while (subject.len > 0 && subject.ptr[0] == ' ')
					subject = str_from(subject, 1);
			continue;
		}
		text[len++] = subject.ptr[0];
		subject = str_from(subject, 1);
	}
	tags.subject = str_trim((struct str){text, len});
	return tags;
}
