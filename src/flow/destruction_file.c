#include "flow/destruction_file.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES_MAX (2 * ID_TEXT_LEN + 23)

static enum result failure(const char *what, const char *path, struct err *err)
{
	int why = errno;

	return err_set(err, why == ENOENT ? RESULT_NOT_FOUND : RESULT_UNAVAILABLE, "%s the list %s: %s", what,
		path, strerror(why));
}

bool destruction_line_read(struct str line, struct destruction *ret)
{
	struct destruction read;
	uint64_t when;

	if (line.len > LINE_BYTES_MAX || !id_parse(str_cut(&line, ' '), &read.holder_id) ||
		!id_parse(str_cut(&line, ' '), &read.message_id) || !str_to_uint(line, INT64_MAX, &when))
		return false;
	read.destroyed_at = (int64_t)when;
	*ret = read;
	return true;
}

/* A file that was made just now must be found after a crash. */
static bool sync_folder_of(const char *path)
{
	char *copy = strdup(path);
	cleanup(fd_close_at) int folder = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(copy);
	return folder >= 0 && fsync(folder) == 0;
}

static bool write_all(int fd, struct str text)
{
	while (text.len) {
		ssize_t done = write(fd, text.ptr, text.len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		text = str_from(text, (size_t)done);
	}
	return true;
}

/* What was cut by a crash or a full disk is a line of its own. */
static bool begins_line(int fd, off_t end)
{
	char last = '\n';

	return end == 0 || (pread(fd, &last, 1, end - 1) == 1 && last == '\n');
}

enum result destruction_file_append(
	const char *path, const struct destruction *list, size_t count, int64_t *ret_end, struct err *err)
{
	cleanup(fd_close_at) int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	cleanup(buf_done) struct buf lines = buf_new((count + 1) * (LINE_BYTES_MAX + 1));
	off_t end;

	if (fd < 0 || flock(fd, LOCK_EX) < 0 || (end = lseek(fd, 0, SEEK_END)) < 0)
		return failure("opening", path, err);
	if (!begins_line(fd, end))
		buf_add(&lines, STR("\n"));
	for (size_t i = 0; i < count; i++)
		buf_printf(&lines, "%s %s %lld\n", id_text(list[i].holder_id).s,
			id_text(list[i].message_id).s, (long long)list[i].destroyed_at);
	if (!write_all(fd, buf_str(&lines)) || fdatasync(fd) < 0 || (end == 0 && !sync_folder_of(path)) ||
		(end = lseek(fd, 0, SEEK_END)) < 0)
		return failure("writing", path, err);
	*ret_end = end;
	return RESULT_OK;
}

enum result destruction_file_size(const char *path, int64_t *ret, struct err *err)
{
	struct stat facts = {0};

	if (stat(path, &facts) < 0 && errno != ENOENT)
		return failure("reading", path, err);
	*ret = facts.st_size;
	return RESULT_OK;
}

enum result destruction_file_read(const char *path, int64_t *at,
	struct destruction ret[static DESTRUCTION_LINES_AT_ONCE], size_t *ret_count, size_t *ret_bad,
	struct err *err)
{
	char bytes[DESTRUCTION_LINES_AT_ONCE * (LINE_BYTES_MAX + 1)];
	cleanup(fd_close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : pread(fd, bytes, sizeof(bytes), *at);

	*ret_count = *ret_bad = 0;
	if (got < 0)
		return failure("reading", path, err);
	struct str rest = {bytes, (size_t)got};
	while (*ret_count < DESTRUCTION_LINES_AT_ONCE && rest.len) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		/* One without an end is the file's last, or no line of ours. */
		size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
		if (!end && rest.len < (size_t)got)
			break;
		if (destruction_line_read(str_sub(rest, 0, len), &ret[*ret_count]))
			++*ret_count;
		else if (len)
			++*ret_bad;
		len += end != NULL;
		*at += (int64_t)len;
		rest = str_from(rest, len);
	}
	return RESULT_OK;
}
