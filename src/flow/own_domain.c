#include "flow/own_domain.h"

#include "base/address.h"
#include "tls/domain_name.h"

enum result own_domain_find(
	struct tx *tx, struct str name, struct arena *arena, struct domain *ret, struct err *err)
{
	enum result found = domain_find(tx, name, arena, ret, err);

	if (found != RESULT_NOT_FOUND || !domain_name_is_international(name))
		return found;
	struct str ascii = domain_name_ascii(name, arena), letters = domain_name_letters(ascii, arena);
	if (!str_equal_nocase(ascii, name))
		found = domain_find(tx, ascii, arena, ret, err);
	if (found == RESULT_NOT_FOUND && !str_equal_nocase(letters, name) &&
		!str_equal_nocase(letters, ascii))
		found = domain_find(tx, letters, arena, ret, err);
	return found;
}

enum result own_domain_address(
	struct tx *tx, struct str address, struct arena *arena, struct str *ret, struct err *err)
{
	struct str name = address_domain(address);
	struct domain domain;

	*ret = address;
	if (!domain_name_is_international(name))
		return RESULT_OK;
	enum result found = own_domain_find(tx, name, arena, &domain, err);
	if (found == RESULT_OK && !str_equal_nocase(domain.name, name))
		*ret = arena_printf(
			arena, "%.*s@%.*s", STR_ARG(address_local_part(address)), STR_ARG(domain.name));
	return found == RESULT_NOT_FOUND ? RESULT_OK : found;
}
