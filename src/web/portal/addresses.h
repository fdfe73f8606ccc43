/* The page of a person's addresses, for those who share them. */
#ifndef WEB_PORTAL_ADDRESSES_H
#define WEB_PORTAL_ADDRESSES_H

#include "web/request.h"
#include "web/response.h"

/* The page again, with why it was refused (request->err). */
enum result addresses_refuse(
	struct request *request, struct response *response, enum result result) must_check;

#endif
