/* A blob store in a folder of its own: `store_setup` and `store_teardown` are a group's. */
#ifndef TESTS_UNIT_BLOB_STORE_H
#define TESTS_UNIT_BLOB_STORE_H

#include "blob/blob.h"
#include "tests/unit/temporary_folder.h"

static const char *folder;
static struct blob_store *store;

static int store_setup(void **state)
{
	(void)state;
	folder = temporary_folder();
	return blob_folder_open(folder, &store, NULL) == RESULT_OK ? 0 : -1;
}

static int store_teardown(void **state)
{
	(void)state;
	blob_store_close(store);
	return 0;
}

#endif
