/* A folder as a blob store: <folder>/<x>/<identifier>, where x is the last but one character of the
 * identifier, which is random; so 32 folders, all made and synced before the first blob. A begun blob is
 * <folder>/new/<identifier>; it is synced, renamed, and its folder synced, so after a crash a blob is there
 * whole or not at all. Packs are in <folder>/pack (blob/pack.c). */
#include "blob/blob_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define NAME_BYTES 64
#define PACK_RANK 520

/* Of identifiers as text. */
static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

struct blob_writer {
	struct blob_store *store;
	struct id name;
	int fd;
	bool named; /* no longer in "new" */
};

enum result blob_failure(const char *what, struct err *err)
{
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		return err_code(err, RESULT_UNAVAILABLE, "disk-full", "no room left for blobs");
	return err_code(err, RESULT_UNAVAILABLE, "blob-unavailable", "%s a blob: %s", what, strerror(errno));
}

/* The last character of 26 holds only three bits, so the one before it. */
static char folder_letter(struct id name)
{
	return id_text(name).s[ID_TEXT_LEN - 2];
}

static void final_name(struct id name, char ret[static NAME_BYTES])
{
	(void)snprintf(ret, NAME_BYTES, "%c/%s", folder_letter(name), id_text(name).s);
}

static void new_name(struct id name, char ret[static NAME_BYTES])
{
	(void)snprintf(ret, NAME_BYTES, "new/%s", id_text(name).s);
}

/* Makes what is missing inside the folder and syncs it. Sets errno when it fails. */
static bool make_folders(int fd)
{
	static const char *const own[] = {"new", "pack"};

	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (mkdirat(fd, own[i], 0700) < 0 && errno != EEXIST)
			return false;
	for (const char *letter = letters; *letter; letter++) {
		char name[] = {*letter, '\0'};
		if (mkdirat(fd, name, 0700) < 0 && errno != EEXIST)
			return false;
	}
	return fsync(fd) == 0;
}

static bool sync_above(int fd)
{
	cleanup(fd_close_at) int above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return above >= 0 && fsync(above) == 0;
}

enum result blob_folder_open(const char *path, struct blob_store **ret, struct err *err)
{
	bool is_made = mkdir(path, 0700) == 0;
	if (!is_made && errno != EEXIST)
		return err_set(err, RESULT_UNAVAILABLE, "the blob folder %s: %s%s", path, strerror(errno),
			errno == ENOENT ? "; make the folder above it" : "");
	cleanup(fd_close_at) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* What is above a folder that somebody else made may not be ours to open. */
	if (fd < 0 || !make_folders(fd) || (!sync_above(fd) && is_made))
		return err_set(err, RESULT_UNAVAILABLE, "the blob folder %s: %s", path, strerror(errno));
	struct blob_store *store = mem_new(sizeof(*store));
	*store = (struct blob_store){.fd = fd};
	lock_init(&store->pack_lock, "blob packs", PACK_RANK);
	fd = -1;
	*ret = store;
	return RESULT_OK;
}

void blob_store_close(struct blob_store *store)
{
	if (store == NULL)
		return;
	blob_pack_close(store);
	lock_done(&store->pack_lock);
	(void)close(store->fd);
	free(store);
}

enum result blob_lock(struct blob_store *store, struct err *err)
{
	if (flock(store->fd, LOCK_EX | LOCK_NB) == 0)
		return RESULT_OK;
	return errno == EWOULDBLOCK ? err_set(err, RESULT_CONFLICT, "another process uses the blob folder")
				    : blob_failure("locking", err);
}

enum result blob_writer_new(
	struct blob_store *store, struct id name, struct blob_writer **ret, struct err *err)
{
	char path[NAME_BYTES];

	new_name(name, path);
	int fd = openat(store->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return err_set(err, RESULT_CONFLICT, "there is a blob of that name");
	if (fd < 0)
		return blob_failure("making", err);
	struct blob_writer *writer = mem_new(sizeof(*writer));
	*writer = (struct blob_writer){.store = store, .name = name, .fd = fd};
	*ret = writer;
	return RESULT_OK;
}

enum result blob_write_all(int fd, struct str data, struct err *err)
{
	while (data.len > 0) {
		ssize_t done = write(fd, data.ptr, data.len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return blob_failure("writing", err);
		data = str_from(data, (size_t)done);
	}
	return RESULT_OK;
}

enum result blob_writer_write(struct blob_writer *writer, struct str data, struct err *err)
{
	return blob_write_all(writer->fd, data, err);
}

static int folder_open(const struct blob_store *store, const char *folder)
{
	return openat(store->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum result blob_sync_folder(const struct blob_store *store, const char *folder, struct err *err)
{
	cleanup(fd_close_at) int fd = folder_open(store, folder);

	return fd < 0 || fsync(fd) < 0 ? blob_failure("syncing", err) : RESULT_OK;
}

static enum result sync_folder_of(struct blob_store *store, struct id name, struct err *err)
{
	char folder[] = {folder_letter(name), '\0'};

	return blob_sync_folder(store, folder, err);
}

/* Renames and never replaces. Sets errno when it fails. */
static bool rename_new(struct blob_store *store, const char *from, const char *to)
{
	if (renameat2(store->fd, from, store->fd, to, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	/* A network file system without that flag; names are never used twice, so looking first is enough. */
	if (faccessat(store->fd, to, F_OK, 0) == 0) {
		errno = EEXIST;
		return false;
	}
	return renameat(store->fd, from, store->fd, to) == 0;
}

enum result blob_writer_commit(struct blob_writer *writer, struct err *err)
{
	struct blob_store *store = writer->store;
	char from[NAME_BYTES], to[NAME_BYTES];

	if (fsync(writer->fd) < 0)
		return blob_failure("syncing", err);
	new_name(writer->name, from);
	final_name(writer->name, to);
	if (!rename_new(store, from, to))
		return errno == EEXIST ? err_set(err, RESULT_CONFLICT, "there is a blob of that name")
				       : blob_failure("naming", err);
	writer->named = true;
	enum result result = sync_folder_of(store, writer->name, err);
	if (result != RESULT_OK)
		(void)unlinkat(store->fd, to, 0);
	return result;
}

void blob_writer_free(struct blob_writer *writer)
{
	char path[NAME_BYTES];

	if (writer == NULL)
		return;
	(void)close(writer->fd);
	if (!writer->named) {
		new_name(writer->name, path);
		(void)unlinkat(writer->store->fd, path, 0);
	}
	free(writer);
}

enum result blob_reader_new(
	struct blob_store *store, struct id name, struct blob_reader **ret, struct err *err)
{
	char path[NAME_BYTES];
	struct stat facts;

	final_name(name, path);
	int fd = openat(store->fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, RESULT_NOT_FOUND, "there is no such blob");
	if (fd < 0)
		return blob_failure("opening", err);
	if (fstat(fd, &facts) < 0) {
		(void)close(fd);
		return blob_failure("opening", err);
	}
	struct blob_reader *reader = mem_new(sizeof(*reader));
	*reader = (struct blob_reader){.fd = fd, .size = (uint64_t)facts.st_size};
	*ret = reader;
	return RESULT_OK;
}

void blob_reader_free(struct blob_reader *reader)
{
	if (reader == NULL)
		return;
	(void)close(reader->fd);
	free(reader);
}

static enum result blob_read_at(
	void *context, uint64_t offset, void *data, size_t size, size_t *ret_read, struct err *err)
{
	const struct blob_reader *reader = context;
	ssize_t got;

	if (offset >= reader->size) {
		*ret_read = 0;
		return RESULT_OK;
	}
	if (size > reader->size - offset)
		size = (size_t)(reader->size - offset);
	do
		got = pread(reader->fd, data, size, (off_t)(reader->begin + offset));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return blob_failure("reading", err);
	*ret_read = (size_t)got;
	return RESULT_OK;
}

struct reader blob_reader_bytes(struct blob_reader *reader)
{
	return (struct reader){blob_read_at, reader, reader->size};
}

enum result blob_delete(struct blob_store *store, struct id name, struct err *err)
{
	char path[NAME_BYTES];

	final_name(name, path);
	if (unlinkat(store->fd, path, 0) < 0)
		return errno == ENOENT ? RESULT_OK : blob_failure("deleting", err);
	return sync_folder_of(store, name, err);
}

enum result blob_free_space(struct blob_store *store, uint64_t *ret, struct err *err)
{
	struct statvfs facts;

	if (fstatvfs(store->fd, &facts) < 0)
		return blob_failure("measuring", err);
	*ret = (uint64_t)facts.f_bavail * facts.f_frsize;
	return RESULT_OK;
}

DIR *blob_list_folder(const struct blob_store *store, const char *folder)
{
	int fd = folder_open(store, folder);
	DIR *listing = fd < 0 ? NULL : fdopendir(fd);

	if (listing == NULL && fd >= 0)
		(void)close(fd);
	return listing;
}

void blob_list_end_at(DIR **folder)
{
	if (*folder)
		(void)closedir(*folder);
}

enum result blob_sweep(struct blob_store *store, size_t *ret_count, struct err *err)
{
	cleanup(blob_list_end_at) DIR *folder = blob_list_folder(store, "new");
	struct dirent *entry;
	size_t count = 0;

	if (folder == NULL)
		return blob_failure("sweeping", err);
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.' && unlinkat(dirfd(folder), entry->d_name, 0) == 0)
			count++;
	*ret_count = count;
	return RESULT_OK;
}

enum result blob_each(struct blob_store *store,
	enum result (*visit)(void *context, struct id name, struct err *err), void *context, struct err *err)
{
	struct id name;

	for (const char *letter = letters; *letter; letter++) {
		char of_letter[] = {*letter, '\0'};
		cleanup(blob_list_end_at) DIR *folder = blob_list_folder(store, of_letter);
		struct dirent *entry;

		if (folder == NULL)
			return blob_failure("listing", err);
		while ((errno = 0, entry = readdir(folder)))
			if (id_parse(str_of(entry->d_name), &name) && folder_letter(name) == *letter)
				TRY(visit(context, name, err));
		if (errno)
			return blob_failure("listing", err);
	}
	return RESULT_OK;
}
