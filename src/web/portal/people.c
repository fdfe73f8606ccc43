#include "web/portal/people.h"

#define PEOPLE_ON_PAGE ((size_t)25)
#define PEOPLE_IN_LINE ((size_t)5)
#define PEOPLE_IN_LINE_OF_ALL ((size_t)200)
#define LINES_MAX 9999

struct people_page people_page_of(const struct request *request, const char *name, size_t count)
{
	size_t pages = count ? (count + PEOPLE_ON_PAGE - 1) / PEOPLE_ON_PAGE : 1;
	size_t number = (size_t)request_query_number(request, name, UINT32_MAX, 1);

	if (number < 1 || number > pages)
		number = number < 1 ? 1 : pages;
	size_t to = number * PEOPLE_ON_PAGE;
	return (struct people_page){number, to - PEOPLE_ON_PAGE, to < count ? to : count, count};
}

void people_page_set(
	const struct request *request, json_t *view, const struct people_page *page, struct str path)
{
	if (page->count <= PEOPLE_ON_PAGE)
		return;
	json_t *pages = view_add_object(view, "pages");
	view_set_number(pages, "number", (int64_t)page->number);
	view_set_number(pages, "from", (int64_t)page->from + 1);
	view_set_number(pages, "to", (int64_t)page->to);
	view_set_number(pages, "count", (int64_t)page->count);
	if (page->number > 1)
		view_set(pages, "before_url",
			arena_printf(request->arena, "%.*s?people=%zu#recipients", STR_ARG(path),
				page->number - 1));
	if (page->to < page->count)
		view_set(pages, "after_url",
			arena_printf(request->arena, "%.*s?people=%zu#recipients", STR_ARG(path),
				page->number + 1));
}

static void set_more(json_t *line, size_t count, struct str url)
{
	json_t *more = view_add_object(line, "more");

	view_set_number(more, "count", (int64_t)count);
	view_set(more, "url", url);
}

void people_set_folded(const struct visit *visit, json_t *view, const char *name,
	const struct open_person *people, size_t count)
{
	size_t shown = count > PEOPLE_IN_LINE + 1 ? PEOPLE_IN_LINE : count;

	page_set_people(visit, view, name, people, shown);
	if (shown == count)
		return;
	json_t *to = json_object_get(view, name);
	size_t rest = count - shown;
	size_t named = rest > PEOPLE_IN_LINE_OF_ALL + 1 ? PEOPLE_IN_LINE_OF_ALL : rest;
	page_set_people(visit, to, "rest", people + shown, named);
	view_set_number(json_object_get(to, "rest"), "count", (int64_t)rest);
	if (named < rest)
		set_more(json_object_get(to, "rest"), rest - named, STR_NONE);
}

void people_set_line(const struct request *request, json_t *view, const char *name,
	const struct open_person *people, size_t count, struct str path)
{
	size_t number = path.len ? (size_t)request_query_number(request, "all", LINES_MAX, 0) : 1;
	size_t from = number > 1 ? (number - 1) * PEOPLE_IN_LINE_OF_ALL : 0;
	size_t most = number ? PEOPLE_IN_LINE_OF_ALL : PEOPLE_IN_LINE;

	if (from >= count)
		from = 0;
	/* One alone is not worth a link. */
	size_t to = count - from > most + 1 ? from + most : count;
	page_set_people(visit_of(request), view, name, people + from, to - from);
	if (to == count)
		return;
	set_more(json_object_get(view, name), count - to,
		path.len ? arena_printf(request->arena, "%.*s?all=%zu", STR_ARG(path), number + 1)
			 : STR_NONE);
}
