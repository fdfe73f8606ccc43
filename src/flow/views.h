/* views: how a person wants the portal's lists. */
#ifndef FLOW_VIEWS_H
#define FLOW_VIEWS_H

#include "flow/flow.h"
#include "store/person.h"

enum result views_set(struct flow *flow, const struct actor *actor, const struct person_views *views,
	struct err *err) must_check;

#endif
