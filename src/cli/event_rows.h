/* Events as rows to print. */
#ifndef CLI_EVENT_ROWS_H
#define CLI_EVENT_ROWS_H

#include "cli/admin.h"
#include "store/event.h"

/* A list of objects in the order of the events, for admin_print; the caller has it. Whom an event concerns
 * and who did it stand there by address too, null where it is nobody or nobody any more. For a table a detail
 * of milliseconds is put in words. */
enum result event_rows(struct tx *tx, struct admin *admin, const struct event *events, size_t count,
	json_t **ret, struct err *err) must_check;

#endif
