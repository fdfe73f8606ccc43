#ifndef WEB_PORTAL_ACCESS_CODE_H
#define WEB_PORTAL_ACCESS_CODE_H

#include "web/portal/page.h"

/* Whether opening the message {id} failed because its access code was not entered. */
bool access_code_is_asked(const struct request *request, enum result result);

/* The page that asks for it, instead of the message. */
enum result access_code_ask(struct request *request, struct response *response) must_check;

#endif
