/* Languages: every text that people read, by key. A language is one file, web/languages/<tag>.json: one
 *object, key to text. English is complete; what another language lacks is taken from English.
 *
 *	"language.tag": "de", "language.name": "Deutsch", "language.direction": "ltr",
 *	"inbox.title": "Posteingang",
 *	"message.from": "Von {name}",
 *	"inbox.unread": {"one": "{count} ungelesene Nachricht", "other": "{count} ungelesene Nachrichten"}
 *
 * A text with forms is chosen by the number of its placeholder {count}, or the one that "by" names, with the
 * language's plural rule (CLDR: zero, one, two, few, many, other; "other" must be there). Texts are plain
 * text, never HTML. A text that starts a placeholder with "{" always closes it; there is no escape.
 *
 * The tag "en-XB" is made from English at load: accented, in brackets, right to left. It shows texts that are
 * not translatable and layouts that do not mirror. It is never picked unless asked for by its exact tag.
 *
 * Read once, then only read by any number of threads. */
#ifndef TEXT_LANGUAGE_H
#define TEXT_LANGUAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/result.h"

#define LANGUAGE_PSEUDO "en-XB"

struct languages;
struct language;

struct language_source {
	struct str tag;
	struct str json;
};

/* English must be among them. INVALID with "tag: key: what": not JSON, not a text, a tag that is not the
 * file's, an unclosed or foreign placeholder. */
enum result languages_new(const struct language_source *sources, size_t count, struct languages **ret,
	struct err *err) must_check;

/* Reads every *.json of the folder (text/load.c). NOT_FOUND: no such folder; UNAVAILABLE; INVALID. */
enum result languages_load(const char *folder, struct languages **ret, struct err *err) must_check;

void languages_free(struct languages *languages);
DEFINE_CLEANUP(struct languages *, languages_free)

/* All of them, English first, the pseudo language last; NULL past the end. */
const struct language *languages_at(const struct languages *languages, size_t index);

/* By exact tag, any case; NULL when there is none. */
const struct language *language_find(const struct languages *languages, struct str tag);

/* The person's own choice if we have it, else the best of an Accept-Language field (RFC 9110 12.5.4; "de-AT"
 * is content with "de"), else English. Both may be empty. Never NULL. */
const struct language *language_pick(
	const struct languages *languages, struct str accept_language, struct str preferred);

/* NUL-terminated; live as long as the languages. */
struct str language_tag(const struct language *language);
struct str language_name(const struct language *language); /* in itself: "Deutsch" */
bool language_is_rtl(const struct language *language);
bool language_is_pseudo(const struct language *language);

/* The text as it stands, of a text with forms the form "other"; English when missing, the key when English
 * lacks it too. */
struct str language_text(const struct language *language, const char *key);

/* Whether the language itself has it, without falling back. */
bool language_has(const struct language *language, const char *key);

/* A value for a placeholder: text, or a number when text.ptr is NULL. */
struct language_value {
	const char *name;
	struct str text;
	int64_t number;
};

/* The text with its placeholders filled, NUL-terminated, not escaped:
 *	language_format(arena, language, "inbox.unread", {"count", .number = 3})
 * A placeholder without a value stays empty. */
#define language_format(arena, language, key, ...)                                                           \
	language_format_values(arena, language, key, (const struct language_value[]){__VA_ARGS__, {NULL}})
struct str language_format_values(struct arena *arena, const struct language *language, const char *key,
	const struct language_value *values);

/* What language_format stands on, for callers with values of their own kind. */
struct language_filler {
	/* Appends the value of a placeholder, escaped as the caller wants it. */
	void (*value)(void *context, struct str name, struct buf *out);
	/* The number that chooses a form; false when there is none. */
	bool (*number)(void *context, struct str name, int64_t *ret);
	/* Appends a piece of the text itself. */
	void (*piece)(struct buf *out, struct str text);
	void *context;
};

void language_fill(const struct language *language, const char *key, const struct language_filler *filler,
	struct buf *out);

#endif
