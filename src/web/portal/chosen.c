#include "web/portal/chosen.h"

#include "base/limits.h"

enum result chosen_read(struct request *request, struct id **ret, size_t *ret_count)
{
	struct id *ids = arena_array(request->arena, struct id, LIMIT_CHOSEN_MESSAGES);
	size_t index = 0, count = 0;
	struct str text;

	while (count < LIMIT_CHOSEN_MESSAGES && (text = request_field_next(request, "id", &index)).ptr)
		if (!id_parse(text, &ids[count++]))
			return err_set(&request->err, RESULT_NOT_FOUND, "there is no such message");
	*ret = ids;
	*ret_count = count;
	return RESULT_OK;
}

struct str chosen_return_path(const struct request *request, const char *otherwise)
{
	return request_local_path(request_field(request, "return"), str_of(otherwise));
}

enum result chosen_back(struct request *request, struct response *response, const char *word, size_t count,
	const struct id *undo)
{
	struct str path = chosen_return_path(request, "/inbox");
	char sign = str_find_char(path, '?') >= 0 ? '&' : '?';
	struct str url =
		arena_printf(request->arena, "%.*s%ctold=%s&count=%zu", STR_ARG(path), sign, word, count);

	if (undo)
		url = arena_printf(request->arena, "%.*s&undo=%s", STR_ARG(url), id_text(*undo).s);
	response_redirect(response, url);
	return RESULT_OK;
}
