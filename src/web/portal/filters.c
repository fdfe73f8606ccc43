#include "web/portal/filters.h"

#include "flow/search.h"

#include <string.h>

static const struct {
	const char *name;
	enum copy_sort sort;
	bool is_reversed;
} orders[] = {
	{"newest", COPY_BY_TIME, false},
	{"oldest", COPY_BY_TIME, true},
	{"who", COPY_BY_WHO, false},
	{"who-back", COPY_BY_WHO, true},
	{"ends", COPY_BY_END, false},
	{"ends-back", COPY_BY_END, true},
};

/* The order that the URL need not say: what ends soon comes in the order in which it ends. */
static size_t usual_order(const struct filters *filters)
{
	return filters->soon ? 4 : 0;
}

static void set_order(struct filters *filters, size_t which)
{
	filters->sort = orders[which].name;
	filters->choice.sort = orders[which].sort;
	filters->choice.is_reversed = orders[which].is_reversed;
}

static bool is_usual(const struct filters *filters)
{
	return !filters->sort[0] || strcmp(filters->sort, orders[usual_order(filters)].name) == 0;
}

static void set_soon(struct filters *filters, bool is_soon)
{
	bool was_usual = is_usual(filters);

	filters->soon = is_soon;
	if (was_usual)
		set_order(filters, usual_order(filters));
}

struct filters filters_read(const struct request *request, const char *folder)
{
	struct filters filters = {.folder = folder};
	struct str show = request_query(request, "show");

	while (show.len) {
		struct str word = str_cut(&show, ',');
		/* What one wrote oneself is never unread. */
		filters.choice.unread |= str_equal(word, STR("unread")) && strcmp(folder, "sent") != 0;
		filters.choice.files |= str_equal(word, STR("files"));
		filters.soon |= str_equal(word, STR("soon"));
	}
	set_order(&filters, usual_order(&filters));
	for (size_t i = 0; i < COUNT_OF(orders); i++)
		if (str_equal(request_query(request, "sort"), str_of(orders[i].name)))
			set_order(&filters, i);
	filters.choice.ends_after = filters.soon ? request->now : 0;
	filters.choice.ends_until = filters.soon ? request->now + SEARCH_SOON_MS : 0;
	filters.choice.conversations =
		visit_of(request)->session.person.views.conversations && strcmp(folder, "deleted") != 0;
	return filters;
}

bool filters_any(const struct filters *filters)
{
	return filters->choice.unread || filters->choice.files || filters->soon;
}

struct str filters_url(const struct request *request, const char *path, const struct filters *filters)
{
	const char *const words[] = {filters->choice.unread ? "unread" : "",
		filters->choice.files ? "files" : "", filters->soon ? "soon" : ""};
	struct str url = arena_printf(request->arena, "/%s", path);
	const char *before = "?show=";

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (!words[i][0])
			continue;
		url = arena_printf(request->arena, "%.*s%s%s", STR_ARG(url), before, words[i]);
		before = ",";
	}
	if (is_usual(filters))
		return url;
	return arena_printf(request->arena, "%.*s%csort=%s", STR_ARG(url), filters_any(filters) ? '&' : '?',
		filters->sort);
}

static void add_filter(
	const struct request *request, json_t *view, const char *name, bool is_on, struct filters toggled)
{
	json_t *filter = view_add_object(view, name);

	view_set_flag(filter, "is_on", is_on);
	view_set(filter, "url", filters_url(request, toggled.folder, &toggled));
}

static void add_orders(const struct request *request, json_t *view, const struct filters *filters)
{
	static const char *const flags[] = {"newest", "oldest", "who", "who_back", "ends", "ends_back"};
	json_t *list = view_add_list(view, "orders");

	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		struct filters ordered = *filters;
		json_t *item = view_append(list);
		set_order(&ordered, i);
		view_set_flag(item, flags[i], true);
		bool is_current = strcmp(filters->sort, orders[i].name) == 0;
		view_set_flag(item, "is_current", is_current);
		view_set(item, "url", filters_url(request, filters->folder, &ordered));
		if (is_current)
			view_set_flag(view_add_object(view, "order"), flags[i], true);
	}
}

void filters_set(const struct request *request, json_t *view, const struct filters *filters)
{
	json_t *object = view_add_object(view, "filters");
	struct filters other = *filters;
	bool is_sent = strcmp(filters->folder, "sent") == 0;

	other.choice.unread = other.choice.files = false;
	set_soon(&other, false);
	add_filter(request, object, "all", !filters_any(filters), other);
	other = *filters;
	other.choice.unread = !other.choice.unread;
	if (!is_sent)
		add_filter(request, object, "unread", filters->choice.unread, other);
	other = *filters;
	other.choice.files = !other.choice.files;
	add_filter(request, object, "files", filters->choice.files, other);
	other = *filters;
	set_soon(&other, !filters->soon);
	add_filter(request, object, "soon", filters->soon, other);
	view_set_flag(object, "by_recipient", is_sent);
	add_orders(request, object, filters);
}
