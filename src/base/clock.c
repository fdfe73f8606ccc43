#include "base/clock.h"

#include "build_config.h"

#include <time.h>

#ifdef SEALPOST_HAVE_TEST_CLOCK
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const _Atomic int64_t *test_offset;

static void map_test_clock(void)
{
	const char *path = getenv("SEALPOST_TEST_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *page = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (page != MAP_FAILED)
		test_offset = page;
}

static int64_t clock_offset(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, map_test_clock);
	return test_offset ? atomic_load(test_offset) : 0;
}
#else
static int64_t clock_offset(void)
{
	return 0;
}
#endif

static int64_t read_clock(clockid_t which)
{
	struct timespec t;

	(void)clock_gettime(which, &t);
	return (int64_t)t.tv_sec * MS_SECOND + t.tv_nsec / 1000000;
}

int64_t clock_now(void)
{
	return read_clock(CLOCK_REALTIME) + clock_offset();
}

int64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}
