/* What of a message is searched: the words of its subject, of the people on it that all recipients see, and
 * of its text, of its files' names, and of the mails attached to it; sealed under the message's key. There is
 * no index: a search opens these boxes and looks.
 *
 * "1 offer for the site alice acme example\n hello carol …": a digit for whether there are files, words of
 * the head, words of the text; each word once, in the form of mime/words.h. */
#ifndef FLOW_SEARCH_WORDS_H
#define FLOW_SEARCH_WORDS_H

#include "flow/content.h"

/* Of a mail that has come whole. What cannot be read has no words. */
void search_words(struct content *content, struct buf *out);

struct bytes search_words_seal(
	struct str words, const struct message_key *key, struct id message_id, struct arena *arena);

/* INTERNAL with code "sealed-damaged". */
enum result search_words_open(struct bytes box, const struct message_key *key, struct id message_id,
	struct arena *arena, struct str *ret, struct err *err) must_check;

#endif
