#include "db/sqlite_log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Pages in the log from which they are moved to the database by a thread beside the writer; and from which
 * the writer waits for the rest to be moved, so that the log begins anew instead of growing for ever. */
#define LOG_PAGES_MOVED 2000
#define LOG_PAGES_MAX 12000
/* The file grows by so much when less than half of it is left. */
#define ROOM_BYTES (4 * 1024 * 1024)
#define MOVING_RANK 510
#define LOG_RANK 520

/* After each commit of the writer, with the number of pages in the log. */
static int note_commit(void *context, sqlite3 *handle, const char *name, int pages)
{
	struct sqlite_log *log = context;

	(void)handle;
	(void)name;
	LOCKED(&log->lock);
	log->pages = pages;
	log->commits++;
	if (pages >= LOG_PAGES_MOVED)
		signal_one(&log->grew);
	return SQLITE_OK;
}

/* Not what may never have reached the disk: a crash on the way would leave a mixture. One at a time, since
 * SQLite sends away whoever comes meanwhile. */
static void move(struct sqlite_log *log, struct connection *connection)
{
	LOCKED(&log->moving);
	if (sqlite_log_is_broken(log))
		return;
	(void)sqlite3_wal_checkpoint_v2(connection->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void *mover_run(void *arg)
{
	struct sqlite_log *log = arg;

	for (int moved = 0;;) {
		lock_take(&log->lock);
		while (!log->stopping && log->pages < LOG_PAGES_MOVED + moved) {
			if (log->pages < moved)
				moved = 0; /* the log began anew */
			else
				signal_wait(&log->grew, &log->lock);
		}
		bool stop = log->stopping;
		moved = log->pages;
		lock_release(&log->lock);
		if (stop)
			return NULL;
		move(log, log->mover);
	}
}

static int pages_of(struct sqlite_log *log)
{
	LOCKED(&log->lock);
	return log->pages;
}

static off_t bytes_of(struct sqlite_log *log)
{
	return SQLITE_LOG_HEAD_BYTES + (off_t)pages_of(log) * SQLITE_FRAME_BYTES;
}

int64_t sqlite_log_commits(struct sqlite_log *log)
{
	LOCKED(&log->lock);
	return log->commits;
}

bool sqlite_log_is_broken(struct sqlite_log *log)
{
	LOCKED(&log->lock);
	return log->is_broken;
}

static void set_broken(struct sqlite_log *log, bool is_broken)
{
	LOCKED(&log->lock);
	log->is_broken = is_broken;
}

/* The transaction keeps every other writer, of other processes too, out of the file. */
static void make_room(struct sqlite_log *log)
{
	static const char zeros[64 * 1024];
	struct stat now;

	if (fstat(log->fd, &now) != 0 || now.st_size >= bytes_of(log) + ROOM_BYTES / 2)
		return;
	for (off_t at = now.st_size; at < now.st_size + ROOM_BYTES; at += (off_t)sizeof(zeros))
		if (pwrite(log->fd, zeros, sizeof(zeros), at) != (ssize_t)sizeof(zeros))
			return;
}

/* After a sync that failed the system takes its pages for kept, and a second sync would say so. So they are
 * written once more, as they are read. */
static bool write_again(struct sqlite_log *log)
{
	char piece[SQLITE_FRAME_BYTES];
	ssize_t got = 1;

	for (off_t at = 0, end = bytes_of(log); at < end && got > 0; at += got) {
		got = pread(log->fd, piece, sizeof(piece), at);
		if (got < 0 || pwrite(log->fd, piece, (size_t)got, at) != got)
			return false;
	}
	return fdatasync(log->fd) == 0;
}

enum result sqlite_log_unsure(struct err *err)
{
	return err_code(
		err, RESULT_UNAVAILABLE, "db-uncertain", "the disk failed while the change was being kept");
}

enum result sqlite_log_prepare(struct sqlite_log *log, struct err *err)
{
	if (log->fd < 0)
		log->fd = open(log->path, O_RDWR | O_CLOEXEC);
	if (log->fd < 0)
		return err_set(err, RESULT_UNAVAILABLE, "the database's log cannot be opened");
	if (sqlite_log_is_broken(log)) {
		if (!write_again(log))
			return err_set(err, RESULT_UNAVAILABLE, "the disk of the database fails");
		set_broken(log, false);
	}
	make_room(log);
	return RESULT_OK;
}

/* What is committed behind a broken part is not kept without it. */
enum result sqlite_log_sync(struct sqlite_log *log, struct err *err)
{
	if (sqlite_log_is_broken(log))
		return sqlite_log_unsure(err);
	if (fdatasync(log->fd) == 0)
		return RESULT_OK;
	set_broken(log, true);
	return sqlite_log_unsure(err);
}

void sqlite_log_keep_short(struct sqlite_log *log, struct connection *writer)
{
	if (pages_of(log) >= LOG_PAGES_MAX)
		move(log, writer);
}

enum result sqlite_log_start(
	struct sqlite_log *log, const char *path, struct connection *mover, struct connection *writer)
{
	static const char ending[] = "-wal";
	size_t len = strlen(path);

	log->mover = mover;
	log->fd = -1;
	log->path = mem_new(len + sizeof(ending));
	memcpy(log->path, path, len);
	memcpy(log->path + len, ending, sizeof(ending));
	lock_init(&log->moving, "sqlite log moving", MOVING_RANK);
	lock_init(&log->lock, "sqlite log", LOG_RANK);
	signal_init(&log->grew);
	(void)sqlite3_wal_hook(writer->handle, note_commit, log);
	return thread_start(&log->thread, "db-log", mover_run, log);
}

void sqlite_log_stop(struct sqlite_log *log)
{
	if (log->path == NULL)
		return;
	if (log->thread) {
		lock_take(&log->lock);
		log->stopping = true;
		signal_one(&log->grew);
		lock_release(&log->lock);
		(void)pthread_join(log->thread, NULL);
	}
	if (log->fd >= 0)
		(void)close(log->fd);
	sqlite_connection_free(log->mover);
	signal_done(&log->grew);
	lock_done(&log->lock);
	lock_done(&log->moving);
	free(log->path);
}
