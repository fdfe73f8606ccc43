/* Messages that were ticked in a list. */
#ifndef FLOW_CHOSEN_H
#define FLOW_CHOSEN_H

#include "base/limits.h"
#include "flow/flow.h"

/* Copies in one order, so that two who hold some of the same do not wait for each other; each once. */
struct chosen {
	struct id ids[LIMIT_CHOSEN_MESSAGES];
	size_t count;
};

/* INVALID: more than LIMIT_CHOSEN_MESSAGES. */
enum result chosen_sort(
	const struct id *copies, size_t count, struct chosen *ret, struct err *err) must_check;

#endif
