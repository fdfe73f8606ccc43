/* notice: what a mail of ours tells the owner of a message, as it waits sealed with its queue row. */
#ifndef FLOW_NOTICE_H
#define FLOW_NOTICE_H

#include "base/arena.h"
#include "base/id.h"
#include "base/result.h"

/* More are counted, not named. */
#define NOTICE_PEOPLE_MAX 20

struct notice {
	const struct str *people; /* addresses: who read it, or who did not */
	size_t count;		  /* of those named */
	int64_t others;		  /* how many more */
	int64_t at;		  /* when it was read, or has expired; 0: it has not */
	int64_t sent_at;
	struct str subject;    /* when the account lets ordinary mail show it, else empty */
	struct str message_id; /* of the mail it was, may be empty */
	/* Of several in one mail only: */
	int64_t matter;	   /* enum summary_matter */
	struct id message; /* not written */
	struct id copy;	   /* the owner's */
};

struct str notice_write(const struct notice *notice, struct arena *arena);

/* INTERNAL when it is none. */
enum result notice_read(struct str text, struct arena *arena, struct notice *ret, struct err *err) must_check;

/* The same of several. */
struct str notices_write(const struct notice *notices, size_t count, struct arena *arena);
enum result notices_read(struct str text, struct arena *arena, struct notice **ret, size_t *ret_count,
	struct err *err) must_check;

#endif
