/* Threads, locks with a name and a rank, and a bounded pool of workers. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include "base/result.h"

#include <pthread.h>
#include <stdint.h>

/* A mutex with a name and a rank. A thread takes locks in growing rank only; builds with assertions of the
 * order abort otherwise. Initialise with LOCK_INIT at its declaration or lock_init at run time. */
struct lock {
	pthread_mutex_t mutex;
	const char *name;
	int rank;
};

#define LOCK_INIT(name, rank)                                                                                \
	{                                                                                                    \
		PTHREAD_MUTEX_INITIALIZER, (name), (rank)                                                    \
	}

void lock_init(struct lock *lock, const char *name, int rank);
void lock_done(struct lock *lock);
void lock_take(struct lock *lock);
void lock_release(struct lock *lock);

/* Holds the lock to the end of the scope: `LOCKED(&queue->lock);` */
#define LOCKED(lock_pointer)                                                                                 \
	__attribute__((__cleanup__(lock_release_at), unused)) struct lock *locked_scope_ =                   \
		lock_take_scope(lock_pointer)
struct lock *lock_take_scope(struct lock *lock);
void lock_release_at(struct lock **lock);

/* A condition that goes with a lock; waits use the monotonic clock. */
struct signal {
	pthread_cond_t cond;
};

void signal_init(struct signal *signal);
void signal_done(struct signal *signal);
void signal_wait(struct signal *signal, struct lock *lock);
/* Waits until clock_monotonic() reaches `deadline` ms at most; false when it did. */
bool signal_wait_until(struct signal *signal, struct lock *lock, int64_t deadline);
void signal_one(struct signal *signal);
void signal_all(struct signal *signal);

/* Starts a thread named for debuggers (15 characters at most), with the signals that end the process blocked.
 * UNAVAILABLE when the system refuses. */
enum result thread_start(pthread_t *ret, const char *name, void *(*run)(void *), void *arg) must_check;

#endif
