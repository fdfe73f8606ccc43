#include "web/conditions.h"

#include <stdint.h>

enum result range_parse(struct str field, uint64_t size, struct byte_range *ret)
{
	uint64_t first = 0, last = 0;

	if (!str_starts_nocase(field, STR("bytes=")))
		return RESULT_NOT_FOUND;
	struct str end = str_trim(str_from(field, sizeof("bytes=") - 1));
	if (str_find_char(end, '-') < 0)
		return RESULT_NOT_FOUND;
	struct str start = str_cut(&end, '-');

	if (!start.len) {
		if (!str_to_uint(end, UINT64_MAX, &last))
			return RESULT_NOT_FOUND;
		if (last == 0 || size == 0)
			return RESULT_TOO_LARGE;
		uint64_t len = last < size ? last : size;
		*ret = (struct byte_range){size - len, len};
		return RESULT_OK;
	}
	if (!str_to_uint(start, UINT64_MAX, &first))
		return RESULT_NOT_FOUND;
	if (!end.len)
		last = UINT64_MAX;
	else if (!str_to_uint(end, UINT64_MAX, &last) || last < first)
		return RESULT_NOT_FOUND;
	if (first >= size)
		return RESULT_TOO_LARGE;
	if (last >= size)
		last = size - 1;
	*ret = (struct byte_range){first, last - first + 1};
	return RESULT_OK;
}

bool etag_matches(struct str list, struct str etag)
{
	if (!etag.len)
		return false;
	if (str_equal(str_trim(list), STR("*")))
		return true;
	while (list.ptr) {
		struct str tag = str_trim(str_cut(&list, ','));
		if (str_starts(tag, STR("W/")))
			tag = str_from(tag, 2);
		if (str_equal(tag, etag))
			return true;
	}
	return false;
}
