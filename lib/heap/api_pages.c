/* The public API's pages (include/buddy.h). */
#include <errno.h>
#include <string.h>

#include "buddy.h"
#include "frame.h"
#include "heap.h"

_Static_assert((int)BUDDY_GFP_MOVABLE == (int)GFP_MOVABLE &&
		       (int)BUDDY_GFP_RECLAIMABLE == (int)GFP_RECLAIMABLE &&
		       (int)BUDDY_GFP_ZERO == (int)GFP_ZERO &&
		       (int)BUDDY_GFP_NOFAIL == (int)GFP_NOFAIL &&
		       (int)BUDDY_GFP_ATOMIC == (int)GFP_ATOMIC &&
		       (int)BUDDY_GFP_COLD == (int)GFP_COLD,
	       "buddy.h has the gfp flags");
#ifndef BUDDY_TINY
_Static_assert(BUDDY_MAX_PAGE_ORDER == MAX_PAGE_ORDER, "buddy.h's order");
#endif

static void *address(struct page *page)
{
	if (page)
		return page_to_addr(page);
	errno = ENOMEM;
	return NULL;
}

/*
 * Most calls need but the thread's pcp, and so only as much of a frame as says
 * that it is being changed.
 */
static inline struct page *alloc_kept(struct thread_cache *tc, unsigned int gfp,
				      unsigned int order)
{
	struct page *page;

	if (unlikely(!cache_is_real(tc)))
		return NULL;
	WRITE_ONCE(tc->working, true);
	page = alloc_pages_kept(&tc->mm, gfp, order);
	WRITE_ONCE(tc->working, false);
	return page;
}

static inline bool free_kept(struct thread_cache *tc, struct page *page,
			     unsigned int order)
{
	bool kept;

	/* A run need not be aligned, and what was moved is not like others. */
	if (unlikely(!cache_is_real(tc)) || page->flags ||
	    page_index(page) & ((1u << order) - 1))
		return false;
	WRITE_ONCE(tc->working, true);
	kept = free_pages_kept(&tc->mm, page, order);
	WRITE_ONCE(tc->working, false);
	return kept;
}

void *buddy_alloc_pages(unsigned int gfp, unsigned int order)
{
	struct thread_cache *tc;
	struct page *page;
	struct frame f;

	if (order > MAX_PAGE_ORDER || !gfp_valid(gfp)) {
		errno = EINVAL;
		return NULL;
	}
	tc = soft_mask();
	page = alloc_kept(tc, gfp, order);
	if (likely(page)) {
		soft_unmask(tc);
		return page_to_addr(page);
	}
	f = frame_enter(tc);
	page = alloc_pages(frame_mm(&f), gfp, order);
	frame_leave(&f);
	return address(page);
}

/* The run at addr, which must be in use and of that many pages. */
static always_inline struct page *checked_run(void *addr, uint32_t nr,
					      const char *function)
{
	struct page *page = page_of(addr);

	if (!page || page->type != PAGE_RUN ||
	    page->flags & (PG_CACHED | PG_HUGE | PG_FENCE | PG_FENCED) ||
	    addr != page_to_addr(page))
		misuse_pointer(function, addr);
	if (page->nr != nr)
		misuse("wrong size", function, addr);
	return page;
}

void buddy_free_pages(void *addr, unsigned int order)
{
	struct thread_cache *tc;
	struct page *page;
	struct frame f;

	if (!addr)
		return;
	if (order > MAX_PAGE_ORDER)
		misuse("wrong size", "buddy_free_pages", addr);
	page = checked_run(addr, 1u << order, "buddy_free_pages");
	tc = soft_mask();
	if (likely(free_kept(tc, page, order))) {
		soft_unmask(tc);
		return;
	}
	f = frame_enter(tc);
	free_run(frame_mm(&f), page);
	frame_leave(&f);
}

size_t buddy_alloc_pages_bulk(unsigned int gfp, size_t nr, void **array)
{
	struct frame f;
	size_t i = 0;

	if (!gfp_valid(gfp))
		return 0;
	f = frame_enter(soft_mask());
	while (i < nr) {
		size_t gap = 0;
		uint32_t got;

		while (i + gap < nr && !array[i + gap] && gap < ZONE_PAGES)
			gap++;
		if (!gap) {
			i++;
			continue;
		}
		got = alloc_pages_bulk(frame_mm(&f), gfp, (uint32_t)gap,
				       array + i);
		i += got;
		if (got < gap)
			break;
	}
	frame_leave(&f);
	return i;
}

static void free_one(struct mm_thread *t, void *addr)
{
	struct page *page = checked_run(addr, 1, "buddy_free_pages_bulk");

	if (!t || page->flags || !free_pages_kept(t, page, 0))
		free_run(t, page);
}

void buddy_free_pages_bulk(size_t nr, void *const *array)
{
	struct frame f = frame_enter(soft_mask());

	for (size_t i = 0; i < nr; i++)
		if (array[i])
			free_one(frame_mm(&f), array[i]);
	frame_leave(&f);
}

static size_t pages_of(size_t size)
{
	return (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

void *buddy_alloc_pages_exact(size_t size, unsigned int gfp)
{
	struct page *page;
	struct frame f;

	if (!size || size > PTRDIFF_MAX || !gfp_valid(gfp)) {
		errno = EINVAL;
		return NULL;
	}
	if (pages_of(size) > MAX_RUN_PAGES) {
		errno = ENOMEM;
		return NULL;
	}
	f = frame_enter(soft_mask());
	page = alloc_run(frame_mm(&f), gfp, (uint32_t)pages_of(size));
	frame_leave(&f);
	return address(page);
}

void buddy_free_pages_exact(void *addr, size_t size)
{
	struct page *page;
	struct frame f;

	if (!addr)
		return;
	page = checked_run(addr, (uint32_t)pages_of(size),
			   "buddy_free_pages_exact");
	f = frame_enter(soft_mask());
	free_run(frame_mm(&f), page);
	frame_leave(&f);
}
