#include "web/portal/people.h"

#define PEOPLE_ON_PAGE ((size_t)25)
#define PEOPLE_IN_LINE ((size_t)5)

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

void people_set_folded(const struct visit *visit, json_t *view, const char *name,
	const struct open_person *people, size_t count)
{
	size_t shown = count > PEOPLE_IN_LINE + 1 ? PEOPLE_IN_LINE : count;

	page_set_people(visit, view, name, people, shown);
	if (shown == count)
		return;
	json_t *to = json_object_get(view, name);
	page_set_people(visit, to, "rest", people + shown, count - shown);
	view_set_number(json_object_get(to, "rest"), "count", (int64_t)(count - shown));
}

void people_set_line(const struct request *request, json_t *view, const char *name,
	const struct open_person *people, size_t count, struct str path)
{
	/* One alone is not worth a link. */
	bool is_cut = count > PEOPLE_IN_LINE + 1 && request_query(request, "all").len == 0;

	page_set_people(visit_of(request), view, name, people, is_cut ? PEOPLE_IN_LINE : count);
	if (!is_cut)
		return;
	json_t *more = view_add_object(json_object_get(view, name), "more");
	view_set_number(more, "count", (int64_t)(count - PEOPLE_IN_LINE));
	view_set(more, "url", arena_printf(request->arena, "%.*s?all=1", STR_ARG(path)));
}
