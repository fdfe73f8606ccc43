/* Templates in Mustache (https://mustache.github.io/mustache.5.html) for pages and mails alike: comments,
 * delimiters, interpolation, sections, inverted sections, partials, and the optional dynamic names and
 * inheritance. No lambdas. A set is parsed once and then only read, so any number of threads may render.
 *
 *	{{name}}      escaped for HTML, except in templates whose name ends in ".txt"
 *	{{{name}}}    raw; grep for it before you add one
 *	{{t.a.b}}     the text "a.b" of the language given to template_render. Its {placeholders} are looked
 *up like names of the template at this place; text and values are always escaped
 *	{{#name}}     not shown for false, null, missing, an empty list, an empty string and zero
 *	{{<layout}}   inherits; {{$main}}…{{/main}} inside fills the block of that name
 *
 * Whether output is escaped is decided by the template asked for, not by the partials it includes. */
#ifndef TEXT_TEMPLATE_H
#define TEXT_TEMPLATE_H

#include "base/buf.h"
#include "base/mem.h"
#include "base/result.h"
#include "text/language.h"

#include <jansson.h>

struct template_set;

/* One file: its name is its path without the suffix ".mustache", "error/not_found" or "code.txt". */
struct template_source {
	struct str name;
	struct str text; /* UTF-8 */
};

enum template_missing {
	TEMPLATE_MISSING_REFUSED,      /* a partial that does not exist is an error of the set */
	TEMPLATE_MISSING_SHOWS_NOTHING /* … is empty, as the specification has it */
};

/* Parses all of them; texts are copied. INVALID: an unclosed tag or section, a missing partial, a name given
 * twice, text that is not UTF-8, with "file:line: what" in err. TOO_LARGE: past a LIMIT_TEMPLATE_*. */
enum result template_set_new(const struct template_source *sources, size_t count,
	enum template_missing missing, struct template_set **ret, struct err *err) must_check;

/* Reads every *.mustache under the folder and below (text/load.c); done once at start. NOT_FOUND: no such
 * folder; UNAVAILABLE: not readable; otherwise as template_set_new. */
enum result template_set_load(const char *folder, struct template_set **ret, struct err *err) must_check;

void template_set_free(struct template_set *set);
DEFINE_CLEANUP(struct template_set *, template_set_free)

/* Whether there is a template of that name. */
bool template_exists(const struct template_set *set, const char *name);

/* The names in order; NULL past the end. */
const char *template_set_at(const struct template_set *set, size_t index);

/* Appends the template filled from the view, which is only read. `language` may be NULL when the template has
 * no texts: then "t" is a name like any other. NOT_FOUND: no such template. TOO_LARGE: past the limit of
 * `out`, or LIMIT_TEMPLATE_DEPTH or LIMIT_TEMPLATE_STEPS; `out` then holds a part. */
enum result template_render(const struct template_set *set, const char *name, const json_t *view,
	const struct language *language, struct buf *out, struct err *err) must_check;

/* Appends text escaped for HTML content and quoted attributes. */
void template_escape(struct buf *out, struct str text);

#endif
