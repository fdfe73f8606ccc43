/* Templates, texts and views: a template, a partial, a view in JSON and a text of a language, each ended by a
 * NUL, rendered as a page and as a text mail. */
#include "text/template.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void render(
	const struct template_set *set, const char *name, const json_t *view, const struct language *language)
{
	cleanup(buf_done) struct buf out = buf_new(1 << 16);
	struct err err;

	(void)!template_render(set, name, view, language, &out, &err);
}

static struct languages *languages_with(struct str text)
{
	struct languages *languages = NULL;
	json_t *root = json_pack("{s:s, s:s, s:s}", "language.tag", "en", "language.name", "English",
		"language.direction", "rtl");

	json_t *value = json_stringn(text.ptr ? text.ptr : "", text.len);
	if (value)
		json_object_set_new(root, "text", value);
	char *dump = json_dumps(root, 0);
	json_decref(root);
	struct language_source source = {STR("en"), str_of(dump)};
	(void)!languages_new(&source, 1, &languages, NULL);
	free(dump);
	return languages;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {(const char *)data, size};
	struct str page = str_cut(&rest, '\0'), part = str_cut(&rest, '\0'), json = str_cut(&rest, '\0');
	struct template_source sources[] = {
		{STR("page"), page}, {STR("part"), part}, {STR("mail.txt"), page}};
	cleanup(template_set_free_at) struct template_set *set = NULL;
	struct err err;

	if (template_set_new(sources, COUNT_OF(sources), TEMPLATE_MISSING_SHOWS_NOTHING, &set, &err) !=
		RESULT_OK)
		return 0;
	cleanup(languages_free_at) struct languages *languages = languages_with(str_cut(&rest, '\0'));
	json_t *view = json_loadb(json.ptr ? json.ptr : "", json.len, JSON_DECODE_ANY, NULL);
	render(set, "page", view, NULL);
	render(set, "mail.txt", view, languages ? languages_at(languages, 0) : NULL);
	json_decref(view);
	return 0;
}
