/* What opening a message and entering its access code share. */
#ifndef FLOW_OPEN_PRIVATE_H
#define FLOW_OPEN_PRIVATE_H

#include "store/copy.h"
#include "store/message.h"

/* GONE with code "recalled" or "expired" for a recipient; its owner goes on. */
enum result open_check_not_ended(
	const struct message *message, const struct copy *copy, int64_t now, struct err *err) must_check;

#endif
