/* A blob store in a folder of its own: `store_setup` and `store_teardown` are a group's. */
#ifndef TESTS_UNIT_BLOB_STORE_H
#define TESTS_UNIT_BLOB_STORE_H

#include "blob/blob.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static char folder[] = "/tmp/sealpost-test-XXXXXX";
static struct blob_store *store;

static int store_setup(void **state)
{
	(void)state;
	return mkdtemp(folder) && blob_folder_open(folder, &store, NULL) == RESULT_OK ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
	(void)facts;
	(void)kind;
	(void)place;
	return remove(path);
}

static int store_teardown(void **state)
{
	(void)state;
	blob_store_close(store);
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
