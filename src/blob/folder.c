/* A folder as a blob store: <folder>/<xx>/<identifier>, where xx are the last two characters of the
 * identifier, which are random. A begun blob is <folder>/new/<identifier>; it is synced, renamed, and its
 * folder synced, so after a crash a blob is there whole or not at all. */
#include "blob/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define NAME_BYTES 64

struct blob_store {
	char *path;
	int fd; /* of the folder */
};

struct blob_writer {
	struct blob_store *store;
	struct id name;
	int fd;
	bool committed;
};

struct blob_reader {
	int fd;
	uint64_t size;
};

static enum result failure(const char *what, struct err *err)
{
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		return err_code(err, RESULT_UNAVAILABLE, "disk-full", "no room left for blobs");
	return err_code(err, RESULT_UNAVAILABLE, "blob-unavailable", "%s a blob: %s", what, strerror(errno));
}

static void folder_name(struct id name, char ret[static NAME_BYTES])
{
	struct id_text text = id_text(name);

	/* The last character of 26 holds only three bits, so the two before it. */
	(void)snprintf(ret, NAME_BYTES, "%.2s", text.s + ID_TEXT_LEN - 3);
}

static void final_name(struct id name, char ret[static NAME_BYTES])
{
	char folder[NAME_BYTES];

	folder_name(name, folder);
	(void)snprintf(ret, NAME_BYTES, "%.2s/%s", folder, id_text(name).s);
}

static void new_name(struct id name, char ret[static NAME_BYTES])
{
	(void)snprintf(ret, NAME_BYTES, "new/%s", id_text(name).s);
}

enum result blob_folder_open(const char *path, struct blob_store **ret, struct err *err)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(err, RESULT_UNAVAILABLE, "the blob folder %s: %s", path, strerror(errno));
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, RESULT_UNAVAILABLE, "the blob folder %s: %s", path, strerror(errno));
	if (mkdirat(fd, "new", 0700) < 0 && errno != EEXIST) {
		(void)close(fd);
		return err_set(err, RESULT_UNAVAILABLE, "the blob folder %s: %s", path, strerror(errno));
	}
	struct blob_store *store = mem_new(sizeof(*store));
	*store = (struct blob_store){.path = mem_strdup(path), .fd = fd};
	*ret = store;
	return RESULT_OK;
}

void blob_store_close(struct blob_store *store)
{
	if (store == NULL)
		return;
	(void)close(store->fd);
	free(store->path);
	free(store);
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
		return failure("making", err);
	struct blob_writer *writer = mem_new(sizeof(*writer));
	*writer = (struct blob_writer){.store = store, .name = name, .fd = fd};
	*ret = writer;
	return RESULT_OK;
}

enum result blob_writer_write(struct blob_writer *writer, struct str data, struct err *err)
{
	while (data.len > 0) {
		ssize_t done = write(writer->fd, data.ptr, data.len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return failure("writing", err);
		data = str_from(data, (size_t)done);
	}
	return RESULT_OK;
}

static enum result sync_folder(struct blob_store *store, const char *folder, struct err *err)
{
	cleanup(fd_close_at) int fd = openat(store->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? failure("syncing", err) : RESULT_OK;
}

enum result blob_writer_commit(struct blob_writer *writer, struct err *err)
{
	struct blob_store *store = writer->store;
	char from[NAME_BYTES], to[NAME_BYTES], folder[NAME_BYTES];

	if (fsync(writer->fd) < 0)
		return failure("syncing", err);
	new_name(writer->name, from);
	final_name(writer->name, to);
	folder_name(writer->name, folder);
	if (mkdirat(store->fd, folder, 0700) == 0)
		TRY(sync_folder(store, ".", err));
	if (renameat2(store->fd, from, store->fd, to, RENAME_NOREPLACE) < 0)
		return errno == EEXIST ? err_set(err, RESULT_CONFLICT, "there is a blob of that name")
				       : failure("naming", err);
	writer->committed = true;
	return sync_folder(store, folder, err);
}

void blob_writer_free(struct blob_writer *writer)
{
	char path[NAME_BYTES];

	if (writer == NULL)
		return;
	(void)close(writer->fd);
	if (!writer->committed) {
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
		return failure("opening", err);
	if (fstat(fd, &facts) < 0) {
		(void)close(fd);
		return failure("opening", err);
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

	do
		got = pread(reader->fd, data, size, (off_t)offset);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return failure("reading", err);
	*ret_read = (size_t)got;
	return RESULT_OK;
}

struct reader blob_reader_bytes(struct blob_reader *reader)
{
	return (struct reader){blob_read_at, reader, reader->size};
}

enum result blob_delete(struct blob_store *store, struct id name, struct err *err)
{
	char path[NAME_BYTES], folder[NAME_BYTES];

	final_name(name, path);
	folder_name(name, folder);
	if (unlinkat(store->fd, path, 0) < 0)
		return errno == ENOENT ? RESULT_OK : failure("deleting", err);
	return sync_folder(store, folder, err);
}

enum result blob_free_space(struct blob_store *store, uint64_t *ret, struct err *err)
{
	struct statvfs facts;

	if (fstatvfs(store->fd, &facts) < 0)
		return failure("measuring", err);
	*ret = (uint64_t)facts.f_bavail * facts.f_frsize;
	return RESULT_OK;
}

enum result blob_sweep(struct blob_store *store, size_t *ret_count, struct err *err)
{
	int fd = openat(store->fd, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t count = 0;

	if (folder == NULL)
		return failure("sweeping", err);
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.' && unlinkat(fd, entry->d_name, 0) == 0)
			count++;
	(void)closedir(folder);
	*ret_count = count;
	return RESULT_OK;
}
