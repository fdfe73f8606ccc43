#include "mime/address.h"

#include "base/limits.h"
#include "base/list.h"
#include "mime/header.h"

#include <gmime/gmime.h>

static void add_all(
	InternetAddressList *from, struct list *list, size_t limit, struct arena *arena, int depth)
{
	int count = from ? internet_address_list_length(from) : 0;

	for (int i = 0; i < count && list->count < limit; i++) {
		InternetAddress *item = internet_address_list_get_address(from, i);
		if (INTERNET_ADDRESS_IS_GROUP(item)) {
			if (depth < 3)
				add_all(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(item)),
					list, limit, arena, depth + 1);
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

/* Adds those of a raw field value. */
static void add_value(struct str value, struct list *list, size_t limit, struct arena *arena)
{
	struct str line = mime_header_separate_words(mime_header_unfold(value, arena), arena);
	InternetAddressList *parsed = line.len ? internet_address_list_parse(NULL, line.ptr) : NULL;

	add_all(parsed, list, limit, arena, 0);
	if (parsed)
		g_object_unref(parsed);
}

size_t mime_addresses(struct str value, struct arena *arena, struct mime_address **ret)
{
	struct list list = list_new(arena, sizeof(struct mime_address));

	add_value(value, &list, LIMIT_ADDRESSES_SHOWN, arena);
	*ret = list.items;
	return list.count;
}

size_t mime_addresses_of(
	struct str header, struct str name, size_t limit, struct arena *arena, struct mime_address **ret)
{
	struct list list = list_new(arena, sizeof(struct mime_address));
	struct mime_field field;

	while (list.count < limit && mime_field_next(&header, &field))
		if (str_equal_nocase(field.name, name))
			add_value(field.value, &list, limit, arena);
	*ret = list.items;
	return list.count;
}

/* The next piece up to a separator that stands neither in quotes nor in angle brackets. *ret_signs: how many
 * addresses it should hold. */
static struct str next_piece(struct str *rest, size_t *ret_signs)
{
	bool in_quotes = false, in_brackets = false;
	size_t at = 0;

	*ret_signs = 0;
	for (; at < rest->len; at++) {
		char c = rest->ptr[at];
		if (in_quotes && c == '\\')
			at++;
		else if (c == '"')
			in_quotes = !in_quotes;
		else if (!in_quotes && (c == '<' || c == '>'))
			in_brackets = c == '<';
		else if (!in_quotes && c == '@')
			(*ret_signs)++;
		else if (c == '\n' || (!in_quotes && !in_brackets && (c == ',' || c == ';')))
			break;
	}
	struct str piece = str_sub(*rest, 0, at);
	*rest = str_from(*rest, at < rest->len ? at + 1 : rest->len);
	return str_trim(piece);
}

size_t mime_addresses_typed(struct str typed, struct arena *arena, struct mime_address **ret)
{
	struct list list = list_new(arena, sizeof(struct mime_address));
	struct str rest = typed;

	while (rest.len && list.count < LIMIT_ADDRESSES_SHOWN) {
		struct mime_address *read;
		size_t signs;
		struct str piece = next_piece(&rest, &signs);
		if (!piece.len)
			continue;
		struct mime_address whole = {.address = arena_str(arena, piece)};
		size_t count = mime_addresses(piece, arena, &read);
		if (count == 0 || count != signs) {
			read = &whole;
			count = 1;
		}
		for (size_t i = 0; i < count; i++)
			*(struct mime_address *)list_add(&list) = read[i];
	}
	*ret = list.items;
	return list.count;
}
