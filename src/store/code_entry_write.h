/* Who entered a message's access code in which session. Goes with the session. */
#ifndef STORE_CODE_ENTRY_WRITE_H
#define STORE_CODE_ENTRY_WRITE_H

#include "db/db.h"

/* code_set_at: of which of the message's codes, ms. */
enum result code_entry_put(struct tx *tx, struct bytes session_hash, struct id copy_id, int64_t code_set_at,
	struct err *err) must_check;

#endif
