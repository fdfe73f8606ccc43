/* Destructions: the keys that were destroyed for good. What they opened stays closed, also after an older
 * backup was restored. */
#ifndef STORE_DESTRUCTION_H
#define STORE_DESTRUCTION_H

#include "db/db.h"

/* Whether bytes of a destroyed key may still be in the database's files. */
enum result destruction_is_to_wipe(struct tx *tx, bool *ret, struct err *err) must_check;

#endif
