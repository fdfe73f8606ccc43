/* A growing array in an arena, for results of unknown number. The items move while it grows; take the address
 * of the whole at the end.
 *
 *	struct list list = list_new(arena, sizeof(struct row));
 *	while (…)
 *		*(struct row *)list_add(&list) = read_row(…);
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/arena.h"

struct list {
	struct arena *arena;
	size_t item_size;
	void *items; /* NULL while empty */
	size_t count;
	size_t room;
};

static inline struct list list_new(struct arena *arena, size_t item_size)
{
	return (struct list){.arena = arena, .item_size = item_size};
}

/* A zeroed new item at the end. */
void *list_add(struct list *list) __attribute__((returns_nonnull));

#endif
