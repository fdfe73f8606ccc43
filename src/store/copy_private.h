/* What the files of copies share. */
#ifndef STORE_COPY_PRIVATE_H
#define STORE_COPY_PRIVATE_H

#include "store/copy.h"

/* Of "copy c". */
#define COPY_COLUMNS                                                                                         \
	"c.id, c.account_id, c.message_id, c.person_id, c.is_owner, c.role, c.folder, c.sorted_at, "         \
	"c.unread,"                                                                                          \
	" c.first_read_at, c.denied_at, c.recall_id, c.deleted_from, c.destroyed_at, c.ends_at, "            \
	"c.mailbox_id,"                                                                                      \
	" c.thread_id"
#define COPY_COLUMN_COUNT 17

/* From the row's first columns. */
struct copy copy_read_row(const struct rows *rows);

#endif
