/* The C library's names for malloc and its family. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"

exported hot_path void *malloc(size_t size)
{
	return heap_malloc(size);
}

exported hot_path void free(void *ptr)
{
	heap_free(ptr, "free");
}

exported void *calloc(size_t count, size_t size)
{
	return heap_calloc(count, size);
}

exported void *realloc(void *ptr, size_t size)
{
	return heap_realloc(ptr, size, "realloc");
}

exported void *reallocarray(void *ptr, size_t count, size_t size)
{
	return heap_reallocarray(ptr, count, size);
}

exported void free_sized(void *ptr, size_t size)
{
	heap_free_sized(ptr, size, "free_sized");
}

exported void free_aligned_sized(void *ptr, size_t alignment, size_t size)
{
	heap_free_aligned_sized(ptr, alignment, size, "free_aligned_sized");
}

exported int posix_memalign(void **out, size_t alignment, size_t size)
{
	return heap_posix_memalign(out, alignment, size);
}

exported void *aligned_alloc(size_t alignment, size_t size)
{
	if (!is_power_of_two(alignment)) {
		errno = EINVAL;
		return NULL;
	}
	return heap_aligned(alignment, size);
}

/* As glibc has it, an alignment that is no power of two is rounded up. */
exported void *memalign(size_t alignment, size_t size)
{
	if (alignment > (SIZE_MAX >> 1) + 1) {
		errno = EINVAL;
		return NULL;
	}
	if (!is_power_of_two(alignment))
		alignment =
			alignment ? (size_t)1 << order_at_least(alignment) : 1;
	return heap_aligned(alignment, size);
}

exported void *valloc(size_t size)
{
	return heap_aligned(os_page_size(), size);
}

exported void *pvalloc(size_t size)
{
	size_t page = os_page_size();

	if (size > SIZE_MAX - page) {
		errno = ENOMEM;
		return NULL;
	}
	return heap_aligned(page, align_up(size ? size : 1, page));
}

exported void cfree(void *ptr)
{
	heap_free(ptr, "cfree");
}

exported size_t malloc_usable_size(void *ptr)
{
	return heap_usable_size(ptr, "malloc_usable_size");
}

exported int malloc_trim(size_t pad)
{
	return heap_trim(pad);
}
