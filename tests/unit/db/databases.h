/* The databases that tests run on: SQLite in a folder of its own, and PostgreSQL when the environment names
 * one (tests/tools/with_postgres.py starts it). */
#ifndef TESTS_UNIT_DB_DATABASES_H
#define TESTS_UNIT_DB_DATABASES_H

#include "db/db.h"

#include <stdlib.h>

/* A folder for the test's files, made anew; the caller's buffer gets the URL. */
void test_sqlite_url(char url[static 200]);

/* NULL when there is none. */
static inline const char *test_postgres_url(void)
{
	return getenv("SEALPOST_TEST_POSTGRES");
}

struct db *test_db_open(const char *url);

#endif
