/* The whole message as a file: the header as it is given away, then the body where it lies. */
#ifndef FLOW_OPEN_WHOLE_H
#define FLOW_OPEN_WHOLE_H

#include "flow/open.h"

struct open_whole {
	const struct open_message *message;
	struct buf header;
};

/* The message must outlive it, and *ret stay where it is while its reader is used. */
enum result open_whole_begin(
	const struct open_message *message, struct open_whole *ret, struct err *err) must_check;
void open_whole_done(struct open_whole *whole);
struct reader open_whole_reader(struct open_whole *whole);

#endif
