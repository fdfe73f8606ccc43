/* What every cmocka test includes: cmocka needs these headers before its own. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

/* Compares a slice with a literal and shows both when they differ. */
#define assert_str(actual, literal)                                                                          \
	do {                                                                                                 \
		struct str actual_ = (actual);                                                               \
		if (!str_equal(actual_, str_of(literal)))                                                    \
			fail_msg("got \"%.*s\", expected \"%s\"", STR_ARG(actual_), literal);                \
	} while (0)

#define assert_ok(expression) assert_int_equal((expression), 0)

#endif
