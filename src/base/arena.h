/* An arena: many small allocations with one lifetime (a request, a mail, a call), freed together.
 *
 * Good for results whose parts point at each other; bad for anything that grows without a bound, so what
 * comes from outside is limited before it is copied here. Not for use by several threads at once.
 *
 *	cleanup(arena_done) struct arena a = {0};
 *	struct str name = arena_printf(&a, "%s-%d", base, number);
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_chunk;

/* All zero is an empty arena. */
struct arena {
	struct arena_chunk *chunks;
	size_t used; /* bytes handed out, for tests and statistics */
};

/* Frees everything; memory is wiped first, since secrets and message text pass through arenas.
 * The arena is empty afterwards and may be used again. */
void arena_done(struct arena *arena);

/* Zeroed memory, aligned for any type; never NULL; lives until arena_done. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));

/* `count` zeroed elements. */
#define arena_array(arena, type, count) ((type *)arena_alloc_array((arena), (count), sizeof(type)))
void *arena_alloc_array(struct arena *arena, size_t count, size_t size) __attribute__((returns_nonnull));

/* Copies into the arena. Text is followed by a NUL that its length does not count. */
struct str arena_str(struct arena *arena, struct str s);
struct bytes arena_bytes(struct arena *arena, struct bytes b);
char *arena_cstr(struct arena *arena, struct str s) __attribute__((returns_nonnull));

/* Formatted text, NUL-terminated as above. */
struct str arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ASCII lower case copy. */
struct str arena_lower(struct arena *arena, struct str s);

#endif
