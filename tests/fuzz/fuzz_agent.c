/* What a browser says of itself: the User-Agent on the first line, then an Accept-Language. */
#include "text/language.h"
#include "web/agent.h"

#include <assert.h>

#define INPUT_BYTES ((size_t)1 << 12)
#define WORDS_BYTES_MAX 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct languages *languages_make(void)
{
	const struct language_source sources[] = {
		{STR("en"), STR("{\"language.tag\":\"en\",\"language.name\":\"English\",\"language."
				"direction\":\"ltr\"}")},
		{STR("de"), STR("{\"language.tag\":\"de\",\"language.name\":\"Deutsch\",\"language."
				"direction\":\"ltr\"}")}};
	struct languages *languages;
	struct err err;

	if (languages_new(sources, 2, &languages, &err) != RESULT_OK)
		abort();
	return languages;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct languages *languages;
	cleanup(arena_done) struct arena arena = {0};

	if (size > INPUT_BYTES)
		return 0;
	if (!languages)
		languages = languages_make();
	struct str accept = {(const char *)data, size}, agent = str_cut(&accept, '\n');
	struct str words = agent_words(agent, &arena);
	assert(words.len <= WORDS_BYTES_MAX && str_ascii_prefix(words) == words.len);
	const struct language *picked = language_pick(languages, accept, STR_NONE);
	assert(picked != NULL);
	assert(!language_is_pseudo(picked) || str_find_nocase(accept, STR(LANGUAGE_PSEUDO)) >= 0);
	assert(language_pick(languages, accept, STR("DE")) == language_find(languages, STR("de")));
	return 0;
}
