#include "text/language_private.h"

const char *const plural_names[PLURAL_COUNT] = {"zero", "one", "two", "few", "many", "other"};

typedef enum plural rule(uint64_t n);

static enum plural english(uint64_t n)
{
	return n == 1 ? PLURAL_ONE : PLURAL_OTHER;
}

static enum plural french(uint64_t n)
{
	return n < 2 ? PLURAL_ONE : PLURAL_OTHER;
}

static enum plural japanese(uint64_t n)
{
	(void)n;
	return PLURAL_OTHER;
}

static bool ends_in_few(uint64_t n)
{
	return n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 12 || n % 100 > 14);
}

static enum plural russian(uint64_t n)
{
	if (n % 10 == 1 && n % 100 != 11)
		return PLURAL_ONE;
	return ends_in_few(n) ? PLURAL_FEW : PLURAL_MANY;
}

static enum plural polish(uint64_t n)
{
	if (n == 1)
		return PLURAL_ONE;
	return ends_in_few(n) ? PLURAL_FEW : PLURAL_MANY;
}

static enum plural czech(uint64_t n)
{
	if (n == 1)
		return PLURAL_ONE;
	return n >= 2 && n <= 4 ? PLURAL_FEW : PLURAL_OTHER;
}

static enum plural arabic(uint64_t n)
{
	if (n < 3)
		return n == 0 ? PLURAL_ZERO : n == 1 ? PLURAL_ONE : PLURAL_TWO;
	if (n % 100 >= 3 && n % 100 <= 10)
		return PLURAL_FEW;
	return n % 100 >= 11 ? PLURAL_MANY : PLURAL_OTHER;
}

static enum plural hebrew(uint64_t n)
{
	return n == 1 ? PLURAL_ONE : n == 2 ? PLURAL_TWO : PLURAL_OTHER;
}

static const struct {
	const char *language;
	rule *rule;
} rules[] = {
	{"ar", arabic},
	{"be", russian},
	{"cs", czech},
	{"fa", french},
	{"fr", french},
	{"he", hebrew},
	{"hi", french},
	{"id", japanese},
	{"ja", japanese},
	{"ko", japanese},
	{"pl", polish},
	{"ru", russian},
	{"sk", czech},
	{"th", japanese},
	{"uk", russian},
	{"vi", japanese},
	{"zh", japanese},
};

enum plural language_plural(struct str tag, int64_t number)
{
	uint64_t n = number < 0 ? (uint64_t) - (number + 1) + 1 : (uint64_t)number;
	struct str rest = tag, primary = str_cut(&rest, '-');

	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (str_equal_nocase(primary, str_of(rules[i].language)))
			return rules[i].rule(n);
	return english(n);
}
