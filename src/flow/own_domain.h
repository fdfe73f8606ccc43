/* own_domain: the installation's domains by either form of an international name: an account may have said
 * its own in letters ("bücher.example") while a mail names it as DNS does ("xn--bcher-kva.example"), or the
 * other way round. */
#ifndef FLOW_OWN_DOMAIN_H
#define FLOW_OWN_DOMAIN_H

#include "store/domain.h"

/* The domain under this name or its other form. NOT_FOUND. */
enum result own_domain_find(
	struct tx *tx, struct str name, struct arena *arena, struct domain *ret, struct err *err) must_check;

/* The address with its domain as the account said it, so that both forms are one person; any other address as
 * it is. In the arena when it differs. */
enum result own_domain_address(
	struct tx *tx, struct str address, struct arena *arena, struct str *ret, struct err *err) must_check;

#endif
