/* What libcbor is given to read: it allocates an array or a map by the count that its head declares, before
 * it has seen a single entry. */
#ifndef SEALPOST_SEAL_CBOR_BOUND_H
#define SEALPOST_SEAL_CBOR_BOUND_H

#include "base/str.h"

#include <stdbool.h>

/* Whether `data` is CBOR items (RFC 8949) up to its end that declare no more entries than it has bytes. */
bool cbor_is_bounded(struct bytes data);

#endif
