/* Words of a text in the form in which a search compares them: in lower case, without accents, each once. */
#ifndef MIME_WORDS_H
#define MIME_WORDS_H

#include "base/buf.h"
#include "base/mem.h"

#define WORDS_SLOTS 4096 /* a power of two; half of them are used at most */

/* All zero but for `out` is the beginning of a first list. */
struct mime_words {
	struct buf *out;	     /* " word word word"; limited to 64 KiB */
	uint16_t slots[WORDS_SLOTS]; /* where a word begins in out; not past `begin`: free */
	uint16_t begin;		     /* where the list begins in out */
	size_t count;
};

/* Begins another list behind what is in `out`. */
void mime_words_begin(struct mime_words *words);

/* Appends the words of the UTF-8 text that are not in the list yet, as long as `out` and the slots have room.
 */
void mime_words_add(struct mime_words *words, struct str text);

#endif
