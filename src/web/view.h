/* View models: JSON that templates are filled from, made so that whatever came from outside cannot break it.
 *
 *	cleanup(json_decrefp) json_t *view = json_object();
 *	view_set(view, "subject", subject);
 *	return view_render(site, "message", view, &common, request, response);
 */
#ifndef WEB_VIEW_H
#define WEB_VIEW_H

#include "text/template.h"
#include "web/assets.h"
#include "web/request.h"
#include "web/response.h"

#include <jansson.h>

/* What all pages share; only read once the server runs. */
struct view_site {
	const struct template_set *templates;
	const struct assets *assets; /* may be NULL */
};

/* What every template finds beside its own fields:
 *	language, direction    "de", "ltr"
 *	csrf                   the token for the page's forms
 *	account, person        as given here
 *	path                   of this page with its query, for links that come back
 *	assets                 URLs by file name with '_' for '.' and '-': {{assets.sealpost_css}} */
struct view_common {
	const struct language *language;
	struct str csrf; /* empty: no forms */
	json_t *account; /* borrowed; NULL: none */
	json_t *person;	 /* borrowed; NULL: nobody is signed in */
	struct str path; /* a page to come back to; empty: this one */
};

/* A JSON string; bytes that are not UTF-8, and NUL, become U+FFFD. Never NULL. */
json_t *view_string(struct str value) __attribute__((returns_nonnull));

/* Sets a field of an object. An empty string is false in a template. */
void view_set(json_t *object, const char *name, struct str value);
void view_set_number(json_t *object, const char *name, int64_t value);
void view_set_flag(json_t *object, const char *name, bool value);

/* A new object or list as a field, owned by `object`. */
json_t *view_add_object(json_t *object, const char *name) __attribute__((returns_nonnull));
json_t *view_add_list(json_t *object, const char *name) __attribute__((returns_nonnull));
/* A new object at the end of a list, owned by it. */
json_t *view_append(json_t *list) __attribute__((returns_nonnull));

/* Adds the common fields to the view and renders the template as the answer's page. INTERNAL: no such
 * template, or past its limits. */
enum result view_render(const struct view_site *site, const char *template, json_t *view,
	const struct view_common *common, struct request *request, struct response *response) must_check;

#endif
