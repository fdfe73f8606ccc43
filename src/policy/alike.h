/* alike: whether an address that was just typed looks like one that is known: a slip of the finger, or
 * somebody who wants to be taken for another. */
#ifndef POLICY_ALIKE_H
#define POLICY_ALIKE_H

#include "base/str.h"

/* One or two letters differ, in the whole or in the domain alone; or the same name at another domain, when
 * the name is no common one. In any case of letters; false for equal ones. */
bool address_is_alike(struct str typed, struct str known);

/* The same of two that were typed together, for which the same name at two other domains is ordinary
 * ("sales@" of two firms): only one or two letters differ. */
bool address_is_near(struct str one, struct str other);

/* Whether the domain differs from a known one by one or two letters. */
bool domain_is_alike(struct str typed, struct str known);

#endif
