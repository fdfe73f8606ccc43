/* Words of a text in the form in which a search compares them: in lower case, without accents, each once. */
#ifndef MIME_WORDS_H
#define MIME_WORDS_H

#include "base/buf.h"
#include "base/mem.h"

#define WORDS_SLOTS 4096 /* a power of two; half of them are used at most */

/* All zero but for `out` is the beginning. */
struct mime_words {
	struct buf *out;	     /* " word word word" */
	uint32_t slots[WORDS_SLOTS]; /* where a word begins in out, plus one; 0: free */
	size_t count;
};

/* Appends the words of the UTF-8 text that are not there yet, as long as `out` and the slots have room. */
void mime_words_add(struct mime_words *words, struct str text);

#endif
