#include "tls/domain_name.h"

#include "base/address.h"

#include <gnutls/gnutls.h>

struct str domain_name_ascii(struct str domain, struct arena *arena)
{
	gnutls_datum_t mapped;

	if (str_is_ascii(domain) || gnutls_idna_map(domain.ptr, (unsigned)domain.len, &mapped, 0) < 0)
		return domain;
	struct str ascii = arena_str(arena, (struct str){(const char *)mapped.data, mapped.size});
	gnutls_free(mapped.data);
	return ascii;
}

bool domain_name_is_international(struct str domain)
{
	return !str_is_ascii(domain) || str_find_nocase(domain, STR("xn--")) >= 0;
}

struct str domain_name_letters(struct str ascii, struct arena *arena)
{
	gnutls_datum_t mapped;

	if (!domain_name_is_international(ascii) ||
		gnutls_idna_reverse_map(ascii.ptr, (unsigned)ascii.len, &mapped, 0) < 0)
		return ascii;
	struct str letters = arena_str(arena, (struct str){(const char *)mapped.data, mapped.size});
	gnutls_free(mapped.data);
	return letters;
}

struct str address_with_ascii_domain(struct str address, struct arena *arena)
{
	struct str domain = address_domain(address), ascii = domain_name_ascii(domain, arena);

	return ascii.ptr == domain.ptr ? address
				       : arena_printf(arena, "%.*s@%.*s",
						 STR_ARG(address_local_part(address)), STR_ARG(ascii));
}
