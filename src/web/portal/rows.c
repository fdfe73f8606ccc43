#include "web/portal/rows.h"

#include "base/limits.h"
#include "web/portal/states.h"

#define SUBJECT_BYTES 200 /* more than a line of a list shows */

/* "1764000000000-<id>" */
static bool parse_cursor(struct str text, bool before, struct copy_cursor *ret)
{
	struct str rest = text;
	struct str time = str_cut(&rest, '-');
	uint64_t key;
	struct id id;

	if (!str_to_uint(time, INT64_MAX, &key) || !id_parse(rest, &id))
		return false;
	*ret = (struct copy_cursor){(int64_t)key, id, before};
	return true;
}

struct copy_cursor rows_cursor(const struct request *request)
{
	struct copy_cursor cursor = {0};

	if (!parse_cursor(request_query(request, "after"), false, &cursor))
		(void)parse_cursor(request_query(request, "before"), true, &cursor);
	return cursor;
}

void rows_set_told(struct request *request, json_t *view)
{
	static const char *const words[] = {"deleted", "restored", "destroyed", "read", "unread", "nothing"};
	struct str told = request_query(request, "told");
	struct id undo;

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (!str_equal(told, str_of(words[i])))
			continue;
		json_t *object = view_add_object(view, "list_told");
		view_set_number(object, "count",
			(int64_t)request_query_number(request, "count", LIMIT_CHOSEN_MESSAGES, 0));
		view_set_flag(object, words[i], true);
		if (id_parse(request_query(request, "undo"), &undo))
			view_set(object, "undo", str_of(id_text(undo).s));
	}
}

const char *rows_folder_name(enum folder folder)
{
	return folder == FOLDER_SENT ? "sent" : folder == FOLDER_DELETED ? "deleted" : "inbox";
}

struct str rows_url(
	const struct request *request, const struct filters *filters, const struct copy_cursor *cursor)
{
	if (id_is_none(cursor->id))
		return STR_NONE;
	struct str url = filters_url(request, filters->folder, filters);
	return arena_printf(request->arena, "%.*s%c%s=%lld-%s", STR_ARG(url),
		str_find_char(url, '?') >= 0 ? '&' : '?', cursor->before ? "before" : "after",
		(long long)cursor->key, id_text(cursor->id).s);
}

static struct str shown_name(struct open_person person)
{
	return person.name.len ? person.name : person.address;
}

/* Of somebody's own message: the first recipients in words. */
static struct str who_got(const struct request *request, const struct open_summary *row)
{
	struct str who = STR_NONE;
	size_t shown = row->to_count < 3 ? row->to_count : 3;

	for (size_t i = 0; i < shown; i++)
		who = arena_printf(request->arena, "%.*s%s%.*s", STR_ARG(who), i ? ", " : "",
			STR_ARG(shown_name(row->to[i])));
	if (row->to_count > shown)
		who = arena_printf(request->arena, "%.*s, +%zu", STR_ARG(who), row->to_count - shown);
	return who;
}

static struct str subject_of_row(const struct request *request, struct str subject)
{
	struct str cut = str_sub(subject, 0, SUBJECT_BYTES);

	if (cut.len == subject.len)
		return subject;
	while (cut.len && !str_is_utf8(cut))
		cut.len--;
	return arena_printf(request->arena, "%.*s\u2026", STR_ARG(cut));
}

static void set_row(const struct request *request, json_t *view, const struct open_summary *row,
	const struct filters *filters, const struct copy *current)
{
	const struct visit *visit = visit_of(request);
	bool is_current = current && id_equal(current->id, row->copy.id);
	struct str who = row->copy.is_owner ? who_got(request, row) : shown_name(row->from);

	view_set(view, "id", str_of(id_text(row->copy.id).s));
	view_set(view, "url",
		filters_url(request, arena_printf(request->arena, "message/%s", id_text(row->copy.id).s).ptr,
			filters));
	view_set_flag(view, "is_unread", row->copy.unread && !is_current && row->readable);
	view_set_flag(view, "thread", false);
	if (row->thread.total > 1) {
		view_set_number(view_add_object(view, "thread"), "count", row->thread.total);
		view_set_flag(view, "is_unread", row->thread.unread > 0);
	}
	view_set_flag(view, "is_current", is_current);
	view_set_flag(view, "is_ended", !row->readable);
	view_set(view, "who", who);
	/* Names are sealed; the order goes by addresses, so they are shown. */
	view_set(view, "address",
		filters->choice.sort == COPY_BY_WHO && !str_equal(who, row->copy.who) ? row->copy.who
										      : STR_NONE);
	view_set(view, "subject", subject_of_row(request, row->subject));
	view_set(view, "snippet", row->snippet);
	page_set_date(visit, view, row->copy.sorted_at);
	states_of_message(visit, view, row, true);
}

void rows_set(const struct request *request, json_t *view, const struct open_folder *page,
	const struct filters *filters, const struct copy *current)
{
	json_t *rows = view_add_list(view, "rows");

	for (size_t i = 0; i < page->count; i++)
		set_row(request, view_append(rows), &page->rows[i], filters, current);
	view_set(view, "newer_url", rows_url(request, filters, &page->newer));
	view_set(view, "older_url", rows_url(request, filters, &page->older));
}
