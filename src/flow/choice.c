#include "flow/choice.h"

#include "base/limits.h"
#include "mime/header.h"
#include "policy/tag.h"

#define NAME_BYTES_MAX 200
#define NAME_BYTES_TOLD 60
#define NAMES_BYTES_TOLD 300

/* A name of NULL: the first of the sender's list is asked for. */
struct wish {
	const struct choice_facts *facts;
	struct arena *arena;
	struct str *known;
	bool asked;
	const struct definition *named;
};

/* As much of it as a refusal tells, with its last character whole. */
static struct str start_of(struct str text, size_t limit)
{
	struct str start = str_sub(text, 0, limit);

	return str_sub(start, 0, str_utf8_prefix(start));
}

static enum result unknown(const struct wish *w, struct str name, struct err *err)
{
	struct str names = STR_NONE;

	for (size_t i = 0; i < w->facts->count; i++)
		names = arena_printf(w->arena, "%.*s%s%.*s", STR_ARG(names), i ? ", " : "",
			STR_ARG(start_of(w->known[i], NAME_BYTES_TOLD)));
	return err_code(err, RESULT_INVALID, "unknown-definition",
		"there is no definition \"%.*s\" for this sender; there are: %.*s",
		STR_ARG(start_of(name, NAME_BYTES_TOLD)), STR_ARG(start_of(names, NAMES_BYTES_TOLD)));
}

static enum result add(struct wish *w, struct str name, struct err *err)
{
	const struct definition *found = NULL;

	w->asked = true;
	if (name.ptr == NULL)
		return RESULT_OK;
	for (size_t i = 0; i < w->facts->count; i++)
		if (str_equal_nocase(w->known[i], name))
			found = &w->facts->definitions[i];
	if (found == NULL)
		return unknown(w, name, err);
	if (w->named && w->named != found)
		return err_code(err, RESULT_INVALID, "ambiguous-definition",
			"the mail asks for two definitions, \"%.*s\" and \"%.*s\"",
			STR_ARG(start_of(w->named->name, NAME_BYTES_TOLD)),
			STR_ARG(start_of(found->name, NAME_BYTES_TOLD)));
	w->named = found;
	return RESULT_OK;
}

static enum result add_header(struct wish *w, struct str value, struct err *err)
{
	struct str name = mime_header_text(value, NAME_BYTES_MAX, w->arena);

	return add(w, name.len ? subject_tag_name(name, w->arena) : STR(""), err);
}

/* The whole value is searched, however much of it is shown later. */
static enum result add_subject(struct wish *w, struct str value, struct str *ret_subject, struct err *err)
{
	struct str subject = mime_header_text(value, LIMIT_MIME_HEADER_BYTES, w->arena);
	struct subject_tags tags = subject_tags_find(subject, w->known, w->facts->count, w->arena);

	if (ret_subject->ptr == NULL)
		*ret_subject = mime_clean_text(tags.subject, LIMIT_SUBJECT_BYTES, w->arena);
	for (size_t i = 0; i < tags.count; i++)
		TRY(add(w, tags.names[i], err));
	if (tags.more)
		return err_code(err, RESULT_INVALID, "ambiguous-definition",
			"the subject has more than %d tags", SUBJECT_TAGS_MAX);
	return RESULT_OK;
}

enum result choice_find(const struct choice_facts *facts, struct arena *arena, const struct definition **ret,
	struct str *ret_subject, struct err *err)
{
	struct wish w = {.facts = facts, .arena = arena};
	struct str rest = facts->header, subject = STR_NONE;
	struct mime_field field;

	w.known = arena_array(arena, struct str, facts->count);
	for (size_t i = 0; i < facts->count; i++)
		w.known[i] = subject_tag_name(facts->definitions[i].name, arena);
	while (mime_field_next(&rest, &field))
		if (str_equal_nocase(field.name, DEFINITION_HEADER))
			TRY(add_header(&w, field.value, err));
		else if (str_equal_nocase(field.name, STR("Subject")))
			TRY(add_subject(&w, field.value, &subject, err));
	*ret = w.named;
	if (w.named == NULL && !w.asked && facts->answers)
		*ret = facts->answered;
	if (*ret == NULL && (w.asked || facts->answers) && facts->count)
		*ret = &facts->definitions[0];
	*ret_subject = subject;
	return RESULT_OK;
}
