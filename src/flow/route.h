/* route: which way each recipient's mail takes: secured or relayed, with which definition. The facts are
 * gathered here; src/policy decides. */
#ifndef FLOW_ROUTE_H
#define FLOW_ROUTE_H

#include "flow/keep.h"

/* Fills in owner, definition, answers_id, detail and each recipient's way of a mail that came by SMTP, and
 * changes the subject kept (tags removed). INVALID with the codes of flow/choice.h, or "too-many-references".
 */
enum result route_mail(struct keep_request *request, struct arena *arena, struct err *err) must_check;

#endif
