/* Words: what of a message is searched, in a box under its key (flow/search_words.h). */
#ifndef STORE_WORDS_H
#define STORE_WORDS_H

#include "store/copy.h"

/* A copy as a search looks at it. */
struct words_row {
	struct id copy_id;
	struct id message_id;
	int64_t sorted_at;
	int64_t expires_at; /* 0: never */
	bool is_owner;
	bool unread;
	bool second_factor; /* recipients show one before they see the text */
	bool asks_code;	    /* for its access code */
	struct bytes wrap;
	struct bytes words; /* empty: there are none */
};

/* Copies of a folder that can be opened, newest first, strictly older than `from` when it is given; `limit`
 * at most. */
enum result words_page(struct tx *tx, struct id person_id, enum folder folder, struct copy_cursor from,
	int64_t limit, struct arena *arena, struct words_row **ret, size_t *ret_count,
	struct err *err) must_check;

#endif
