/* Blocks above SMALL_MAX. */
#include <string.h>

#include "fault_ahead.h"
#include "large.h"

/* Larger than a zone can well serve: a mapping of its own. */
#define HUGE_MIN ((size_t)MAX_RUN_PAGES << PAGE_SHIFT)

/*
 * When no zone has room, so small a block may still have a mapping of its own;
 * it costs address space, of which a process under a limit has little.
 */
#define HUGE_FALLBACK_MIN ((size_t)1 << 20)

/* Moving pages costs two system calls and splits a mapping: 2 MiB is worth it.
 */
#define MOVE_MIN_PAGES PAGEBLOCK_PAGES

/* From here on zeroes are had by giving the memory back: 8 MiB. */
#define PURGE_MIN_PAGES 128u

static uint32_t pages_of(size_t size)
{
	return (uint32_t)((size + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/* ---- the cache of runs ------------------------------------------------ */

bool large_free_cached(struct thread_cache *own, struct page *page)
{
	return own && run_cache_put(&own->mm.runs, page,
				    thread_cache_budget() >> PAGE_SHIFT);
}

void *large_alloc_cached(struct thread_cache *own, size_t size)
{
	struct page *page = run_cache_take(&own->mm.runs, pages_of(size));

	return page ? page_to_addr(page) : NULL;
}

/* ---- allocating ------------------------------------------------------- */

/* What was known of a run when it was handed out holds no longer. */
static void *start_of(struct page *page)
{
	page->flags &= (uint16_t) ~(PG_ZEROED | PG_PATCHY);
	return page_to_addr(page);
}

static void *zeroed(struct page *page)
{
	size_t len = (size_t)page->nr << PAGE_SHIFT;
	void *p = page_to_addr(page);

	if (page->flags & PG_ZEROED)
		return start_of(page);
	/* Much of what is so large may never be touched. */
	if (page->nr < PURGE_MIN_PAGES || os_purge(p, len))
		memset(p, 0, len);
	return start_of(page);
}

void *large_alloc(struct thread_cache *own, size_t size, bool zero)
{
	struct page *page = NULL;

	if (size <= HUGE_MIN) {
		uint32_t nr = pages_of(size);

		page = own ? run_cache_take(&own->mm.runs, nr) : NULL;
		if (!page) {
			/* Zeroes may be read only: none are written in vain. */
			page = alloc_run(thread_mm(own),
					 zero ? GFP_MOVABLE | GFP_SPARSE
					      : GFP_MOVABLE,
					 nr);
			if (page)
				fault_ahead(page);
		}
	}
	if (!page && size >= HUGE_FALLBACK_MIN)
		page = huge_alloc(size, 0);
	if (!page)
		return NULL;
	return zero ? zeroed(page) : start_of(page);
}

void *large_alloc_aligned(struct thread_cache *own, size_t alignment,
			  size_t size)
{
	unsigned int order = 0;
	struct page *page = NULL;

	if (alignment > PAGE_SIZE)
		order = order_at_least(alignment >> PAGE_SHIFT);
	if (order >= ZONE_PAGE_BITS)
		return NULL;
	if (size + alignment <= HUGE_MIN)
		page = alloc_run_aligned(thread_mm(own), GFP_MOVABLE,
					 pages_of(size ? size : 1), order);
	if (!page && size + alignment >= HUGE_FALLBACK_MIN)
		page = huge_alloc(size, order);
	return page ? start_of(page) : NULL;
}

void *large_alloc_growing(struct thread_cache *own, size_t size)
{
	struct page *page;

	if (!own || size > SMALL_MAX)
		return NULL;
	page = growth_alloc(&own->mm, pages_of(size));
	return page ? page_to_addr(page) : NULL;
}

void large_free(struct thread_cache *own, struct page *page)
{
	if (unlikely(page->flags & (PG_LEARN | PG_ADVISED)))
		fault_ahead_ends(page);
	if (!large_free_cached(own, page))
		free_run(thread_mm(own), page);
}

/* ---- resizing --------------------------------------------------------- */

static void *move_run(struct thread_cache *own, struct page *page, uint32_t nr)
{
	size_t len = (size_t)page->nr << PAGE_SHIFT;
	struct page *to;

	if (page->nr < MOVE_MIN_PAGES)
		return NULL;
	to = alloc_run(thread_mm(own), GFP_MOVABLE, nr);
	if (!to)
		return NULL;
	if (os_move(page_to_addr(to), page_to_addr(page), len)) {
		free_run(thread_mm(own), to);
		return NULL;
	}
	to->flags |= PG_MOVED;
	free_run(thread_mm(own), page);
	return start_of(to);
}

static bool grow_in_place(struct thread_cache *own, struct page *page,
			  uint32_t nr)
{
	return (own && growth_extend(&own->mm, page, nr)) || run_grow(page, nr);
}

void *large_resize(struct thread_cache *own, struct page *page, size_t size)
{
	uint32_t nr;

	if (page->flags & PG_HUGE) {
		if (size <= HUGE_MIN / 2)
			return NULL;
		page = huge_resize(page, size);
		return page ? start_of(page) : NULL;
	}
	if (size > HUGE_MIN)
		return NULL;
	fault_ahead_resized(page);
	nr = pages_of(size);
	if (nr < page->nr)
		run_shrink(page, nr);
	else if (nr > page->nr && !grow_in_place(own, page, nr))
		return move_run(own, page, nr);
	return start_of(page);
}
