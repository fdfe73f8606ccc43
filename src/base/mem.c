#include "base/mem.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Above the buffers of a mail in flight (base/limits.h), and what an idle process keeps of them at most, per
 * arena of the allocator. */
#define KEPT_BLOCK_BYTES (1 << 20)
#define KEPT_TOTAL_BYTES (4 << 20)

static void out_of_memory(void)
{
	static const char text[] = "sealpost: out of memory\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	abort();
}

void *mem_new(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *mem_new_raw(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void mem_keep_large_blocks(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, KEPT_BLOCK_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_TOTAL_BYTES);
}

void mem_give_back(void)
{
	(void)malloc_trim(0);
}

void *mem_resize(void *old, size_t count, size_t size)
{
	void *p = reallocarray(old, count ? count : 1, size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

char *mem_strdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(mem_new(size), text, size);
}

void fd_close_at(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}
