/* Who entered a message's access code in which session. */
#ifndef STORE_CODE_ENTRY_H
#define STORE_CODE_ENTRY_H

#include "db/db.h"

/* Whether the code that was set at this time (ms) was entered for the copy in the session. */
enum result code_entry_exists(struct tx *tx, struct bytes session_hash, struct id copy_id,
	int64_t code_set_at, bool *ret, struct err *err) must_check;

#endif
