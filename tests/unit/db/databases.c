#include "tests/unit/db/databases.h"

#include "tests/unit/temporary_folder.h"
#include "tests/unit/unit.h"

#include <stdio.h>

void test_sqlite_url(char url[static 200])
{
	(void)snprintf(url, 200, "sqlite:%s/test.db", temporary_folder());
}

struct db *test_db_open(const char *url)
{
	struct db_config config = {.url = str_of(url)};
	struct err err = {0};
	struct db *db = NULL;

	if (db_open(&config, &db, &err) != RESULT_OK)
		fail_msg("%s", err.text);
	return db;
}
