/* A message may have more people than a page should show. */
#ifndef WEB_PORTAL_PEOPLE_H
#define WEB_PORTAL_PEOPLE_H

#include "web/portal/page.h"

#define PEOPLE_QUERY                                                                                         \
	{                                                                                                    \
		PARAMETER_QUERY, "people", 9, 0, "which page of many recipients, from 1"                     \
	}
#define PEOPLE_LINE_QUERY                                                                                    \
	{                                                                                                    \
		PARAMETER_QUERY, "all", 4, 0, "of many addresses these, from 1; not only the first"          \
	}

/* Those of `count` recipients, from..to - 1, that the query's `name` asks for; the last ones past the end. */
struct people_page {
	size_t number, from, to, count;
};

struct people_page people_page_of(const struct request *request, const char *name, size_t count);

/* Where the others are, for the partial "people_pages": view.pages, when they are on several pages of
 * `path`. */
void people_page_set(
	const struct request *request, json_t *view, const struct people_page *page, struct str path);

/* As page_set_people; of many the first ones, or as many as a page bears of those that are asked for, with
 * where at `path` the others are. Without a path: as many as a page bears, and how many others there are. */
void people_set_line(const struct request *request, json_t *view, const char *name,
	const struct open_person *people, size_t count, struct str path);

/* As page_set_people; of many the first ones, and the others, as many as a page bears, in its "rest" {people,
 * count, more}: for pages that must not be left. */
void people_set_folded(const struct visit *visit, json_t *view, const char *name,
	const struct open_person *people, size_t count);

#endif
