/*
 * malloc: sizes to classes and pages, and back.
 *
 * The hot paths are in this header, so that each entry point (the C names, the
 * C++ operators, the buddy_ functions) has them without a call. They set the
 * soft mask, touch one magazine, and take it off; whatever else may be the
 * case is behind one of two or three tests, in a function of its own.
 */
#ifndef HEAP_MALLOC_H
#define HEAP_MALLOC_H

#include "slab/slab.h"

/*
 * The slow paths. With `tc` the soft mask is set already, and taken off; the
 * others set it. Allocations set errno to ENOMEM when they return NULL.
 */
void *heap_malloc_slow(size_t size, struct thread_cache *tc);
void *heap_malloc_medium(size_t size);
void heap_free_slow(void *p, struct thread_cache *tc, const char *function);
void heap_free_checked(void *p, const char *function);
void heap_free_sized_slow(void *p, size_t size, const char *function);

/* With slow paths of the caller's, which calls them by a jump, too. */
static always_inline void *heap_malloc_or(size_t size, void *(*medium)(size_t),
					  void *(*slow)(size_t,
							struct thread_cache *))
{
	struct thread_cache *tc;
	void *obj;

	if (unlikely(size > TABLE_MAX))
		return medium(size);
	tc = soft_mask();
	obj = magazine_pop(tc, hot.class[size]);
	if (unlikely(!obj))
		return slow(size, tc);
	soft_unmask(tc);
	return obj;
}

static always_inline void *heap_malloc(size_t size)
{
	return heap_malloc_or(size, heap_malloc_medium, heap_malloc_slow);
}

static always_inline void heap_free(void *p, const char *function)
{
	size_t i = tag_index(p);
	struct thread_cache *tc;
	size_t tag;

	if (unlikely(i >= NR_TAGS)) {
		heap_free_checked(p, function);
		return;
	}
	tag = *tag_at(i);
	if (unlikely(!tag_accepts(&tag, p))) {
		heap_free_checked(p, function);
		return;
	}
	tc = soft_mask();
	if (unlikely(!magazine_push(tc, tag, p))) {
		heap_free_slow(p, tc, function);
		return;
	}
	soft_unmask(tc);
}

/* The tag leads to the class; the size only has to agree. */
static always_inline void heap_free_sized(void *p, size_t size,
					  const char *function)
{
	size_t i = tag_index(p);
	struct thread_cache *tc;
	size_t tag;

	if (unlikely(i >= NR_TAGS)) {
		heap_free_sized_slow(p, size, function);
		return;
	}
	tag = *tag_at(i);
	if (unlikely(!tag_serves(tag, size)) ||
	    unlikely(!tag_accepts(&tag, p))) {
		heap_free_sized_slow(p, size, function);
		return;
	}
	tc = soft_mask();
	if (unlikely(!magazine_push_sized(tc, tag, p))) {
		heap_free_slow(p, tc, function);
		return;
	}
	soft_unmask(tc);
}

/* As the functions of these names in <stdlib.h>; errno is set. */
void *heap_calloc(size_t count, size_t size);
void *heap_realloc(void *p, size_t size, const char *function);
void *heap_reallocarray(void *p, size_t count, size_t size);
size_t heap_usable_size(const void *p, const char *function);

/* Alignment a power of two; errno is ENOMEM when NULL is returned. */
void *heap_aligned(size_t alignment, size_t size);
int heap_posix_memalign(void **out, size_t alignment, size_t size);
void heap_free_aligned_sized(void *p, size_t alignment, size_t size,
			     const char *function);

/* An object of one cache (a size class or a user's); errno is not set. */
void *heap_cache_alloc(unsigned int cache);
void heap_cache_free(unsigned int cache, void *obj, const char *function);

/*
 * The head page of the block in use that begins at p, or NULL. A slab's object
 * may still turn out to be free.
 */
struct page *block_of(const void *p);

/* Bytes that a block has, given its head page. */
size_t usable_of(const struct page *page);

/* What junk:true fills blocks with: found in a debugger at a glance. */
#define JUNK_ALLOC 0xa5
#define JUNK_FREE 0x5a

/* The class that serves a size with an alignment; 0 when none does. */
unsigned int aligned_class(size_t alignment, size_t size);

int heap_trim(size_t pad);

#endif
