#include "mime/address.h"

#include "base/limits.h"
#include "base/list.h"
#include "mime/header.h"

#include <gmime/gmime.h>

static void add_all(InternetAddressList *from, struct list *list, struct arena *arena, int depth)
{
	int count = from ? internet_address_list_length(from) : 0;

	for (int i = 0; i < count && list->count < LIMIT_ADDRESSES_SHOWN; i++) {
		InternetAddress *item = internet_address_list_get_address(from, i);
		if (INTERNET_ADDRESS_IS_GROUP(item)) {
			if (depth < 3)
				add_all(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(item)),
					list, arena, depth + 1);
			continue;
		}
		struct str address =
			str_of(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(item)));
		struct str name = str_of(internet_address_get_name(item));
		if (address.len == 0 || address.len > LIMIT_ADDRESS_BYTES || str_find_char(address, '@') < 0)
			continue;
		*(struct mime_address *)list_add(list) =
			(struct mime_address){.name = mime_clean_text(name, LIMIT_DISPLAY_NAME_BYTES, arena),
				.address = mime_clean_text(address, LIMIT_ADDRESS_BYTES, arena)};
	}
}

size_t mime_addresses(struct str value, struct arena *arena, struct mime_address **ret)
{
	struct list list = list_new(arena, sizeof(struct mime_address));
	struct str line = mime_header_separate_words(mime_header_unfold(value, arena), arena);
	InternetAddressList *parsed = line.len ? internet_address_list_parse(NULL, line.ptr) : NULL;

	add_all(parsed, &list, arena, 0);
	if (parsed)
		g_object_unref(parsed);
	*ret = list.items;
	return list.count;
}
