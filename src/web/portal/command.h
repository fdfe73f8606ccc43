/* What the sender may still do with a message that was sent. */
#ifndef WEB_PORTAL_COMMAND_H
#define WEB_PORTAL_COMMAND_H

#include "web/portal/page.h"

/* The fields recall, extend and told of a message's page. */
void command_set(const struct request *request, json_t *view, const struct open_message *message);

#endif
