/* Memory and clean-up. Exhausted memory ends the process: what was accepted is on disk already. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

/* As malloc, zeroed; never NULL. */
void *mem_new(size_t size) __attribute__((malloc, returns_nonnull));

/* As malloc, with whatever was there before: for large buffers that are written before they are read. Never
 * NULL. */
void *mem_new_raw(size_t size) __attribute__((malloc, returns_nonnull));

/* Keeps blocks of the size that a mail in flight needs for the next one, instead of asking the system for
 * zeroed pages each time. Once, at the start of a process that serves. */
void mem_keep_large_blocks(void);

/* Gives the system back what blocks that were freed still hold, in the arenas of all threads. Takes
 * milliseconds, in which others may wait for memory: not on anybody's way. */
void mem_give_back(void);

/* As reallocarray; never NULL for a size above 0. */
void *mem_resize(void *old, size_t count, size_t size) __attribute__((returns_nonnull));

/* A copy on the heap; the caller frees it. */
char *mem_strdup(const char *text) __attribute__((malloc, returns_nonnull));

/* Runs at the end of the scope: `cleanup(thing_free_at) struct thing *t = …;` */
#define cleanup(function) __attribute__((__cleanup__(function)))

/* Defines `name_at`, which the attribute needs, for a destructor that takes the pointer itself. */
#define DEFINE_CLEANUP(type, destructor)                                                                     \
	static inline void destructor##_at(type *at)                                                         \
	{                                                                                                    \
		if (*at)                                                                                     \
			destructor(*at);                                                                     \
	}

/* Hands over a pointer and leaves NULL behind. */
#define TAKE(pointer)                                                                                        \
	({                                                                                                   \
		__typeof__(pointer) *take_at_ = &(pointer);                                                  \
		__typeof__(pointer) take_value_ = *take_at_;                                                 \
		*take_at_ = NULL;                                                                            \
		take_value_;                                                                                 \
	})

static inline void mem_free_at(void *at)
{
	free(*(void **)at);
}

/* Closes a descriptor that is not -1. */
void fd_close_at(int *fd);

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
