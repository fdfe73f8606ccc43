#include "policy/tag.h"

#define WORD STR("secure")

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_known(struct str name, const struct str *known, size_t known_count)
{
	for (size_t i = 0; i < known_count; i++)
		if (str_equal_nocase(known[i], name))
			return true;
	return false;
}

/* What stands between the brackets: whether that makes it a tag, and what it names. */
static bool read_tag(struct str between, const struct str *known, size_t known_count, struct str *ret_name)
{
	struct str text = str_trim(between);

	if (!str_starts_nocase(text, WORD))
		return false;
	struct str rest = str_from(text, WORD.len), name = str_trim(rest);
	*ret_name = STR_NONE;
	if (name.len == 0)
		return true;
	if (name.ptr[0] == ':') {
		name = str_trim(str_from(name, 1));
		*ret_name = name.len ? name : STR("");
		return true;
	}
	*ret_name = name;
	return is_blank(rest.ptr[0]) && is_known(name, known, known_count);
}

/* The length of the tag at the start of text, 0 when there is none. */
static size_t tag_length(struct str text, const struct str *known, size_t known_count, struct str *ret_name)
{
	static const char pairs[][2] = {{'[', ']'}, {'(', ')'}, {'{', '}'}};

	for (size_t i = 0; i < 3 && text.len; i++) {
		if (text.ptr[0] != pairs[i][0])
			continue;
		ptrdiff_t end = str_find_char(text, pairs[i][1]);
		if (end < 0 || !read_tag(str_sub(text, 1, (size_t)end - 1), known, known_count, ret_name))
			return 0;
		return (size_t)end + 1;
	}
	return 0;
}

struct subject_tags subject_tags_find(
	struct str subject, const struct str *known, size_t known_count, struct arena *arena)
{
	struct subject_tags tags = {0};
	char *text = arena_alloc(arena, subject.len + 1);
	size_t len = 0;

	while (subject.len > 0) {
		struct str name = STR_NONE;
		size_t tag_len = tag_length(subject, known, known_count, &name);
		if (tag_len > 0) {
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
