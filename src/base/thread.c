#include "base/thread.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* The ranks that this thread holds, to assert the order. */
#define LOCKS_HELD_MAX 8
static _Thread_local int held[LOCKS_HELD_MAX];
static _Thread_local int held_count;

void lock_init(struct lock *lock, const char *name, int rank)
{
	*lock = (struct lock){.name = name, .rank = rank};
	(void)pthread_mutex_init(&lock->mutex, NULL);
}

void lock_done(struct lock *lock)
{
	(void)pthread_mutex_destroy(&lock->mutex);
}

void lock_take(struct lock *lock)
{
	assert(held_count < LOCKS_HELD_MAX);
	assert(held_count == 0 || held[held_count - 1] < lock->rank);
	(void)pthread_mutex_lock(&lock->mutex);
	held[held_count++] = lock->rank;
}

void lock_release(struct lock *lock)
{
	assert(held_count > 0 && held[held_count - 1] == lock->rank);
	held_count--;
	(void)pthread_mutex_unlock(&lock->mutex);
}

struct lock *lock_take_scope(struct lock *lock)
{
	lock_take(lock);
	return lock;
}

void lock_release_at(struct lock **lock)
{
	lock_release(*lock);
}

void signal_init(struct signal *signal)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&signal->cond, &attr);
	(void)pthread_condattr_destroy(&attr);
}

void signal_done(struct signal *signal)
{
	(void)pthread_cond_destroy(&signal->cond);
}

void signal_wait(struct signal *signal, struct lock *lock)
{
	(void)pthread_cond_wait(&signal->cond, &lock->mutex);
}

bool signal_wait_until(struct signal *signal, struct lock *lock, int64_t deadline)
{
	struct timespec t = {.tv_sec = deadline / MS_SECOND, .tv_nsec = deadline % MS_SECOND * 1000000};

	return pthread_cond_timedwait(&signal->cond, &lock->mutex, &t) != ETIMEDOUT;
}

void signal_one(struct signal *signal)
{
	(void)pthread_cond_signal(&signal->cond);
}

void signal_all(struct signal *signal)
{
	(void)pthread_cond_broadcast(&signal->cond);
}

enum result thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *arg)
{
	sigset_t blocked, before;
	pthread_t thread;
	char short_name[16];

	assert(strlen(name) < sizeof(short_name));
	memcpy(short_name, name, strlen(name) + 1);
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGTERM);
	(void)sigaddset(&blocked, SIGINT);
	(void)sigaddset(&blocked, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &blocked, &before);
	int failed = pthread_create(&thread, NULL, run, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed)
		return RESULT_UNAVAILABLE;
	(void)pthread_setname_np(thread, short_name);
	*ret = thread;
	return RESULT_OK;
}
