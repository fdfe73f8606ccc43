#ifndef STORE_WORDS_WRITE_H
#define STORE_WORDS_WRITE_H

#include "store/words.h"

/* Of a message that has none yet; they go with its content. */
enum result words_add(struct tx *tx, struct id message_id, struct bytes sealed, struct err *err) must_check;

#endif
