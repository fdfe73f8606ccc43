/* What the sender may still do with a message that was sent. */
#ifndef WEB_PORTAL_COMMAND_H
#define WEB_PORTAL_COMMAND_H

#include "web/portal/page.h"

/* Whether there is anything left to take from this recipient, and whether anything may still be done. */
bool command_is_recallable(const struct open_recipient *recipient);
bool command_is_open(const struct request *request, const struct open_message *message);

/* The sender's own copy; for a recipient there is no such page (DENIED). */
enum result command_open_own(struct request *request, struct open_message **ret) must_check;

/* The fields id, subject and date. */
void command_set_head(const struct request *request, json_t *view, const struct open_message *message);

/* To the message's page, which says what became of it. */
enum result command_back(
	struct request *request, struct response *response, struct id copy_id, const char *told) must_check;

/* The fields recall, extend and told of a message's page. */
void command_set(const struct request *request, json_t *view, const struct open_message *message);

#endif
