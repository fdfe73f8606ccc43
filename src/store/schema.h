/* The database's tables, as a line of migrations. docs/data-model.md explains them. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "db/db.h"

/* Brings the database to this program's version. ret_from and ret_to (may be NULL) get the versions before
 * and after. CONFLICT when the database is newer than the program. */
enum result schema_migrate(struct db *db, int *ret_from, int *ret_to, struct err *err) must_check;

/* OK when the database is exactly at this program's version, CONFLICT with the mend in words otherwise. */
enum result schema_check(struct db *db, struct err *err) must_check;

/* The newest version this program knows. */
int schema_version(void);

#endif
