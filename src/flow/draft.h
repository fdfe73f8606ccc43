/* draft: what somebody writes in the portal is kept, sealed, until it is sent or thrown away (R7). A draft
 * has the identifier of the form it is written in, so that a form is one draft and one message. */
#ifndef FLOW_DRAFT_H
#define FLOW_DRAFT_H

#include "flow/reply.h"

#define DRAFTS_MAX 200		      /* of one person; then the oldest have to go first */
#define DRAFTS_MS (365 * MS_DAY)      /* since it was last saved */
#define DRAFTS_CLOSED_MS (8 * MS_DAY) /* longer than any session: nothing late revives it */

struct draft_text {
	struct id id;
	struct id answers_id; /* the writer's copy of what it answers, or none */
	bool answers_all;
	struct id inquiry_id; /* the request that it answers, or none */
	int64_t version;      /* being saved: of what it is based on, 0 when it was never saved */
	struct id page_id;    /* being saved: of the page that is written in, or none */
	struct str to, cc, bcc, subject, text;
	struct str html; /* as it was given: not to be trusted (flow/rich.h); empty: it has the text only */
	struct id definition_id;
	/* When it is read: */
	struct str origin; /* of who had it leave */
	struct str self;   /* and who that was (actor.self_id), or empty */
	struct str about;  /* in draft_folder: the purpose of the request that it answers, or empty */
	int64_t saved_at;
	int64_t leaves_at;	 /* it waits to be sent then; 0: it does not */
	int64_t refused_at;	 /* it should have left then and could not; or 0 */
	struct str refused_code; /* why: the code of the refusal */
};

struct draft_saving {
	struct draft_text text;
	struct upload *const *files; /* new ones, which stay with the draft */
	size_t file_count;
	const struct id *drop_files; /* that are no longer wanted */
	size_t drop_count;
	struct id files_of; /* of another draft, whose files but for those come along; or none */
};

/* Saves it. CONFLICT with code "already-sent" when it waits to leave, was sent or thrown away meanwhile,
 * "draft-newer" when another page saved it since this one was shown, or "too-many-drafts";
 * TOO_LARGE when the files of all the person's drafts hold more than two mails may. */
enum result draft_save(struct flow *flow, const struct actor *actor, const struct draft_saving *saving,
	int64_t now, struct err *err) must_check;

/* Before it is sent: CONFLICT with code "draft-newer", as draft_save; of the text only what names it counts.
 */
enum result draft_check(struct flow *flow, const struct actor *actor, const struct draft_text *text,
	struct err *err) must_check;

struct draft_file_summary {
	struct id id;
	struct str name;
	uint64_t size;
};

/* With its files by name. NOT_FOUND when the person has no such draft, or it waits to leave. */
enum result draft_open(struct flow *flow, const struct actor *actor, struct id id, struct arena *arena,
	struct draft_text *ret, struct draft_file_summary **ret_files, size_t *ret_file_count,
	struct err *err) must_check;

/* One file, complete; upload_free ends it. NOT_FOUND as draft_open, or the draft has no such file. */
enum result draft_file_open(struct flow *flow, const struct actor *actor, struct id id, struct id file_id,
	struct upload **ret, struct err *err) must_check;
struct str draft_file_name(const struct upload *file);
struct str draft_file_type(const struct upload *file);
/* For one thread at a time, as long as the file lives. */
struct reader draft_file_bytes(const struct upload *file);

/* The files for sending; draft_files_free ends them. */
struct draft_files {
	struct upload **files;
	size_t count;
};
enum result draft_files_open(struct flow *flow, const struct actor *actor, struct id id, struct arena *arena,
	struct draft_files *ret, struct err *err) must_check;
void draft_files_free(struct draft_files *files);

/* The person's drafts, also those that wait to leave, newest first; of the texts only the beginning. */
enum result draft_folder(struct flow *flow, const struct actor *actor, struct arena *arena,
	struct draft_text **ret, size_t *ret_count, struct err *err) must_check;

/* Throws it away: its key is destroyed. Nothing happens when there is none. */
enum result draft_discard(
	struct flow *flow, const struct actor *actor, struct id id, int64_t now, struct err *err) must_check;

#endif
