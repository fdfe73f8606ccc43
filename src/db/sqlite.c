/* SQLite: one connection writes, a pool of connections reads. */
#include "db/sqlite_private.h"
#include "db/sqlite_writer.h"

#include "base/clock.h"
#include "base/thread.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 10000
#define READERS_DEFAULT 8
#define WIPE_TIMEOUT_MS 500
/* How long a caller waits for a free reader. */
#define READER_WAIT_MS (10 * MS_SECOND)
/* Small pieces of memory that a connection has at hand. */
#define LOOKASIDE_BYTES 1024
#define LOOKASIDE_COUNT 200
#define WRITER_CACHE_KIB "8192" /* of pages; readers' are empty again after each change */
#define READERS_RANK 510

struct sqlite {
	struct db db;
	char *path;
	struct sqlite_log log;
	struct sqlite_writer writer;
	/* Guards the free readers and their count. */
	struct lock readers_lock;
	struct signal reader_freed;
	struct connection *free_readers;
	int readers, readers_max;
};

void sqlite_connection_free(struct connection *connection)
{
	for (size_t i = 0; i < STATEMENT_SLOTS; i++)
		(void)sqlite3_finalize(connection->statements[i].handle);
	(void)sqlite3_close(connection->handle);
	free(connection);
}

/* SQLite counts its memory under a lock that all connections share; nobody asks for the count. */
static void configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_config(SQLITE_CONFIG_LOOKASIDE, LOOKASIDE_BYTES, LOOKASIDE_COUNT);
	(void)sqlite3_initialize();
	sqlite_frames_at_once();
}

static enum result connection_open(const char *path, bool writes, struct connection **ret, struct err *err)
{
	cleanup(sqlite_connection_free_at) struct connection *connection = mem_new(sizeof(*connection));
	static const char settings[] =
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
		" PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=0; PRAGMA "
		"journal_size_limit=67108864;";
	/* Files are not mapped, though it would spare reads: a disk that fails would then end the process. */
	static const char reader_settings[] = "PRAGMA query_only=ON";

	int code = sqlite3_open_v2(path, &connection->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
		NULL);
	TRY(sqlite_translate(connection->handle, code, err));
	(void)sqlite3_busy_timeout(connection->handle, BUSY_TIMEOUT_MS);
	TRY(sqlite_translate(
		connection->handle, sqlite3_exec(connection->handle, settings, NULL, NULL, NULL), err));
	if (!writes)
		TRY(sqlite_translate(connection->handle,
			sqlite3_exec(connection->handle, reader_settings, NULL, NULL, NULL), err));
	*ret = TAKE(connection);
	return RESULT_OK;
}

static enum result sqlite_write(struct db *base, db_work work, void *context, struct err *err)
{
	return sqlite_writer_run(&((struct sqlite *)base)->writer, work, context, err);
}

static enum result reader_take(struct sqlite *db, struct connection **ret, struct err *err)
{
	int64_t deadline = clock_monotonic() + READER_WAIT_MS;
	bool waits = true;

	lock_take(&db->readers_lock);
	while (waits && db->free_readers == NULL && db->readers == db->readers_max)
		waits = signal_wait_until(&db->reader_freed, &db->readers_lock, deadline);
	struct connection *reader = db->free_readers;
	bool may_open = reader == NULL && db->readers < db->readers_max;
	if (reader)
		db->free_readers = reader->next;
	else if (may_open)
		db->readers++;
	lock_release(&db->readers_lock);
	if (reader == NULL && !may_open)
		return err_code(err, RESULT_UNAVAILABLE, "db-busy", "too many wait for the database");
	if (reader) {
		*ret = reader;
		return RESULT_OK;
	}
	enum result result = connection_open(db->path, false, ret, err);
	if (result != RESULT_OK) {
		LOCKED(&db->readers_lock);
		db->readers--;
		signal_one(&db->reader_freed);
	}
	return result;
}

static void reader_give_back(struct sqlite *db, struct connection *reader)
{
	LOCKED(&db->readers_lock);
	reader->next = db->free_readers;
	db->free_readers = reader;
	signal_one(&db->reader_freed);
}

static enum result sqlite_read(struct db *base, db_work work, void *context, struct err *err)
{
	struct sqlite *db = (struct sqlite *)base;
	struct connection *reader = NULL;

	TRY(reader_take(db, &reader, err));
	struct tx tx = {.db = base, .connection = reader, .read_only = true};
	enum result result = sqlite_simple(reader, "BEGIN", err);
	if (result == RESULT_OK) {
		result = tx_result(&tx, work(&tx, context, err), err);
		(void)sqlite_simple(reader, "ROLLBACK", NULL);
	}
	reader_give_back(db, reader);
	return result;
}

/* Deleted cells are overwritten already (secure_delete); what remains is in the log. */
static enum result sqlite_wipe_deleted(struct db *base, const char *table, bool *ret_log, struct err *err)
{
	struct sqlite *db = (struct sqlite *)base;
	cleanup(sqlite_connection_free_at) struct connection *connection = NULL;
	int frames, moved;

	(void)table;
	if (sqlite_log_is_broken(&db->log))
		return err_set(err, RESULT_BUSY, "the log is not on the disk");
	TRY(connection_open(db->path, true, &connection, err));
	/* It keeps the writer out while it waits for readers. */
	(void)sqlite3_busy_timeout(connection->handle, WIPE_TIMEOUT_MS);
	int code = sqlite3_wal_checkpoint_v2(
		connection->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, &frames, &moved);
	if ((code & 0xff) == SQLITE_BUSY)
		return err_set(err, RESULT_BUSY, "the log is being read");
	*ret_log = true;
	return sqlite_translate(connection->handle, code, err);
}

static void sqlite_close(struct db *base)
{
	struct sqlite *db = (struct sqlite *)base;

	sqlite_writer_stop(&db->writer);
	sqlite_log_stop(&db->log);
	while (db->free_readers) {
		struct connection *reader = db->free_readers;
		db->free_readers = reader->next;
		sqlite_connection_free(reader);
	}
	signal_done(&db->reader_freed);
	lock_done(&db->readers_lock);
	free(db->path);
	free(db);
}

static const struct db_driver sqlite_driver = {
	.close = sqlite_close,
	.write = sqlite_write,
	.read = sqlite_read,
	.exec = sqlite_exec,
	.query = sqlite_query,
	.script = sqlite_script,
	.next = sqlite_next,
	.release = sqlite_release,
	.get_int = sqlite_get_int,
	.get_bytes = sqlite_get_bytes,
	.is_null = sqlite_is_null,
	.wipe_deleted = sqlite_wipe_deleted,
};

/* A new file is its owner's alone; SQLite gives the files beside it the same mode. A file that is there is
 * not opened: closing it would end the locks that this process holds on it. */
static void create_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		(void)close(fd);
}

/* The writer's commits are not synced by SQLite: sqlite_writer.c does that. */
static enum result start(struct sqlite *db, struct err *err)
{
	cleanup(sqlite_connection_free_at) struct connection *mover = NULL, *writer = NULL;

	TRY(connection_open(db->path, true, &writer, err));
	TRY(sqlite_simple(writer, "PRAGMA synchronous=NORMAL", err));
	TRY(sqlite_simple(writer, "PRAGMA cache_size=-" WRITER_CACHE_KIB, err));
	TRY(connection_open(db->path, true, &mover, err));
	TRY(sqlite_log_start(&db->log, db->path, TAKE(mover), writer));
	return sqlite_writer_start(&db->writer, &db->db, TAKE(writer), &db->log);
}

enum result sqlite_open(const struct db_config *config, struct db **ret, struct err *err)
{
	struct str path = str_from(config->url, STR("sqlite:").len);

	if (path.len == 0) /* which SQLite would take for a temporary database */
		return err_set(err, RESULT_INVALID, "the path is missing in sqlite:/path/to/file");
	static pthread_once_t configured = PTHREAD_ONCE_INIT;
	(void)pthread_once(&configured, configure);
	struct sqlite *db = mem_new(sizeof(*db));
	db->db = (struct db){&sqlite_driver, DB_SQLITE};
	db->path = mem_new(path.len + 1);
	memcpy(db->path, path.ptr, path.len);
	db->readers_max = config->connections > 0 ? config->connections : READERS_DEFAULT;
	lock_init(&db->readers_lock, "sqlite readers", READERS_RANK);
	signal_init(&db->reader_freed);
	create_private(db->path);
	enum result result = start(db, err);
	if (result != RESULT_OK) {
		sqlite_close(&db->db);
		return result;
	}
	*ret = &db->db;
	return RESULT_OK;
}
