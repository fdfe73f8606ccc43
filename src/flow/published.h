/* published: the definitions that a person of the account may send with (R3). */
#ifndef FLOW_PUBLISHED_H
#define FLOW_PUBLISHED_H

#include "flow/flow.h"
#include "store/definition.h"

/* What is published to whoever has the address, in the administrators' order; where nothing is, the default
 * definition. One at least. */
enum result published_to(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct definition **ret, size_t *ret_count, struct err *err) must_check;

/* The same of all definitions of an account, as definition_list_for gives them. */
enum result published_among(struct definition *all, size_t count, struct arena *arena,
	struct definition **ret, size_t *ret_count, struct err *err) must_check;

#endif
