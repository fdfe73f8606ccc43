/* What the tests of this folder share. */
#ifndef TESTS_UNIT_SEAL_UNIT_H
#define TESTS_UNIT_SEAL_UNIT_H

#include "base/mem.h"
#include "seal/key.h"
#include "tests/unit/unit.h"

static inline int seal_setup(void **state)
{
	(void)state;
	return seal_init() == RESULT_OK ? 0 : -1;
}

#endif
