/* For tests that have to know when works wait for each other: builds with the option `test_clock` count the
 * works of people's requests, mails and commands that are under way in the file, a native int64_t, that
 * SEALPOST_TEST_WORKS names. SEALPOST_TEST_AGAIN makes each work run twice. */
#include "db/db_private.h"

#include "build_config.h"

#ifdef SEALPOST_HAVE_TEST_CLOCK
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic int64_t *works;

static void map_works(void)
{
	const char *path = getenv("SEALPOST_TEST_WORKS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *page = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (page != MAP_FAILED)
		works = page;
}

/* Not those of our own workers, which come at any time; what a command does is done by its first thread. */
static bool is_asked_for(void)
{
	char name[16] = "";

	if (gettid() == getpid())
		return true;
	(void)pthread_getname_np(pthread_self(), name, sizeof(name));
	return strcmp(name, "web worker") == 0 || strcmp(name, "smtp-session") == 0;
}

void gauge_works(int change)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, map_works);
	if (works && is_asked_for())
		(void)atomic_fetch_add(works, change);
}

bool gauge_runs_again(void)
{
	static _Atomic int answer = -1;

	if (answer < 0)
		answer = getenv("SEALPOST_TEST_AGAIN") != NULL;
	return answer > 0;
}
#else
void gauge_works(int change)
{
	(void)change;
}

bool gauge_runs_again(void)
{
	return false;
}
#endif
