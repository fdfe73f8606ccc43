#include "policy/tag.h"

#define WORD STR("secure")

/* The length of the tag at the start of text, 0 when there is none; *ret_name gets what it names. */
static size_t tag_length(struct str text, struct str *ret_name)
{
	static const char pairs[][2] = {{'[', ']'}, {'(', ')'}, {'{', '}'}};
	char close = 0;

	for (size_t i = 0; i < 3 && text.len; i++)
		if (text.ptr[0] == pairs[i][0])
			close = pairs[i][1];
	if (close == 0 || !str_starts_nocase(str_from(text, 1), WORD))
		return 0;
	struct str rest = str_from(text, 1 + WORD.len);
	ptrdiff_t end = str_find_char(rest, close);
	if (end < 0)
		return 0;
	struct str between = str_sub(rest, 0, (size_t)end);
	if (between.len && between.ptr[0] != ':')
		return 0;
	*ret_name = str_trim(str_from(between, 1));
	return 1 + WORD.len + (size_t)end + 1;
}

struct subject_tag subject_tag_find(struct str subject, struct arena *arena)
{
	struct subject_tag tag = {0};
	char *text = arena_alloc(arena, subject.len + 1);
	size_t len = 0;

	while (subject.len > 0) {
		struct str name = STR_NONE;
		size_t tag_len = tag_length(subject, &name);
		if (tag_len > 0) {
			tag.found = true;
			if (tag.definition.len == 0)
				tag.definition = name;
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
	tag.subject = str_trim((struct str){text, len});
	return tag;
}
