/* choice: which definition the sender asks for, by header, by subject tags, or by answering a secure message.
 */
#ifndef FLOW_CHOICE_H
#define FLOW_CHOICE_H

#include "store/definition.h"

/* The field by which a mail program names a definition. */
#define DEFINITION_HEADER STR("X-Sealpost-Definition")

struct choice_facts {
	const struct definition *definitions; /* the sender's list, in order */
	size_t count;
	struct str header; /* block */
	bool answers;	   /* it answers a secure message */
	/* What that was sent with, published to this sender or not; NULL: it is gone. */
	const struct definition *answered;
};

/* *ret NULL: nothing is asked for. *ret_subject: the first Subject for display, without tags. INVALID with
 * code "unknown-definition" and the names there are, or "ambiguous-definition" when two are asked for: never
 * the default instead, never in clear. */
enum result choice_find(const struct choice_facts *facts, struct arena *arena, const struct definition **ret,
	struct str *ret_subject, struct err *err) must_check;

#endif
