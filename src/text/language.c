#include "text/language_private.h"

#include "base/limits.h"
#include "base/list.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A text; `forms` other than PLURAL_OTHER are empty for texts without forms. All NUL-terminated. */
struct entry {
	const char *key;
	struct str by; /* the placeholder whose number chooses the form */
	struct str forms[PLURAL_COUNT];
};

struct language {
	struct str tag, name;
	bool is_rtl, is_pseudo;
	const struct language *english; /* itself for English */
	struct entry *entries;		/* by key */
	size_t count;
};

struct languages {
	struct arena arena;
	struct language *all; /* English, the others, the pseudo language */
	size_t count;
};

/* Isolates what is filled in from the direction of the text around it (Unicode TR9: FSI, PDI). */
static const struct str isolate = {"\u2068", 3}, isolate_end = {"\u2069", 3};

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static const struct entry *find_own(const struct language *language, const char *key)
{
	struct entry wanted = {.key = key};

	return language->count
		       ? bsearch(&wanted, language->entries, language->count, sizeof(wanted), compare_entries)
		       : NULL;
}

static const struct entry *find(const struct language *language, const char *key)
{
	const struct entry *entry = find_own(language, key);

	return entry || language == language->english ? entry : find_own(language->english, key);
}

/* Cuts off the text before the next placeholder and the placeholder's name, which is empty when there is no
 * more. False: it is not closed. */
static bool cut_placeholder(struct str *rest, struct str *ret_before, struct str *ret_name)
{
	ptrdiff_t open = str_find_char(*rest, '{');

	*ret_name = STR_NONE;
	if (open < 0) {
		*ret_before = *rest;
		*rest = STR_NONE;
		return true;
	}
	*ret_before = str_sub(*rest, 0, (size_t)open);
	*rest = str_from(*rest, (size_t)open + 1);
	ptrdiff_t close = str_find_char(*rest, '}');
	if (close <= 0)
		return false;
	*ret_name = str_sub(*rest, 0, (size_t)close);
	*rest = str_from(*rest, (size_t)close + 1);
	return true;
}

static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'))
			return false;
	}
	return name.len > 0;
}

static bool has_placeholder(const struct entry *entry, struct str name)
{
	if (str_equal(entry->by, name))
		return true;
	for (size_t i = 0; i < PLURAL_COUNT; i++) {
		struct str rest = entry->forms[i], before, found;
		while (rest.len) {
			if (!cut_placeholder(&rest, &before, &found))
				break;
			if (found.len && str_equal(found, name))
				return true;
		}
	}
	return false;
}

/* Placeholders must be closed and be those of the English text. */
static enum result check_form(
	const struct language *language, const struct entry *entry, struct str text, struct err *err)
{
	const struct entry *english = find_own(language->english, entry->key);
	struct str rest = text, before, name;

	while (rest.len) {
		if (!cut_placeholder(&rest, &before, &name) || (name.len && !is_name(name)))
			return err_set(err, RESULT_INVALID, "%s: %s: a placeholder is a name in { and }",
				language->tag.ptr, entry->key);
		if (name.len && english && !has_placeholder(english, name))
			return err_set(err, RESULT_INVALID, "%s: %s: English has no placeholder {%.*s}",
				language->tag.ptr, entry->key, STR_ARG(name));
	}
	return RESULT_OK;
}

static struct str json_text(struct arena *arena, const json_t *value)
{
	return arena_str(arena, (struct str){json_string_value(value), json_string_length(value)});
}

static enum result read_forms(struct arena *arena, const struct language *language, json_t *value,
	struct entry *entry, struct err *err)
{
	const char *name;
	json_t *form;

	json_object_foreach(value, name, form)
	{
		size_t i = 0;
		if (!json_is_string(form))
			return err_set(err, RESULT_INVALID, "%s: %s: \"%.40s\" is no text", language->tag.ptr,
				entry->key, name);
		if (strcmp(name, "by") == 0) {
			entry->by = json_text(arena, form);
			continue;
		}
		while (i < PLURAL_COUNT && strcmp(name, plural_names[i]) != 0)
			i++;
		if (i == PLURAL_COUNT)
			return err_set(err, RESULT_INVALID, "%s: %s: \"%.40s\" is no plural form",
				language->tag.ptr, entry->key, name);
		entry->forms[i] = json_text(arena, form);
	}
	if (!entry->forms[PLURAL_OTHER].len)
		return err_set(err, RESULT_INVALID, "%s: %s: the form \"other\" is missing",
			language->tag.ptr, entry->key);
	return RESULT_OK;
}

static enum result read_entry(struct arena *arena, const struct language *language, const char *key,
	json_t *value, struct entry *ret, struct err *err)
{
	*ret = (struct entry){.key = arena_cstr(arena, str_of(key)), .by = STR("count")};
	if (json_is_string(value))
		ret->forms[PLURAL_OTHER] = json_text(arena, value);
	else if (json_is_object(value))
		TRY(read_forms(arena, language, value, ret, err));
	else
		return err_set(err, RESULT_INVALID, "%s: %s: neither a text nor forms of one",
			language->tag.ptr, ret->key);
	return RESULT_OK;
}

static enum result check_entries(const struct language *language, struct err *err)
{
	for (size_t i = 0; i < language->count; i++)
		for (size_t form = 0; form < PLURAL_COUNT; form++)
			TRY(check_form(
				language, &language->entries[i], language->entries[i].forms[form], err));
	return RESULT_OK;
}

static enum result fill_language(
	struct arena *arena, json_t *root, struct language *language, struct err *err)
{
	const char *key;
	json_t *value;
	size_t count = json_object_size(root);

	language->entries = arena_array(arena, struct entry, count ? count : 1);
	json_object_foreach(root, key, value)
	{
		TRY(read_entry(arena, language, key, value, &language->entries[language->count], err));
		language->count++;
	}
	qsort(language->entries, language->count, sizeof(struct entry), compare_entries);
	if (!str_equal(language_text(language, "language.tag"), language->tag))
		return err_set(err, RESULT_INVALID, "%s: language.tag: is not \"%s\"", language->tag.ptr,
			language->tag.ptr);
	language->name = language_text(language, "language.name");
	language->is_rtl = str_equal(language_text(language, "language.direction"), STR("rtl"));
	return check_entries(language, err);
}

static enum result read_language(struct arena *arena, const struct language_source *source,
	const struct language *english, struct language *ret, struct err *err)
{
	json_error_t error;

	ret->tag = arena_str(arena, source->tag);
	ret->english = english;
	if (source->json.len > LIMIT_LANGUAGE_BYTES)
		return err_set(
			err, RESULT_TOO_LARGE, "%s: more than %d bytes", ret->tag.ptr, LIMIT_LANGUAGE_BYTES);
	json_t *root = json_loadb(
		source->json.ptr ? source->json.ptr : "", source->json.len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(root)) {
		json_decref(root);
		return err_set(err, RESULT_INVALID, "%s: line %d: %s", ret->tag.ptr, root ? 1 : error.line,
			root ? "not one object" : error.text);
	}
	enum result result = fill_language(arena, root, ret, err);
	json_decref(root);
	return result;
}

/* Letters of English with marks on them, so that one sees at once which text came from a language file. */
static void add_accented(struct buf *out, struct str text)
{
	static const char *const accented[26] = {"á", "ƀ", "ç", "đ", "é", "ƒ", "ğ", "ĥ", "í", "ĵ", "ķ", "ĺ",
		"ɱ", "ñ", "ó", "þ", "ɋ", "ŕ", "š", "ŧ", "ú", "ṽ", "ŵ", "ẋ", "ý", "ž"};

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c >= 'a' && c <= 'z')
			buf_add(out, str_of(accented[c - 'a']));
		else
			buf_add_char(out, c);
	}
}

/* Right-to-left marks at both ends put the sentence into a right-to-left paragraph. */
static struct str pseudo_text(struct arena *arena, struct str text)
{
	cleanup(buf_done) struct buf out = buf_new(LIMIT_LANGUAGE_BYTES);
	struct str rest = text, before, name;

	if (!text.len)
		return text;
	buf_add(&out, STR("\u200f["));
	while (rest.len && cut_placeholder(&rest, &before, &name)) {
		add_accented(&out, before);
		if (name.len)
			buf_printf(&out, "{%.*s}", STR_ARG(name));
	}
	buf_add(&out, STR("]\u200f"));
	return arena_str(arena, buf_str(&out));
}

/* Patterns and names of dates and numbers are put together from pieces and stay as they are. */
static bool is_pattern(const char *key)
{
	return str_starts(str_of(key), STR("date.")) || str_starts(str_of(key), STR("number."));
}

static void make_pseudo(struct arena *arena, const struct language *english, struct language *ret)
{
	*ret = (struct language){.tag = STR(LANGUAGE_PSEUDO),
		.name = STR("Pseudo"),
		.is_rtl = true,
		.is_pseudo = true,
		.english = english,
		.entries = arena_array(arena, struct entry, english->count),
		.count = english->count};
	for (size_t i = 0; i < english->count; i++) {
		struct entry *entry = &ret->entries[i];
		*entry = english->entries[i];
		if (strcmp(entry->key, "language.tag") == 0)
			entry->forms[PLURAL_OTHER] = ret->tag;
		else if (strcmp(entry->key, "language.name") == 0)
			entry->forms[PLURAL_OTHER] = ret->name;
		else if (strcmp(entry->key, "language.direction") == 0)
			entry->forms[PLURAL_OTHER] = STR("rtl");
		else if (!is_pattern(entry->key))
			for (size_t form = 0; form < PLURAL_COUNT; form++)
				entry->forms[form] = pseudo_text(arena, entry->forms[form]);
	}
}

static ptrdiff_t find_english(const struct language_source *sources, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(sources[i].tag, STR("en")))
			return (ptrdiff_t)i;
	return -1;
}

static enum result fill_languages(
	struct languages *languages, const struct language_source *sources, size_t count, struct err *err)
{
	ptrdiff_t english = find_english(sources, count);

	if (english < 0)
		return err_set(err, RESULT_INVALID, "there is no English, en.json");
	languages->all = arena_array(&languages->arena, struct language, count + 1);
	struct language *first = &languages->all[0];
	TRY(read_language(&languages->arena, &sources[english], first, first, err));
	languages->count = 1;
	for (size_t i = 0; i < count; i++) {
		if ((ptrdiff_t)i == english)
			continue;
		TRY(read_language(
			&languages->arena, &sources[i], first, &languages->all[languages->count], err));
		languages->count++;
	}
	make_pseudo(&languages->arena, first, &languages->all[languages->count++]);
	return RESULT_OK;
}

enum result languages_new(
	const struct language_source *sources, size_t count, struct languages **ret, struct err *err)
{
	if (count > LIMIT_LANGUAGES)
		return err_set(err, RESULT_TOO_LARGE, "more than %d languages", LIMIT_LANGUAGES);
	cleanup(languages_free_at) struct languages *languages = mem_new(sizeof(*languages));
	TRY(fill_languages(languages, sources, count, err));
	*ret = TAKE(languages);
	return RESULT_OK;
}

void languages_free(struct languages *languages)
{
	if (!languages)
		return;
	arena_done(&languages->arena);
	free(languages);
}

const struct language *languages_at(const struct languages *languages, size_t index)
{
	return index < languages->count ? &languages->all[index] : NULL;
}

const struct language *language_find(const struct languages *languages, struct str tag)
{
	for (size_t i = 0; i < languages->count; i++)
		if (str_equal_nocase(languages->all[i].tag, tag))
			return &languages->all[i];
	return NULL;
}

/* The language of a tag or of a shorter form of it. */
static const struct language *find_range(const struct languages *languages, struct str range)
{
	while (range.len) {
		const struct language *found = language_find(languages, range);
		if (found && (!found->is_pseudo || str_equal_nocase(range, STR(LANGUAGE_PSEUDO))))
			return found;
		while (range.len && range.ptr[range.len - 1] != '-')
			range.len--;
		range.len -= range.len > 0;
	}
	return NULL;
}

/* The weight of one range of Accept-Language in thousandths; what cannot be read counts as not wanted. */
static unsigned quality(struct str parameters)
{
	uint64_t whole, digits = 0;
	struct str value = str_trim(parameters);

	if (!value.len)
		return 1000;
	if (!str_starts_nocase(value, STR("q=")))
		return 0;
	struct str fraction = str_from(value, 2), integer = str_cut(&fraction, '.');
	if (!str_to_uint(integer, 1, &whole))
		return 0;
	if (fraction.len && (fraction.len > 3 || !str_to_uint(fraction, 999, &digits)))
		return 0;
	for (size_t i = fraction.len; i < 3; i++)
		digits *= 10;
	return whole ? 1000 : (unsigned)digits;
}

const struct language *language_pick(
	const struct languages *languages, struct str accept_language, struct str preferred)
{
	const struct language *best = find_range(languages, preferred);
	unsigned best_quality = 0;
	struct str rest = accept_language;

	if (best)
		return best;
	while (rest.ptr) {
		struct str parameters = str_cut(&rest, ',');
		struct str range = str_trim(str_cut(&parameters, ';'));
		unsigned found_quality = quality(parameters);
		const struct language *found =
			found_quality > best_quality ? find_range(languages, range) : NULL;
		if (found) {
			best = found;
			best_quality = found_quality;
		}
	}
	return best ? best : &languages->all[0];
}

struct str language_tag(const struct language *language)
{
	return language->tag;
}

struct str language_name(const struct language *language)
{
	return language->name;
}

bool language_is_rtl(const struct language *language)
{
	return language->is_rtl;
}

bool language_is_pseudo(const struct language *language)
{
	return language->is_pseudo;
}

struct str language_text(const struct language *language, const char *key)
{
	const struct entry *entry = find(language, key);

	return entry ? entry->forms[PLURAL_OTHER] : str_of(key);
}

bool language_has(const struct language *language, const char *key)
{
	return find_own(language, key) != NULL;
}

static struct str choose_form(
	const struct language *language, const struct entry *entry, const struct language_filler *filler)
{
	int64_t number;
	enum plural form = PLURAL_OTHER;

	/* The text may be English's for want of an own one. */
	if (find_own(language, entry->key) != entry)
		language = language->english;
	if (filler->number(filler->context, entry->by, &number))
		form = language_plural(language->tag, number);
	return entry->forms[form].len ? entry->forms[form] : entry->forms[PLURAL_OTHER];
}

/* Whether what it appends ends with a full stop. */
static bool add_filled(const struct language_filler *filler, struct str name, struct buf *out)
{
	size_t before = out->len;

	filler->value(filler->context, name, out);
	return out->len > before && out->data[out->len - 1] == '.';
}

void language_fill(const struct language *language, const char *key, const struct language_filler *filler,
	struct buf *out)
{
	const struct entry *entry = find(language, key);

	if (!entry) {
		filler->piece(out, str_of(key));
		return;
	}
	struct str rest = choose_form(language, entry, filler), before, name;
	bool has_stop = false;
	while (rest.len && cut_placeholder(&rest, &before, &name)) {
		/* One full stop ends both "Acme Inc." and the sentence. */
		filler->piece(
			out, has_stop && before.len && before.ptr[0] == '.' ? str_from(before, 1) : before);
		if (!name.len)
			continue;
		if (language->is_rtl)
			buf_add(out, isolate);
		has_stop = add_filled(filler, name, out);
		if (language->is_rtl)
			buf_add(out, isolate_end);
	}
}

static const struct language_value *find_value(const struct language_value *values, struct str name)
{
	for (; values->name; values++)
		if (str_equal(str_of(values->name), name))
			return values;
	return NULL;
}

static void given_value(void *context, struct str name, struct buf *out)
{
	const struct language_value *value = find_value(context, name);

	if (value && value->text.ptr)
		buf_add(out, value->text);
	else if (value)
		buf_printf(out, "%lld", (long long)value->number);
}

static bool given_number(void *context, struct str name, int64_t *ret)
{
	const struct language_value *value = find_value(context, name);

	if (!value || value->text.ptr)
		return false;
	*ret = value->number;
	return true;
}

struct str language_format_values(struct arena *arena, const struct language *language, const char *key,
	const struct language_value *values)
{
	cleanup(buf_done) struct buf out = buf_new(LIMIT_LANGUAGE_BYTES);
	struct language_filler filler = {.value = given_value,
		.number = given_number,
		.piece = buf_add,
		.context = (void *)(uintptr_t)values};

	language_fill(language, key, &filler, &out);
	return arena_str(arena, buf_str(&out));
}
