/* Blobs: large sealed bytes, named by identifiers we made. A store is a folder now; the interface is that of
 * any store whose objects are written once and read at offsets. */
#ifndef BLOB_BLOB_H
#define BLOB_BLOB_H

#include "base/clock.h"
#include "base/id.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

struct blob_store;

/* A folder, made when it is not there. UNAVAILABLE when it cannot be used. */
enum result blob_folder_open(const char *path, struct blob_store **ret, struct err *err) must_check;
void blob_store_close(struct blob_store *store);
DEFINE_CLEANUP(struct blob_store *, blob_store_close)

/* Takes the store for this process alone, until it ends or closes the store. CONFLICT when another process
 * has it. */
enum result blob_lock(struct blob_store *store, struct err *err) must_check;

struct blob_writer;

/* Begins a blob, which nobody sees until blob_writer_commit. CONFLICT when one of that name was begun. The
 * store must outlive the writer. */
enum result blob_writer_new(
	struct blob_store *store, struct id name, struct blob_writer **ret, struct err *err) must_check;

/* UNAVAILABLE with code "disk-full" when there is no room, UNAVAILABLE on other failures of the store. */
enum result blob_writer_write(struct blob_writer *writer, struct str data, struct err *err) must_check;

/* Returns when the bytes and the name are on disk; once for a writer. CONFLICT when there is a blob of that
 * name; when it fails, nobody sees the blob. */
enum result blob_writer_commit(struct blob_writer *writer, struct err *err) must_check;

/* Frees it; what was not committed leaves nothing behind. */
void blob_writer_free(struct blob_writer *writer);
DEFINE_CLEANUP(struct blob_writer *, blob_writer_free)

struct blob_reader;

/* NOT_FOUND, UNAVAILABLE. */
enum result blob_reader_new(
	struct blob_store *store, struct id name, struct blob_reader **ret, struct err *err) must_check;
void blob_reader_free(struct blob_reader *reader);
DEFINE_CLEANUP(struct blob_reader *, blob_reader_free)

/* Its bytes at offsets; lives as long as the reader, may be used by several threads. */
struct reader blob_reader_bytes(struct blob_reader *reader);

/* OK also when there is none. */
enum result blob_delete(struct blob_store *store, struct id name, struct err *err) must_check;

/* Bytes that can still be written. */
enum result blob_free_space(struct blob_store *store, uint64_t *ret, struct err *err) must_check;

/* Removes begun blobs that a crash left behind; at the start of the only node. *ret_count: how many. */
enum result blob_sweep(struct blob_store *store, size_t *ret_count, struct err *err) must_check;

/* Visits every blob, in no order, until a visit gives another result than OK, which comes through; what is
 * committed or deleted meanwhile may be left out. A visit may delete the blob. A crash between a blob and the
 * transaction that names it leaves a blob that no row knows: it is found here, and must be much older
 * (id_time) than the longest intake before it is taken for one. */
enum result blob_each(struct blob_store *store,
	enum result (*visit)(void *context, struct id name, struct err *err), void *context,
	struct err *err) must_check;

/* Packs: sealed bytes of ordinary mails, one after the other in few files, because a file with its sync costs
 * more than the rest of such a mail. Whoever appends remembers the place. */
struct blob_place {
	struct id pack;
	uint64_t offset, size;
};

/* On its way to the disk. */
struct blob_append {
	struct blob_place place;
	struct pack *pack; /* NULL once it is settled or abandoned */
	uint64_t number;
};

/* Appends at the time `now`. What was appended is then settled or abandoned, once; `data` may go. UNAVAILABLE
 * as blob_writer_write. */
enum result blob_pack_append(struct blob_store *store, struct bytes data, int64_t now,
	struct blob_append *ret, struct err *err) must_check;

/* Returns when the bytes are on disk; appends of several threads share a sync. UNAVAILABLE: they are nowhere.
 */
enum result blob_pack_settle(
	struct blob_store *store, struct blob_append *append, struct err *err) must_check;
void blob_pack_abandon(struct blob_store *store, struct blob_append *append);

/* As blob_reader_new. A place that was discarded reads as zeros. */
enum result blob_pack_reader_new(struct blob_store *store, const struct blob_place *place,
	struct blob_reader **ret, struct err *err) must_check;

/* Gives the room of a place back to the file system where that can punch holes; OK also where it cannot. */
enum result blob_pack_discard(
	struct blob_store *store, const struct blob_place *place, struct err *err) must_check;

/* As blob_each, for packs. A pack that is older (id_time) than BLOB_PACK_AGE_MS and a transaction is appended
 * to by nobody; when no row names a place in it either, it may be deleted. */
#define BLOB_PACK_AGE_MS (24 * MS_HOUR)
enum result blob_each_pack(struct blob_store *store,
	enum result (*visit)(void *context, struct id name, struct err *err), void *context,
	struct err *err) must_check;

/* OK also when there is none. */
enum result blob_pack_delete(struct blob_store *store, struct id name, struct err *err) must_check;

#endif
