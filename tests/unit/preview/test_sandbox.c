/* What hostile bytes could do once they run: tried from inside. */
#include "preview/sandbox.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DONE 0
#define DENIED 1
#define NO_SANDBOX 9

typedef int (*attempt)(void);

static int said(long result)
{
	return result >= 0 ? DONE : DENIED;
}

static int read_file(void)
{
	return said(open("/etc/passwd", O_RDONLY));
}

static int read_own_memory(void)
{
	return said(open("/proc/self/environ", O_RDONLY));
}

static int read_library(void)
{
	return said(open("/usr/lib/os-release", O_RDONLY));
}

static int write_file(void)
{
	return said(open("/tmp/sealpost-sandbox-test", O_WRONLY | O_CREAT, 0600));
}

static int write_by_openat2(void)
{
	const uint64_t how[3] = {O_WRONLY | O_CREAT, 0600, 0};

	return said(syscall(SYS_openat2, AT_FDCWD, "/tmp/sealpost-sandbox-test", how, sizeof(how)));
}

static int remove_file(void)
{
	return said(unlink("/tmp/sealpost-sandbox-test"));
}

static int make_socket(void)
{
	return said(socket(AF_INET, SOCK_STREAM, 0));
}

static int make_local_socket(void)
{
	return said(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int start_process(void)
{
	return said(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int signal_parent(void)
{
	return said(kill(getppid(), 0));
}

static int trace(void)
{
	return said(syscall(SYS_ptrace, 0, 0, 0, 0));
}

static int run_program(void)
{
	const char *const words[] = {"/bin/true", NULL};

	return said(execv(words[0], (char *const *)(uintptr_t)words));
}

static int run_other_file(void)
{
	const char *const words[] = {"/etc/passwd", NULL};

	(void)execv(words[0], (char *const *)(uintptr_t)words);
	return errno == EACCES || errno == EPERM ? DENIED : DONE;
}

static int make_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? DENIED
		       : DONE;
}

static int take_memory(void)
{
	return malloc(LIMIT_PREVIEW_MEMORY_BYTES) ? DONE : DENIED;
}

static int have_memory(void)
{
	volatile char *memory = malloc(LIMIT_PREVIEW_MEMORY_BYTES / 4);

	if (memory)
		memory[0] = 1;
	return memory ? DONE : DENIED;
}

/* How the attempt ended inside the sandbox: its exit code, or minus the signal. */
static int outcome(bool (*close_it)(void), attempt try)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(sandbox_limit() && close_it() ? try() : NO_SANDBOX);
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_readers_of_pictures_can_do_nothing(void **state)
{
	static const attempt ended[] = {read_file, read_own_memory, read_library, write_file,
		write_by_openat2, remove_file, make_socket, make_local_socket, start_process, signal_parent,
		trace, run_program, make_code};

	(void)state;
	for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++)
		assert_int_equal(outcome(sandbox_close, ended[i]), -SIGSYS);
	assert_int_equal(outcome(sandbox_close, have_memory), DONE);
	assert_int_equal(outcome(sandbox_close, take_memory), DENIED);
}

static void test_other_programs_read_what_they_need_to_run(void **state)
{
	static const attempt denied[] = {read_file, read_own_memory, write_file, write_by_openat2,
		remove_file, make_socket, make_local_socket, start_process, signal_parent, trace,
		run_other_file, take_memory};

	(void)state;
	if (outcome(sandbox_close_for_program, have_memory) == NO_SANDBOX)
		skip(); /* a kernel without Landlock: PDF files are not shown there */
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
		assert_int_equal(outcome(sandbox_close_for_program, denied[i]), DENIED);
	assert_int_equal(outcome(sandbox_close_for_program, read_library), DONE);
	assert_int_equal(outcome(sandbox_close_for_program, run_program), DONE);
}

static bool close_nothing(void)
{
	return true;
}

/* The kernel ends what passes them: the time is not used up here to see that. */
static int limits_are_set(void)
{
	struct rlimit time, files, core, output;

	return getrlimit(RLIMIT_CPU, &time) == 0 && getrlimit(RLIMIT_NOFILE, &files) == 0 &&
			       getrlimit(RLIMIT_CORE, &core) == 0 && getrlimit(RLIMIT_FSIZE, &output) == 0 &&
			       time.rlim_max == LIMIT_PREVIEW_CPU_S && files.rlim_max < 100 &&
			       core.rlim_max == 0 && output.rlim_max == 0
		       ? DONE
		       : DENIED;
}

static void test_time_and_files_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(outcome(close_nothing, limits_are_set), DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers_of_pictures_can_do_nothing),
		cmocka_unit_test(test_other_programs_read_what_they_need_to_run),
		cmocka_unit_test(test_time_and_files_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
