#include "flow/published.h"

/* Made with the account, never removed. */
static enum result default_only(struct tx *tx, struct id account_id, struct arena *arena,
	struct definition **ret, size_t *ret_count, struct err *err)
{
	struct definition *all;
	size_t count;

	TRY(definition_list(tx, account_id, arena, &all, &count, err));
	for (size_t i = 0; i < count; i++)
		if (all[i].is_default) {
			*ret = &all[i];
			*ret_count = 1;
			return RESULT_OK;
		}
	return err_set(err, RESULT_INTERNAL, "the account has no default definition");
}

enum result published_to(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct definition **ret, size_t *ret_count, struct err *err)
{
	TRY(definition_list_published(tx, account_id, address, arena, ret, ret_count, err));
	return *ret_count ? RESULT_OK : default_only(tx, account_id, arena, ret, ret_count, err);
}
