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

/* Of all fields of that name in a header block, in their order: there should be one, but programs write more;
 * at most `limit`. */
size_t mime_addresses_of(
	struct str header, struct str name, size_t limit, struct arena *arena, struct mime_address **ret);

/* What a person typed into a form: as above, also with semicolons and newlines in between. A piece that is
 * not understood stands whole in `address`, for is_address to refuse, rather than being left out. */
size_t mime_addresses_typed(struct str typed, struct arena *arena, struct mime_address **ret);

#endif
