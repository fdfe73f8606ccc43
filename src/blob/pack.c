/* A pack is <folder>/pack/<identifier>: sealed bytes one after the other with nothing between; where each
 * begins and ends stands in the rows of whoever appended them. A process begins packs of its own and appends
 * to no other's, so what a crash cut off at the end of a pack is named by no row and disturbs nobody. A pack
 * ends when it is large or a day old.
 *
 * The bytes are written by many threads at once, each at a place of its own, and synced by one of them for
 * all. When a sync fails nobody knows what is on disk (the kernel tells it once), so the pack is given up. */
#include "blob/blob_private.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 64
#define PACK_BYTES_MAX (UINT64_C(256) << 20)

/* One thread's bytes, written, while it waits on its own stack. */
struct append {
	struct append *next;
	uint64_t number; /* of those written, from 1 */
	sem_t turn;
	bool leads; /* its turn to sync for those that wait; otherwise it is through */
	int failed; /* errno */
};

struct pack {
	int fd;
	struct id name;
	uint64_t end;	  /* where the next bytes go */
	uint64_t written; /* appends whose bytes the kernel has */
	uint64_t synced;  /* of those, how many are on disk */
	unsigned holders; /* threads that append, and the store */
	bool syncing;
	int broken;		      /* errno of a write or sync that failed; nothing is appended any more */
	struct append *first, **last; /* those that wait, in the order of their numbers */
};

static void pack_path(struct id name, char ret[static NAME_BYTES])
{
	(void)snprintf(ret, NAME_BYTES, "pack/%s", id_text(name).s);
}

static enum result pack_begin(struct blob_store *store, int64_t now, struct pack **ret, struct err *err)
{
	struct id name = id_new(now);
	char path[NAME_BYTES];

	pack_path(name, path);
	cleanup(fd_close_at) int fd = openat(store->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return blob_failure("beginning", err);
	TRY(blob_sync_folder(store, "pack", err));
	struct pack *pack = mem_new(sizeof(*pack));
	*pack = (struct pack){.fd = fd, .name = name, .holders = 1};
	pack->last = &pack->first;
	fd = -1;
	*ret = pack;
	return RESULT_OK;
}

/* The lock is held. */
static void pack_let_go(struct pack *pack)
{
	if (--pack->holders > 0)
		return;
	(void)close(pack->fd);
	free(pack);
}

void blob_pack_close(struct blob_store *store)
{
	LOCKED(&store->pack_lock);
	if (store->pack)
		pack_let_go(TAKE(store->pack));
}

static bool is_full(const struct pack *pack, size_t more, int64_t now)
{
	return pack->broken || pack->end + more > PACK_BYTES_MAX ||
	       now >= id_time(pack->name) + BLOB_PACK_AGE_MS || now < id_time(pack->name);
}

/* A place of the caller's own in a pack that it holds. */
static enum result reserve(struct blob_store *store, size_t size, int64_t now, struct pack **ret,
	uint64_t *ret_offset, struct err *err)
{
	LOCKED(&store->pack_lock);
	if (store->pack && is_full(store->pack, size, now))
		pack_let_go(TAKE(store->pack));
	if (store->pack == NULL)
		TRY(pack_begin(store, now, &store->pack, err));
	*ret = store->pack;
	*ret_offset = store->pack->end;
	store->pack->end += size;
	store->pack->holders++;
	return RESULT_OK;
}

/* 0, or errno. */
static int write_at(int fd, struct bytes data, uint64_t offset)
{
	for (size_t at = 0; at < data.len;) {
		ssize_t done = pwrite(fd, data.ptr + at, data.len - at, (off_t)(offset + at));
		if (done < 0 && errno != EINTR)
			return errno;
		at += done < 0 ? 0 : (size_t)done;
	}
	return 0;
}

static void line_up(struct pack *pack, struct append *append)
{
	(void)sem_init(&append->turn, 0, 0);
	*pack->last = append;
	pack->last = &append->next;
}

/* Takes those out of the line who are through, and behind them whoever leads the next sync. They do not come
 * for the lock again: those who are through let the pack go by this. */
static struct append *take_out(struct pack *pack)
{
	struct append *out = pack->first, **end = &out;

	for (; *end && (pack->broken || (*end)->number <= pack->synced); end = &(*end)->next) {
		(*end)->failed = (*end)->number <= pack->synced ? 0 : pack->broken;
		pack->holders--;
	}
	struct append *leader = *end;
	pack->syncing = leader != NULL;
	if (leader) {
		leader->leads = true;
		end = &leader->next;
	}
	pack->first = *end;
	if (pack->first == NULL)
		pack->last = &pack->first;
	*end = NULL;
	return out;
}

static void wake(struct append *out)
{
	while (out) {
		struct append *next = out->next; /* it is gone when its thread wakes up */
		(void)sem_post(&out->turn);
		out = next;
	}
}

/* One thread syncs what all have written by then. 0, or errno of its own bytes. */
static int lead(struct blob_store *store, struct pack *pack, uint64_t number)
{
	lock_take(&store->pack_lock);
	uint64_t all = pack->written;
	lock_release(&store->pack_lock);
	int failed = fdatasync(pack->fd) < 0 ? errno : 0;
	lock_take(&store->pack_lock);
	if (failed)
		pack->broken = failed;
	else
		pack->synced = all;
	struct append *out = take_out(pack);
	failed = pack->synced < number ? pack->broken : 0;
	pack_let_go(pack);
	lock_release(&store->pack_lock);
	wake(out);
	return failed;
}

/* Of a pack that this thread holds. */
static int refuse(struct pack *pack, int failed)
{
	if (failed != ENOSPC && failed != EDQUOT)
		pack->broken = failed;
	pack_let_go(pack);
	return failed;
}

/* Waits until what this thread wrote is on disk, and lets the pack go. 0, or errno. */
static int settle(struct blob_store *store, struct pack *pack, int failed)
{
	struct append own = {0};

	lock_take(&store->pack_lock);
	if (failed || pack->broken) {
		failed = refuse(pack, failed ? failed : pack->broken);
		lock_release(&store->pack_lock);
		return failed;
	}
	own.number = ++pack->written;
	own.leads = !pack->syncing;
	pack->syncing = true;
	bool waits = !own.leads;
	if (waits)
		line_up(pack, &own);
	lock_release(&store->pack_lock);
	while (waits && sem_wait(&own.turn) != 0)
		; /* a signal came */
	if (waits)
		(void)sem_destroy(&own.turn);
	return own.leads ? lead(store, pack, own.number) : own.failed;
}

enum result blob_pack_append(
	struct blob_store *store, struct bytes data, int64_t now, struct blob_place *ret, struct err *err)
{
	struct pack *pack;
	uint64_t offset;

	TRY(reserve(store, data.len, now, &pack, &offset, err));
	struct blob_place place = {pack->name, offset, data.len};
	int failed = write_at(pack->fd, data, offset);
	/* The disk may begin before it is this thread's turn, or another's, to sync. */
	if (failed == 0)
		(void)sync_file_range(pack->fd, (off64_t)offset, (off64_t)data.len, SYNC_FILE_RANGE_WRITE);
	failed = settle(store, pack, failed);
	if (failed == 0) {
		*ret = place;
		return RESULT_OK;
	}
	(void)!blob_pack_discard(store, &place, NULL);
	errno = failed;
	return blob_failure("appending to", err);
}

enum result blob_pack_reader_new(
	struct blob_store *store, const struct blob_place *place, struct blob_reader **ret, struct err *err)
{
	char path[NAME_BYTES];

	pack_path(place->pack, path);
	int fd = openat(store->fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, RESULT_NOT_FOUND, "there is no such pack");
	if (fd < 0)
		return blob_failure("opening", err);
	struct blob_reader *reader = mem_new(sizeof(*reader));
	*reader = (struct blob_reader){.fd = fd, .begin = place->offset, .size = place->size};
	*ret = reader;
	return RESULT_OK;
}

enum result blob_pack_discard(struct blob_store *store, const struct blob_place *place, struct err *err)
{
	char path[NAME_BYTES];

	pack_path(place->pack, path);
	cleanup(fd_close_at) int fd = openat(store->fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? RESULT_OK : blob_failure("discarding", err);
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)place->offset,
		    (off_t)place->size) < 0 &&
		errno != EOPNOTSUPP && errno != ENOSYS)
		return blob_failure("discarding", err);
	return RESULT_OK;
}

enum result blob_each_pack(struct blob_store *store,
	enum result (*visit)(void *context, struct id name, struct err *err), void *context, struct err *err)
{
	cleanup(blob_list_end_at) DIR *folder = blob_list_folder(store, "pack");
	struct dirent *entry;
	struct id name;

	if (folder == NULL)
		return blob_failure("listing", err);
	while ((errno = 0, entry = readdir(folder)))
		if (id_parse(str_of(entry->d_name), &name))
			TRY(visit(context, name, err));
	return errno ? blob_failure("listing", err) : RESULT_OK;
}

enum result blob_pack_delete(struct blob_store *store, struct id name, struct err *err)
{
	char path[NAME_BYTES];

	pack_path(name, path);
	if (unlinkat(store->fd, path, 0) < 0)
		return errno == ENOENT ? RESULT_OK : blob_failure("deleting", err);
	return blob_sync_folder(store, "pack", err);
}
