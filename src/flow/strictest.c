#include "flow/strictest.h"

#include "base/limits.h"

struct rights strictest_rights(struct rights a, struct rights b)
{
	return (struct rights){.print = a.print && b.print,
		.reply = a.reply && b.reply,
		.reply_all = a.reply_all && b.reply_all,
		.save = a.save && b.save,
		.second_factor = a.second_factor || b.second_factor,
		.extend = a.extend && b.extend};
}

static bool has_name(struct str names, struct str name)
{
	while (names.len)
		if (str_equal_nocase(str_trim(str_cut(&names, ',')), name))
			return true;
	return false;
}

struct str strictest_names(struct str names, struct str more, struct arena *arena)
{
	struct str sum = arena_str(arena, names);

	while (more.len) {
		struct str name = str_trim(str_cut(&more, ','));
		if (name.len == 0 || has_name(sum, name) || sum.len + name.len + 2 > LIMIT_RULE_NAMES_BYTES)
			continue;
		sum = arena_printf(arena, "%.*s, %.*s", STR_ARG(sum), STR_ARG(name));
	}
	return sum;
}

void strictest_add(struct definition *sum, const struct definition *one, struct arena *arena)
{
	if (id_is_none(sum->id)) {
		*sum = *one;
		return;
	}
	sum->name = strictest_names(sum->name, one->name, arena);
	sum->rights = strictest_rights(sum->rights, one->rights);
	sum->read_receipt = sum->read_receipt || one->read_receipt;
	sum->access_code = sum->access_code || one->access_code;
	sum->all_recipients = sum->all_recipients || one->all_recipients;
	if (one->expire_days && (sum->expire_days == 0 || one->expire_days < sum->expire_days))
		sum->expire_days = one->expire_days;
}
