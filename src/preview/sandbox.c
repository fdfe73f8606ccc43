#include "preview/sandbox.h"

#include "base/limits.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN_FILES 64 /* of a program: its libraries and fonts */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool set_limit(__rlimit_resource_t what, rlim_t most)
{
	struct rlimit limit = {most, most};

	return setrlimit(what, &limit) == 0;
}

bool sandbox_limit(void)
{
	return close_range(3, ~0U, 0) == 0 && set_limit(RLIMIT_CORE, 0) && set_limit(RLIMIT_FSIZE, 0) &&
	       set_limit(RLIMIT_AS, LIMIT_PREVIEW_MEMORY_BYTES) &&
	       set_limit(RLIMIT_CPU, LIMIT_PREVIEW_CPU_S) && set_limit(RLIMIT_NOFILE, OPEN_FILES) &&
	       prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static bool allow(scmp_filter_ctx filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
			return false;
	return true;
}

static bool load(scmp_filter_ctx filter, bool is_complete)
{
	bool done = is_complete && seccomp_load(filter) == 0;

	seccomp_release(filter);
	return done;
}

bool sandbox_close(void)
{
	static const int calls[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(brk), SCMP_SYS(munmap),
		SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(getrandom), SCMP_SYS(close),
		SCMP_SYS(rt_sigreturn), SCMP_SYS(exit), SCMP_SYS(exit_group)};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (!filter)
		return false;
	/* Memory, but none that can be run. */
	struct scmp_arg_cmp not_run = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	bool is_complete = allow(filter, calls, COUNT(calls)) &&
			   seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_run) == 0 &&
			   seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_run) == 0;
	return load(filter, is_complete);
}

/* Lets files below the folder be read, and run when `may_run`. A folder that is not there needs no leave. */
static bool allow_below(int rules, const char *folder, bool may_run)
{
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
				  (may_run ? LANDLOCK_ACCESS_FS_EXECUTE : 0),
		.parent_fd = open(folder, O_PATH | O_CLOEXEC)};

	if (beneath.parent_fd < 0)
		return true;
	bool done = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
	(void)close(beneath.parent_fd);
	return done;
}

static bool close_files(void)
{
	static const char *const run[] = {"/usr/bin", "/usr/lib", "/usr/lib64", "/lib", "/lib64"};
	static const char *const read[] = {"/usr/share/fonts", "/usr/share/poppler", "/usr/share/fontconfig",
		"/usr/local/share/fonts", "/etc/fonts", "/var/cache/fontconfig", "/usr/share/X11/locale"};
	/* All that the first version of Landlock knows: reading, running, writing and making of any kind. */
	struct landlock_ruleset_attr all = {.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all.handled_access_fs), 0);
	bool done = rules >= 0;

	for (size_t i = 0; i < COUNT(run) && done; i++)
		done = allow_below(rules, run[i], true);
	for (size_t i = 0; i < COUNT(read) && done; i++)
		done = allow_below(rules, read[i], false);
	done = done && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	if (rules >= 0)
		(void)close(rules);
	return done;
}

bool sandbox_close_for_program(void)
{
	static const int calls[] = {SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(readv), SCMP_SYS(write),
		SCMP_SYS(writev), SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(munmap),
		SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(getrandom), SCMP_SYS(close),
		SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
		SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(lseek), SCMP_SYS(access), SCMP_SYS(faccessat),
		SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(getcwd),
		SCMP_SYS(fcntl), SCMP_SYS(fadvise64), SCMP_SYS(execve), SCMP_SYS(arch_prctl),
		SCMP_SYS(set_tid_address), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(uname),
		SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
		SCMP_SYS(getegid), SCMP_SYS(sysinfo), SCMP_SYS(sched_getaffinity), SCMP_SYS(clock_gettime),
		SCMP_SYS(gettimeofday), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(rt_sigreturn), SCMP_SYS(exit), SCMP_SYS(exit_group)};
	const int writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

	if (!close_files())
		return false;
	/* Refused, not ended: libraries ask for things that they can do without. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(1));
	if (!filter)
		return false;
	bool is_complete = allow(filter, calls, COUNT(calls)) &&
			   seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				   SCMP_A2(SCMP_CMP_MASKED_EQ, (uint64_t)writing, 0)) == 0 &&
			   /* Only about the own limits. */
			   seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
				   SCMP_A2(SCMP_CMP_EQ, 0)) == 0;
	return load(filter, is_complete);
}
