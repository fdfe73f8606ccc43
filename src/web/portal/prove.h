/* Pages that change how a person signs in: RIGHTS_PROVED and RIGHTS_PROVED_OR_DUE. */
#ifndef WEB_PORTAL_PROVE_H
#define WEB_PORTAL_PROVE_H

#include "web/router.h"

static inline bool prove_is_asked(enum route_rights rights)
{
	return rights == RIGHTS_PROVED || rights == RIGHTS_PROVED_OR_DUE;
}

/* Of whoever is signed in: whether who it is has to be shown first, which the answer then asks for. */
enum result prove_first(struct request *request, struct response *response, bool *ret_asks) must_check;

#endif
