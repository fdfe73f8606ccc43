/* Address fields: From, To, Cc and their like. */
#ifndef MIME_ADDRESS_H
#define MIME_ADDRESS_H

#include "base/arena.h"

struct mime_address {
	struct str name;    /* decoded for display, may be empty */
	struct str address; /* addr-spec as written; not checked beyond having both parts */
};

/* The mailboxes of a raw field value, groups flattened; at most LIMIT_ADDRESSES_SHOWN. */
size_t mime_addresses(struct str value, struct arena *arena, struct mime_address **ret);

#endif
