/* SQLite writes a page to its log in two calls: the head of a frame, then the page. Here the head waits for
 * its page, and both go in one. A head whose page never comes is lost, as it may be: without the page it
 * means nothing. */
#include "db/sqlite_private.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

struct head {
	int fd;
	off64_t at;
	bool waits;
	uint8_t bytes[SQLITE_FRAME_HEAD_BYTES];
};

static _Thread_local struct head head;

static bool is_head(size_t size, off64_t at)
{
	return size == SQLITE_FRAME_HEAD_BYTES && at >= SQLITE_LOG_HEAD_BYTES &&
	       (at - SQLITE_LOG_HEAD_BYTES) % SQLITE_FRAME_BYTES == 0;
}

static bool is_its_page(int fd, off64_t at)
{
	return head.waits && head.fd == fd && head.at + SQLITE_FRAME_HEAD_BYTES == at;
}

/* As pwrite: SQLite takes 0 for a full disk, and writes the rest of what was cut short by itself. */
static ssize_t write_both(int fd, const void *page, size_t size)
{
	const struct iovec parts[] = {{head.bytes, sizeof(head.bytes)}, {(void *)(uintptr_t)page, size}};

	ssize_t written = pwritev(fd, parts, 2, head.at);
	if (written < 0) /* a signal came, perhaps, and the page comes again */
		return written;
	head.waits = false;
	return written > SQLITE_FRAME_HEAD_BYTES ? written - SQLITE_FRAME_HEAD_BYTES : 0;
}

static ssize_t write_at(int fd, const void *data, size_t size, off64_t at)
{
	if (is_its_page(fd, at))
		return write_both(fd, data, size);
	head.waits = false;
	if (!is_head(size, at))
		return pwrite64(fd, data, size, at);
	head = (struct head){.fd = fd, .at = at, .waits = true};
	memcpy(head.bytes, data, size);
	return (ssize_t)size;
}

void sqlite_frames_at_once(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	if (vfs && vfs->iVersion >= 3)
		(void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)write_at);
}
