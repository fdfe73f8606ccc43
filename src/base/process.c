#include "base/process.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)32 * 1024)

struct process {
	pid_t id;
	int to, from; /* our ends of its pipes; -1: closed */
	int64_t deadline;
	const struct reader *input;
	uint64_t read; /* of the input */
	char piece[PIECE_BYTES];
	size_t len, sent; /* of the piece */
	struct buf *out;
};

static void shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* The signals that our threads block or ignore mean to it what they mean to any program. */
static int spawn(pid_t *id, const char *const argv[], int in, int out)
{
	static char *const environment[] = {NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, ignored;

	(void)sigemptyset(&none);
	(void)sigemptyset(&ignored);
	(void)sigaddset(&ignored, SIGPIPE);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &ignored);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	(void)posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int failed =
		posix_spawn(id, argv[0], &files, &attributes, (char *const *)(uintptr_t)argv, environment);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&attributes);
	return failed;
}

static enum result start(struct process *p, const char *const argv[], struct err *err)
{
	int to[2] = {-1, -1}, from[2] = {-1, -1};
	int failed = pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0 &&
				     fcntl(to[1], F_SETFL, O_NONBLOCK) == 0
			     ? spawn(&p->id, argv, to[0], from[1])
			     : errno;

	shut(&to[0]);
	shut(&from[1]);
	p->to = to[1];
	p->from = from[0];
	if (failed)
		return err_set(
			err, RESULT_UNAVAILABLE, "%s cannot be started: %s", argv[0], strerror(failed));
	return RESULT_OK;
}

/* Hands on what fits into the pipe; closes it at the end. */
static enum result feed(struct process *p, struct err *err)
{
	if (p->sent == p->len) {
		p->sent = p->len = 0;
		TRY(reader_read(p->input, p->read, p->piece, sizeof(p->piece), &p->len, err));
		p->read += p->len;
	}
	ssize_t done = p->len ? write(p->to, p->piece + p->sent, p->len - p->sent) : 0;
	if (done > 0)
		p->sent += (size_t)done;
	else if (done == 0 || (errno != EAGAIN && errno != EINTR))
		shut(&p->to);
	return RESULT_OK;
}

static enum result take(struct process *p, struct err *err)
{
	char piece[PIECE_BYTES];
	ssize_t got = read(p->from, piece, sizeof(piece));

	if (got < 0 && errno == EINTR)
		return RESULT_OK;
	if (got <= 0) {
		shut(&p->from);
		return RESULT_OK;
	}
	buf_add_bytes(p->out, piece, (size_t)got);
	if (p->out->overflow)
		return err_set(err, RESULT_TOO_LARGE, "the program gives more than %zu bytes", p->out->limit);
	return RESULT_OK;
}

/* Until it closes its output. */
static enum result exchange(struct process *p, struct err *err)
{
	while (p->from >= 0) {
		struct pollfd fds[] = {{.fd = p->from, .events = POLLIN}, {.fd = p->to, .events = POLLOUT}};
		int64_t left = p->deadline - clock_monotonic();
		int ready = left > 0 ? poll(fds, 2, (int)left) : 0;
		if (ready == 0)
			return err_set(err, RESULT_UNAVAILABLE, "the program took too long");
		if (ready < 0 && errno != EINTR)
			return err_set(err, RESULT_UNAVAILABLE, "poll: %s", strerror(errno));
		if (ready > 0 && fds[1].revents)
			TRY(feed(p, err));
		if (ready > 0 && fds[0].revents)
			TRY(take(p, err));
	}
	return RESULT_OK;
}

/* Its end; one that does not come in time is made. */
static int wait_for(pid_t id, int64_t deadline)
{
	struct pollfd ended = {.fd = pidfd_open(id, 0), .events = POLLIN};
	int64_t left = deadline - clock_monotonic();
	int status = 0;

	if (ended.fd < 0 || left <= 0 || poll(&ended, 1, (int)left) <= 0)
		(void)kill(id, SIGKILL);
	shut(&ended.fd);
	while (waitpid(id, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum result process_run(const char *const argv[], const struct reader *input, int64_t most_ms,
	struct buf *out, int *ret_status, struct err *err)
{
	struct process p = {
		.to = -1, .from = -1, .deadline = clock_monotonic() + most_ms, .input = input, .out = out};
	enum result result = start(&p, argv, err);

	if (result == RESULT_OK) {
		result = exchange(&p, err);
		if (result != RESULT_OK)
			(void)kill(p.id, SIGKILL);
		shut(&p.to);
		*ret_status = wait_for(p.id, p.deadline);
	}
	shut(&p.to);
	shut(&p.from);
	explicit_bzero(p.piece, sizeof(p.piece));
	return result;
}
