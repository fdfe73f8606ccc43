/* What the files of draft share. */
#ifndef FLOW_DRAFT_PRIVATE_H
#define FLOW_DRAFT_PRIVATE_H

#include "flow/draft.h"
#include "flow/flow.h"
#include "store/draft.h"

/* The key of a draft; wipe it. GONE when it was destroyed. */
enum result draft_key(struct tx *tx, const struct flow_account *account, struct id id,
	struct message_key *ret, struct err *err) must_check;

/* draft_save with a work in the same transaction, before it is saved; NULL: none. */
enum result draft_save_also(struct flow *flow, const struct actor *actor, const struct draft_saving *saving,
	db_work also, void *also_context, int64_t now, struct err *err) must_check;

/* Saves it inside a transaction; `for_leaving`: it has room in any case, since it goes at once. Its files
 * were kept before (upload_keep), and are adopted after. */
enum result draft_save_in_tx(struct tx *tx, struct flow *flow, const struct actor *actor,
	const struct draft_saving *saving, bool for_leaving, int64_t now, struct err *err) must_check;

/* Another draft's files (saving->files_of), each once more: the new draft's own, for it to save. */
enum result draft_files_take(struct flow *flow, const struct actor *actor, const struct draft_saving *saving,
	int64_t now, struct arena *arena, struct draft_files *ret, struct err *err) must_check;

/* The fields of a draft, from its box. */
enum result draft_text_open(struct tx *tx, const struct flow_account *account, const struct draft *draft,
	struct arena *arena, struct draft_text *ret, struct err *err) must_check;

/* draft_files_open, of a draft that waits to leave. */
enum result draft_files_open_leaving(struct flow *flow, const struct actor *actor, struct id id,
	struct arena *arena, struct draft_files *ret, struct err *err) must_check;

/* The box of a file: the key that its content is sealed under, its digest, type and name. */
struct bytes draft_file_seal(const struct upload *upload, const struct message_key *key, struct arena *arena);
enum result draft_file_unseal(const struct draft_file *file, const struct message_key *key,
	struct arena *arena, struct upload *ret, struct err *err) must_check;

#endif
