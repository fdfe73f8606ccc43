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

/* How much is added, and where the time stands if not 0. */
static const _Atomic int64_t *test_clock;

static void map_test_clock(void)
{
	const char *path = getenv("SEALPOST_TEST_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	/* A shorter file reads as zeros to the end of its page. */
	void *page = mmap(NULL, 2 * sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (page != MAP_FAILED)
		test_clock = page;
}

static int64_t moved(int64_t now)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, map_test_clock);
	if (test_clock == NULL)
		return now;
	int64_t stands_at = atomic_load(&test_clock[1]);
	return stands_at ? stands_at : now + atomic_load(&test_clock[0]);
}
#else
static int64_t moved(int64_t now)
{
	return now;
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
	return moved(read_clock(CLOCK_REALTIME));
}

int64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}
