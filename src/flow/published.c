#include "flow/published.h"

#include "base/list.h"

enum result published_among(struct definition *all, size_t count, struct arena *arena,
	struct definition **ret, size_t *ret_count, struct err *err)
{
	struct list published = list_new(arena, sizeof(*all));
	struct definition *by_default = NULL;

	for (size_t i = 0; i < count; i++) {
		if (all[i].is_published)
			*(struct definition *)list_add(&published) = all[i];
		if (all[i].is_default)
			by_default = &all[i];
	}
	if (published.count == 0 && by_default == NULL)
		return err_set(err, RESULT_INTERNAL, "the account has no default definition");
	*ret = published.count ? published.items : by_default;
	*ret_count = published.count ? published.count : 1;
	return RESULT_OK;
}

enum result published_to(struct tx *tx, struct id account_id, struct str address, struct arena *arena,
	struct definition **ret, size_t *ret_count, struct err *err)
{
	struct definition *all;
	size_t count;

	TRY(definition_list_for(tx, account_id, address, arena, &all, &count, err));
	return published_among(all, count, arena, ret, ret_count, err);
}
