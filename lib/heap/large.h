/*
 * Blocks above SMALL_MAX: whole pages, as runs.
 *
 * A thread keeps one free run of each length up to RUN_CACHE_PAGES, so that
 * a buffer that is allocated again and again costs no lock. `own` may be NULL
 * (see thread_cache_enter). None of these sets errno.
 */
#ifndef HEAP_LARGE_H
#define HEAP_LARGE_H

#include "slab/slab.h"

/* size above 0, up to PTRDIFF_MAX; NULL when there is no memory. */
void *large_alloc(struct thread_cache *own, size_t size, bool zero) must_check;

/* Aligned to a power of two above PAGE_SIZE, or to whole pages. */
void *large_alloc_aligned(struct thread_cache *own, size_t alignment,
			  size_t size) must_check;

/*
 * Pages for a block of up to SMALL_MAX that is expected to grow: free ones are
 * behind it. NULL when there is no such place, or the size is not for it.
 */
void *large_alloc_growing(struct thread_cache *own, size_t size) must_check;

void large_free(struct thread_cache *own, struct page *page);

/*
 * The same from and to the runs that a thread keeps, and only those: NULL and
 * false when they have none, or no room. As the hot paths do, the caller has
 * set the soft mask and entered nothing; own is a thread's cache, not an empty
 * one. A fork at any point loses the run to the child at worst.
 */
void *large_alloc_cached(struct thread_cache *own, size_t size) must_check;
bool large_free_cached(struct thread_cache *own, struct page *page) must_check;

/*
 * A new size without a copy by the caller: in place, or by moving the pages.
 * The block's address; NULL when that cannot be done, and nothing changed.
 */
void *large_resize(struct thread_cache *own, struct page *page,
		   size_t size) must_check;

static inline size_t large_usable(const struct page *page)
{
	return page->flags & PG_HUGE ? huge_usable(page)
				     : (size_t)page->nr << PAGE_SHIFT;
}

#endif
