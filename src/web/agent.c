#include "web/agent.h"

#include "base/mem.h"

#include <string.h>

#define AGENT_BYTES 500

/* The first sign that is found counts: browsers name those they want to be taken for as well. */
struct sign {
	const char *sign;
	const char *name;
};

static const struct sign browsers[] = {{"Edg", "Edge"}, {"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"}, {"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"},
	{"Safari/", "Safari"}};

static const struct sign systems[] = {{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"},
	{"Windows", "Windows"}, {"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	{"OpenBSD", "OpenBSD"}, {"FreeBSD", "FreeBSD"}};

static const char *find(const struct sign *signs, size_t count, struct str text)
{
	for (size_t i = 0; i < count; i++)
		if (memmem(text.ptr, text.len, signs[i].sign, strlen(signs[i].sign)))
			return signs[i].name;
	return "";
}

struct str agent_words(struct str user_agent, struct arena *arena)
{
	struct str text = str_sub(user_agent, 0, AGENT_BYTES);

	if (!text.len)
		return STR_NONE;
	const char *browser = find(browsers, COUNT_OF(browsers), text);
	const char *system = find(systems, COUNT_OF(systems), text);
	return arena_printf(arena, "%s%s%s", browser, *browser && *system ? ", " : "", system);
}
