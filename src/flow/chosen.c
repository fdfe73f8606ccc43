#include "flow/chosen.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct id));
}

enum result chosen_sort(const struct id *copies, size_t count, struct chosen *ret, struct err *err)
{
	struct id *ids = ret->ids;

	ret->count = 0;
	if (count > LIMIT_CHOSEN_MESSAGES)
		return err_set(err, RESULT_INVALID, "at most %d messages at once", LIMIT_CHOSEN_MESSAGES);
	for (size_t i = 0; i < count; i++)
		ids[i] = copies[i];
	qsort(ids, count, sizeof(*ids), compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || !id_equal(ids[i], ids[i - 1]))
			ids[ret->count++] = ids[i];
	return RESULT_OK;
}
