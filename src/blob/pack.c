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

/* One thread that waits, on its own stack, for its bytes to be on disk. */
struct waiting {
	struct waiting *next;
	uint64_t number; /* of its append */
	sem_t turn;
	bool leads; /* its turn to sync for those that wait; otherwise it is through */
	int failed; /* errno */
};

struct pack {
	int fd;
	struct id name;
	uint64_t end;	  /* where the next bytes go */
	uint64_t written; /* appends whose bytes the kernel has; they are numbered from 1 */
	uint64_t synced;  /* of those, how many are on disk */
	unsigned holders; /* appends that are not settled, and the store */
	bool syncing;
	int broken; /* errno of a write or sync that failed; nothing is appended any more */
	struct waiting *first, **last;
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

static void line_up(struct pack *pack, struct waiting *own)
{
	(void)sem_init(&own->turn, 0, 0);
	*pack->last = own;
	pack->last = &own->next;
}

/* Takes those out of the line who are through, and whoever leads the next sync. They do not come for the lock
 * again: those who are through let the pack go by this. */
static struct waiting *take_out(struct pack *pack)
{
	struct waiting *out = NULL, **out_last = &out, **at = &pack->first;

	while (*at) {
		struct waiting *one = *at;
		if (!pack->broken && one->number > pack->synced) {
			at = &one->next;
			continue;
		}
		one->failed = one->number <= pack->synced ? 0 : pack->broken;
		pack->holders--;
		*at = one->next;
		*out_last = one;
		out_last = &one->next;
	}
	struct waiting *leader = pack->first;
	pack->syncing = leader != NULL;
	if (leader) {
		leader->leads = true;
		pack->first = leader->next;
	}
	pack->last = pack->first ? at : &pack->first;
	*out_last = leader;
	if (leader)
		leader->next = NULL;
	return out;
}

static void wake(struct waiting *out)
{
	while (out) {
		struct waiting *next = out->next; /* it is gone when its thread wakes up */
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
	struct waiting *out = take_out(pack);
	failed = pack->synced < number ? pack->broken : 0;
	pack_let_go(pack);
	lock_release(&store->pack_lock);
	wake(out);
	return failed;
}

/* The kernel has the bytes, or failed (errno). Then the pack is let go. */
static int note_written(struct blob_store *store, struct blob_append *append, int failed)
{
	struct pack *pack = append->pack;

	LOCKED(&store->pack_lock);
	if (failed && failed != ENOSPC && failed != EDQUOT)
		pack->broken = failed;
	failed = failed ? failed : pack->broken;
	if (failed)
		pack_let_go(TAKE(append->pack));
	else
		append->number = ++pack->written;
	return failed;
}

/* Waits until what was appended is on disk, and lets the pack go. 0, or errno. */
static int settle(struct blob_store *store, struct pack *pack, uint64_t number)
{
	struct waiting own = {.number = number};

	lock_take(&store->pack_lock);
	if (pack->broken || number <= pack->synced) {
		int failed = number <= pack->synced ? 0 : pack->broken;
		pack_let_go(pack);
		lock_release(&store->pack_lock);
		return failed;
	}
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
	return own.leads ? lead(store, pack, number) : own.failed;
}

static enum result lost(struct blob_store *store, const struct blob_place *place, int failed, struct err *err)
{
	(void)!blob_pack_discard(store, place, NULL);
	errno = failed;
	return blob_failure("appending to", err);
}

enum result blob_pack_append(
	struct blob_store *store, struct bytes data, int64_t now, struct blob_append *ret, struct err *err)
{
	struct blob_append append = {.place.size = data.len};

	TRY(reserve(store, data.len, now, &append.pack, &append.place.offset, err));
	append.place.pack = append.pack->name;
	int failed = write_at(append.pack->fd, data, append.place.offset);
	/* The disk may begin before a thread waits for it. */
	if (failed == 0)
		(void)sync_file_range(append.pack->fd, (off64_t)append.place.offset, (off64_t)data.len,
			SYNC_FILE_RANGE_WRITE);
	failed = note_written(store, &append, failed);
	if (failed)
		return lost(store, &append.place, failed, err);
	*ret = append;
	return RESULT_OK;
}

enum result blob_pack_settle(struct blob_store *store, struct blob_append *append, struct err *err)
{
	int failed = settle(store, TAKE(append->pack), append->number);

	return failed ? lost(store, &append->place, failed, err) : RESULT_OK;
}

void blob_pack_abandon(struct blob_store *store, struct blob_append *append)
{
	(void)!blob_pack_discard(store, &append->place, NULL);
	LOCKED(&store->pack_lock);
	pack_let_go(TAKE(append->pack));
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
