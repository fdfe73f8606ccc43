#include "flow/destruction_file.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A sealed reason is some bytes longer than its text. */
#define REASON_BOX_BYTES_MAX (LIMIT_RECALL_REASON_BYTES + 200)
#define LINE_BYTES_MAX ((size_t)200 + (REASON_BOX_BYTES_MAX * 8 + 4) / 5)
#define READ_BYTES ((size_t)32 * 1024)

static const char *const kinds[] = {[ACT_RECALL] = "recall",
	[ACT_TAKEN] = "taken",
	[ACT_DELETED] = "deleted",
	[ACT_EXTENDED] = "extended"};

static const char *const scopes[] = {
	[ACT_FROM_SOME] = "some", [ACT_FROM_ALL] = "all", [ACT_WITH_QUOTES] = "quotes"};

static enum result failure(const char *what, const char *path, struct err *err)
{
	int why = errno;

	return err_set(err, why == ENOENT ? RESULT_NOT_FOUND : RESULT_UNAVAILABLE, "%s the list %s: %s", what,
		path, strerror(why));
}

static bool read_time(struct str text, int64_t *ret)
{
	uint64_t when;

	if (!str_to_uint(text, INT64_MAX, &when))
		return false;
	*ret = (int64_t)when;
	return true;
}

static bool read_word(struct str word, const char *const *words, size_t count, unsigned *ret)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(word, str_of(words[i]))) {
			*ret = (unsigned)i;
			return true;
		}
	return false;
}

static bool read_actor(struct str text, struct id *ret)
{
	return str_equal(text, STR("-")) || id_parse(text, ret);
}

static bool read_reason(struct str text, struct arena *arena, struct bytes *ret)
{
	size_t len = text.len * 5 / 8;
	uint8_t *box;

	if (str_equal(text, STR("-")))
		return true;
	if (len == 0 || len > REASON_BOX_BYTES_MAX)
		return false;
	box = arena_alloc(arena, len);
	*ret = (struct bytes){box, len};
	return base32_decode(text, box, len);
}

/* What an act of a kind has behind identifier, message and time. */
static bool read_rest(struct str *line, struct arena *arena, struct act *act)
{
	unsigned scope;

	switch (act->kind) {
	case ACT_RECALL:
		if (!read_actor(str_cut(line, ' '), &act->actor_id) ||
			!read_word(str_cut(line, ' '), scopes, COUNT_OF(scopes), &scope) ||
			!read_reason(str_cut(line, ' '), arena, &act->reason_box))
			return false;
		act->scope = (enum act_scope)scope;
		return true;
	case ACT_TAKEN:
		return id_parse(str_cut(line, ' '), &act->recall_id);
	case ACT_EXTENDED:
		return read_actor(str_cut(line, ' '), &act->actor_id) &&
		       read_time(str_cut(line, ' '), &act->until);
	case ACT_DELETED:
	case ACT_KINDS:
		break;
	}
	return act->kind == ACT_DELETED;
}

static bool read_act(struct str line, struct arena *arena, struct act *ret)
{
	struct act act = {0};
	unsigned kind;

	if (!read_word(str_cut(&line, ' '), kinds, COUNT_OF(kinds), &kind))
		return false;
	act.kind = (enum act_kind)kind;
	if (!id_parse(str_cut(&line, ' '), &act.id) || !id_parse(str_cut(&line, ' '), &act.message_id) ||
		!read_time(str_cut(&line, ' '), &act.at) || !read_rest(&line, arena, &act) || line.len)
		return false;
	*ret = act;
	return true;
}

bool destruction_line_read(struct str line, struct arena *arena, struct destruction_line *ret)
{
	struct destruction_line read = {0};

	if (line.len > LINE_BYTES_MAX)
		return false;
	read.is_act = str_starts(line, STR("2 "));
	if (read.is_act ? !read_act(str_from(line, 2), arena, &read.act)
			: !id_parse(str_cut(&line, ' '), &read.key.holder_id) ||
				  !id_parse(str_cut(&line, ' '), &read.key.message_id) ||
				  !read_time(line, &read.key.destroyed_at))
		return false;
	*ret = read;
	return true;
}

static void add_actor(struct buf *lines, struct id actor_id)
{
	buf_printf(lines, " %s", id_is_none(actor_id) ? "-" : id_text(actor_id).s);
}

static void add_recall(struct buf *lines, const struct act *act)
{
	char reason[(REASON_BOX_BYTES_MAX * 8 + 4) / 5 + 1] = "-";

	if (act->reason_box.len && act->reason_box.len <= REASON_BOX_BYTES_MAX)
		base32_encode(act->reason_box.ptr, act->reason_box.len, reason);
	add_actor(lines, act->actor_id);
	buf_printf(lines, " %s %s", scopes[act->scope], reason);
}

static void add_line(struct buf *lines, const struct destruction_line *line)
{
	const struct act *act = &line->act;

	if (!line->is_act) {
		buf_printf(lines, "%s %s %lld\n", id_text(line->key.holder_id).s,
			id_text(line->key.message_id).s, (long long)line->key.destroyed_at);
		return;
	}
	buf_printf(lines, "2 %s %s %s %lld", kinds[act->kind], id_text(act->id).s, id_text(act->message_id).s,
		(long long)act->at);
	if (act->kind == ACT_RECALL)
		add_recall(lines, act);
	if (act->kind == ACT_TAKEN)
		buf_printf(lines, " %s", id_text(act->recall_id).s);
	if (act->kind == ACT_EXTENDED) {
		add_actor(lines, act->actor_id);
		buf_printf(lines, " %lld", (long long)act->until);
	}
	buf_add(lines, STR("\n"));
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

enum result destruction_file_append(const char *path, const struct destruction_line *list, size_t count,
	int64_t *ret_end, struct err *err)
{
	cleanup(fd_close_at) int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	cleanup(buf_done) struct buf lines = buf_new((count + 1) * (LINE_BYTES_MAX + 1));
	off_t end;

	if (fd < 0 || flock(fd, LOCK_EX) < 0 || (end = lseek(fd, 0, SEEK_END)) < 0)
		return failure("opening", path, err);
	if (!begins_line(fd, end))
		buf_add(&lines, STR("\n"));
	for (size_t i = 0; i < count; i++)
		add_line(&lines, &list[i]);
	if (!write_all(fd, buf_str(&lines)) || fdatasync(fd) < 0 || (end == 0 && !sync_folder_of(path)) ||
		(end = lseek(fd, 0, SEEK_END)) < 0)
		return failure("writing", path, err);
	*ret_end = end;
	return RESULT_OK;
}

/* 0, or why it cannot. */
static int why_not_writable(const char *path)
{
	struct stat facts;
	char folder[PATH_MAX];

	if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode))
		return S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;
	if (access(path, R_OK | W_OK) == 0)
		return 0;
	if (errno != ENOENT)
		return errno;
	(void)snprintf(folder, sizeof(folder), "%s", path);
	return access(dirname(folder), W_OK | X_OK) == 0 ? 0 : errno;
}

enum result destruction_file_check(const char *path, struct err *err)
{
	errno = why_not_writable(path);
	return errno ? failure("writing", path, err) : RESULT_OK;
}

enum result destruction_file_size(const char *path, int64_t *ret, struct err *err)
{
	struct stat facts = {0};

	if (stat(path, &facts) < 0 && errno != ENOENT)
		return failure("reading", path, err);
	*ret = facts.st_size;
	return RESULT_OK;
}

enum result destruction_file_read(const char *path, int64_t *at, struct arena *arena,
	struct destruction_line ret[static DESTRUCTION_LINES_AT_ONCE], size_t *ret_count, size_t *ret_bad,
	struct err *err)
{
	char bytes[READ_BYTES];
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
		if (destruction_line_read(str_sub(rest, 0, len), arena, &ret[*ret_count]))
			++*ret_count;
		else if (len)
			++*ret_bad;
		len += end != NULL;
		*at += (int64_t)len;
		rest = str_from(rest, len);
	}
	return RESULT_OK;
}
