#include "delivery/outbox.h"

#include "base/arena.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct outbox {
	int folder;
};

static enum result failure(struct err *err)
{
	return err_code(err, RESULT_UNAVAILABLE, errno == ENOSPC ? "disk-full" : "outbox", "outbox: %s",
		strerror(errno));
}

enum result outbox_open(const char *path, struct outbox **ret, struct err *err)
{
	static const char *const folders[] = {"tmp", "new", "cur"};

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return failure(err);
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return failure(err);
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		if (mkdirat(folder, folders[i], 0700) < 0 && errno != EEXIST) {
			(void)close(folder);
			return failure(err);
		}
	struct outbox *outbox = mem_new(sizeof(*outbox));
	outbox->folder = folder;
	*ret = outbox;
	return RESULT_OK;
}

void outbox_close(struct outbox *outbox)
{
	if (outbox == NULL)
		return;
	(void)close(outbox->folder);
	free(outbox);
}

static enum result file_write(void *context, const void *data, size_t size, struct err *err)
{
	const char *from = data;

	while (size > 0) {
		ssize_t done = write(*(int *)context, from, size);
		if (done < 0 && errno != EINTR)
			return failure(err);
		if (done > 0) {
			from += done;
			size -= (size_t)done;
		}
	}
	return RESULT_OK;
}

enum result outbox_deliver(struct outbox *outbox, const struct delivery *delivery,
	enum result (*content)(void *context, const struct writer *out, struct err *err), void *context,
	struct err *err)
{
	cleanup(arena_done) struct arena arena = {0};
	char name[48], temporary[64], final[64];

	(void)snprintf(name, sizeof(name), "%s", id_text(delivery->id).s);
	if (delivery->resends)
		(void)snprintf(
			name, sizeof(name), "%s.%lld", id_text(delivery->id).s, (long long)delivery->resends);
	(void)snprintf(temporary, sizeof(temporary), "tmp/%s", name);
	(void)snprintf(final, sizeof(final), "new/%s", name);
	cleanup(fd_close_at) int fd =
		openat(outbox->folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return failure(err);
	struct writer out = {file_write, &fd};
	TRY(writer_write(&out,
		arena_printf(&arena, "Return-Path: <%.*s>\r\nX-Original-To: %.*s\r\n",
			STR_ARG(delivery->sender), STR_ARG(delivery->recipient)),
		err));
	TRY(content(context, &out, err));
	if (fsync(fd) < 0 || renameat(outbox->folder, temporary, outbox->folder, final) < 0)
		return failure(err);
	return RESULT_OK;
}
