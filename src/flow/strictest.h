/* strictest: when recipients of one mail call for several definitions, its message has one set of rules for
 * all: the strictest of each. */
#ifndef FLOW_STRICTEST_H
#define FLOW_STRICTEST_H

#include "store/definition.h"

/* Makes the sum as strict as `one` too; a sum without identifier becomes that. */
void strictest_add(struct definition *sum, const struct definition *one, struct arena *arena);

struct rights strictest_rights(struct rights a, struct rights b);

/* The names of both, each once: "Default, No print". In the arena; names past LIMIT_RULE_NAMES_BYTES
 * are left out. */
struct str strictest_names(struct str names, struct str more, struct arena *arena);

#endif
