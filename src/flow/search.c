#include "flow/search.h"

#include "base/limits.h"
#include "base/list.h"
#include "flow/open_rows.h"
#include "flow/search_words.h"
#include "mime/words.h"
#include "store/words.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 500

/* Where a match is. */
struct match {
	enum folder folder;
	struct id copy_id;
	int64_t sorted_at;
};

struct searching {
	struct flow *flow;
	const struct actor *actor;
	const struct search *search;
	int64_t limit, now;
	struct arena *arena;
	struct str words; /* of the search, " word word" */
	struct flow_account account;
	struct list matches;
	struct open_folder page;
	bool is_cut;
};

/* Whether each word of the search is part of a word of the text. */
static bool has_words(struct str text, struct str words)
{
	while (words.len) {
		struct str word = str_cut(&words, ' ');
		if (word.len && !memmem(text.ptr, text.len, word.ptr, word.len))
			return false;
	}
	return true;
}

/* What can be told without opening anything. */
static bool may_match(const struct searching *s, const struct words_row *row)
{
	const struct search *search = s->search;
	bool has_ended = row->expires_at && s->now >= row->expires_at;

	if (has_ended && !row->is_owner)
		return false;
	if (search->unread && (!row->unread || row->is_owner))
		return false;
	return !search->ends_soon ||
	       (row->expires_at && !has_ended && row->expires_at - s->now <= SEARCH_SOON_MS);
}

static bool opened_matches(const struct searching *s, const struct words_row *row, struct arena *arena)
{
	struct message_key key = {0};
	struct str words;

	enum result result =
		message_key_unwrap(s->account.key, row->message_id, row->copy_id, row->wrap, &key, NULL);
	if (result == RESULT_OK)
		result = search_words_open(row->words, &key, row->message_id, arena, &words, NULL);
	key_wipe(&key);
	if (result != RESULT_OK || (s->search->files && !str_starts(words, STR("1"))))
		return false;
	/* The text is searched by whoever may open it; of what opens with a code only by its sender. */
	if (!row->is_owner && (row->asks_code || (row->second_factor && !s->actor->has_second_factor)))
		words = str_cut(&words, '\n');
	return has_words(str_from(words, 1), s->words);
}

static bool is_match(const struct searching *s, const struct words_row *row, struct arena *arena)
{
	if (!may_match(s, row))
		return false;
	bool needs_opening = s->words.len || s->search->files;
	return !needs_opening || (row->words.len && opened_matches(s, row, arena));
}

/* The newest matches of a folder, one more than a page takes. */
static enum result search_folder(struct tx *tx, struct searching *s, enum folder folder, struct err *err)
{
	struct copy_cursor from = s->search->from;
	int64_t looked_at = 0;

	for (int64_t found = 0; found <= s->limit;) {
		cleanup(arena_done) struct arena arena = {0};
		struct words_row *rows;
		size_t count;
		TRY(words_page(tx, s->actor->person_id, folder, from, BATCH, &arena, &rows, &count, err));
		for (size_t i = 0; i < count && found <= s->limit; i++) {
			if (!is_match(s, &rows[i], &arena))
				continue;
			*(struct match *)list_add(&s->matches) =
				(struct match){folder, rows[i].copy_id, rows[i].sorted_at};
			found++;
		}
		looked_at += (int64_t)count;
		s->is_cut = s->is_cut || (count == BATCH && looked_at >= LIMIT_SEARCH_MESSAGES);
		if (count < BATCH || looked_at >= LIMIT_SEARCH_MESSAGES)
			break;
		from = (struct copy_cursor){rows[count - 1].sorted_at, rows[count - 1].copy_id, false};
	}
	return RESULT_OK;
}

/* Newest first. */
static int compare(const void *a, const void *b)
{
	const struct match *left = a, *right = b;

	if (left->sorted_at != right->sorted_at)
		return left->sorted_at < right->sorted_at ? 1 : -1;
	return memcmp(&right->copy_id, &left->copy_id, sizeof(right->copy_id));
}

static enum result show(struct tx *tx, struct searching *s, struct err *err)
{
	struct open_rows how = {s->actor, s->account.key, s->now, s->arena};
	struct match *matches = s->matches.items;
	bool has_more = s->matches.count > (size_t)s->limit;
	size_t count = has_more ? (size_t)s->limit : s->matches.count;

	if (s->matches.count)
		qsort(matches, s->matches.count, sizeof(*matches), compare);
	s->page.rows = arena_array(s->arena, struct open_summary, count);
	s->page.count = count;
	s->page.from = s->search->from;
	for (size_t i = 0; i < count; i++) {
		struct copy_row row;
		TRY(copy_row_find(
			tx, s->actor->person_id, matches[i].folder, matches[i].copy_id, s->arena, &row, err));
		TRY(open_row(tx, &how, &row, &s->page.rows[i], err));
	}
	if (has_more)
		s->page.older =
			(struct copy_cursor){matches[count - 1].sorted_at, matches[count - 1].copy_id, false};
	return RESULT_OK;
}

static enum result search_in_tx(struct tx *tx, void *context, struct err *err)
{
	static const enum folder folders[] = {FOLDER_INBOX, FOLDER_SENT, FOLDER_DELETED};
	struct searching *s = context;

	s->page = (struct open_folder){0};
	s->matches = list_new(s->arena, sizeof(struct match));
	s->is_cut = false;
	TRY(flow_account_load(s->flow, tx, s->actor->account_id, s->arena, &s->account, err));
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		if (s->search->folder == FOLDER_NONE || s->search->folder == folders[i])
			TRY(search_folder(tx, s, folders[i], err));
	return show(tx, s, err);
}

enum result search_messages(struct flow *flow, const struct actor *actor, const struct search *search,
	int64_t limit, int64_t now, struct arena *arena, struct open_folder *ret, bool *ret_is_cut,
	struct err *err)
{
	cleanup(buf_done) struct buf words = buf_new(4 * LIMIT_SEARCH_TEXT_BYTES);
	struct mime_words split = {.out = &words};
	struct searching searching = {
		.flow = flow, .actor = actor, .search = search, .limit = limit, .now = now, .arena = arena};

	mime_words_add(&split, search->text);
	searching.words = buf_str(&words);
	TRY(db_read(flow_db(flow), search_in_tx, &searching, err));
	*ret = searching.page;
	*ret_is_cut = searching.is_cut;
	return RESULT_OK;
}
