/* What folder.c and pack.c share of a folder as a store. */
#ifndef BLOB_BLOB_PRIVATE_H
#define BLOB_BLOB_PRIVATE_H

#include "base/thread.h"
#include "blob/blob.h"

#include <dirent.h>

struct pack;

struct blob_store {
	int fd; /* of the folder */
	/* Guards `pack` and what is in packs. */
	struct lock pack_lock;
	struct pack *pack; /* that is appended to; NULL before the first append */
};

struct blob_reader {
	int fd;
	uint64_t begin, size; /* of the blob within the file */
};

/* UNAVAILABLE for errno, with code "disk-full" when there is no room. */
enum result blob_failure(const char *what, struct err *err);

/* Writes all of it where the descriptor stands. */
enum result blob_write_all(int fd, struct str data, struct err *err) must_check;

/* Syncs one of the store's own folders, so that a name in it stays. */
enum result blob_sync_folder(const struct blob_store *store, const char *folder, struct err *err) must_check;

/* A listing of one of the store's own folders; NULL with errno set when it cannot be had. */
DIR *blob_list_folder(const struct blob_store *store, const char *folder);
void blob_list_end_at(DIR **folder);

/* At the end of the store. */
void blob_pack_close(struct blob_store *store);

#endif
