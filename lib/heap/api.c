/* The public API's objects, statistics and self-check (include/buddy.h). */
#include <errno.h>

#include "buddy.h"
#include "heap.h"

_Static_assert(BUDDY_PAGE_SHIFT == PAGE_SHIFT, "buddy.h says the page size");
_Static_assert((int)BUDDY_STAT_SLABINFO == (int)STAT_SLABINFO &&
		       (int)BUDDY_NR_STATS == (int)NR_HEAP_STATS,
	       "buddy.h has the statistics in this order");

void *buddy_malloc(size_t size)
{
	return heap_malloc(size);
}

void *buddy_calloc(size_t count, size_t size)
{
	return heap_calloc(count, size);
}

void *buddy_realloc(void *ptr, size_t size)
{
	return heap_realloc(ptr, size, "buddy_realloc");
}

void *buddy_reallocarray(void *ptr, size_t count, size_t size)
{
	return heap_reallocarray(ptr, count, size);
}

void buddy_free(void *ptr)
{
	heap_free(ptr, "buddy_free");
}

void buddy_free_sized(void *ptr, size_t size)
{
	heap_free_sized(ptr, size, "buddy_free_sized");
}

void buddy_free_aligned_sized(void *ptr, size_t alignment, size_t size)
{
	heap_free_aligned_sized(ptr, alignment, size,
				"buddy_free_aligned_sized");
}

void *buddy_aligned_alloc(size_t alignment, size_t size)
{
	if (!is_power_of_two(alignment)) {
		errno = EINVAL;
		return NULL;
	}
	return heap_aligned(alignment, size);
}

int buddy_posix_memalign(void **out, size_t alignment, size_t size)
{
	return heap_posix_memalign(out, alignment, size);
}

size_t buddy_usable_size(const void *ptr)
{
	return heap_usable_size(ptr, "buddy_usable_size");
}

int buddy_trim(size_t pad)
{
	return heap_trim(pad);
}

ssize_t buddy_stat(enum buddy_stat which, char *buf, size_t len)
{
	struct text t;

	if ((unsigned int)which >= BUDDY_NR_STATS)
		return -EINVAL;
	text_init(&t, buf, len);
	stat_text(&t, (enum heap_stat)which);
	return (ssize_t)t.length;
}

int buddy_stat_write(enum buddy_stat which, int fd)
{
	if ((unsigned int)which >= BUDDY_NR_STATS)
		return -EINVAL;
	return stat_write((enum heap_stat)which, fd);
}

int buddy_mm_verify(void)
{
	return mm_verify();
}
