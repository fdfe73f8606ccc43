#include "policy/alike.h"

#include "base/address.h"
#include "base/limits.h"
#include "base/mem.h"

/* Short words differ by two letters from too many others. */
#define SHORT_WORD 6
#define COMMON_NAME 4

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Insertions, deletions and changes from one to the other, row by row; `most + 1` when there are more. */
static size_t distance(struct str a, struct str b, size_t most)
{
	size_t row[LIMIT_ADDRESS_BYTES + 1];

	if (a.len > LIMIT_ADDRESS_BYTES || b.len > LIMIT_ADDRESS_BYTES || a.len > b.len + most ||
		b.len > a.len + most)
		return most + 1;
	for (size_t k = 0; k <= b.len; k++)
		row[k] = k;
	for (size_t i = 1; i <= a.len; i++) {
		size_t corner = row[0];
		row[0] = i;
		for (size_t k = 1; k <= b.len; k++) {
			size_t change = corner + (lower(a.ptr[i - 1]) != lower(b.ptr[k - 1]));
			corner = row[k];
			row[k] = least(row[k] + 1, row[k - 1] + 1, change);
		}
	}
	return row[b.len];
}

static bool is_near(struct str a, struct str b)
{
	size_t most = a.len < SHORT_WORD ? 1 : 2;
	size_t differ = distance(a, b, most);

	return differ > 0 && differ <= most;
}

bool domain_is_alike(struct str typed, struct str known)
{
	return is_near(typed, known);
}

bool address_is_near(struct str one, struct str other)
{
	struct str name = address_local_part(one), other_name = address_local_part(other);
	struct str domain = address_domain(one), other_domain = address_domain(other);

	return (str_equal_nocase(name, other_name) && is_near(domain, other_domain)) ||
	       (str_equal_nocase(domain, other_domain) && is_near(name, other_name));
}

bool address_is_alike(struct str typed, struct str known)
{
	struct str name = address_local_part(typed), domain = address_domain(typed);
	bool same_name = str_equal_nocase(name, address_local_part(known));
	bool same_domain = str_equal_nocase(domain, address_domain(known));

	if (same_name && same_domain)
		return false;
	return (same_name && name.len > COMMON_NAME) || address_is_near(typed, known);
}
