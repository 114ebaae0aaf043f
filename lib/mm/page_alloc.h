/*
 * Handing out pages: the page layer as the layers above see it.
 *
 * `t` is the calling thread's state, or NULL: then its pcp is left alone, as
 * in a signal handler or before the thread has any. What is handed out is
 * PAGE_RUN, its head page's `nr` tells its pages, and it may be given back by
 * any thread.
 */
#ifndef MM_PAGE_ALLOC_H
#define MM_PAGE_ALLOC_H

#include "gfp.h"
#include "pcp.h"

/* Zeroes a run that is about to be handed out, unless it is known to be zero.
 */
void zero_run(struct page *page);

static inline void count_event(struct mm_thread *t, enum thread_event e,
			       uint64_t n)
{
	if (t)
		t->event[e] += n;
}

static inline void prep_new_page(struct page *page, uint32_t nr)
{
	/* Out of the buddy, or out of a pcp. */
	VM_BUG_ON_PAGE(page->type != PAGE_TAIL && page->type != PAGE_PCP, page);
	page->nr = nr;
	page->flags =
		page->flags & PG_CLEAN ? PG_ZEROED : page->flags & PG_PATCHY;
	WRITE_ONCE(page->cache, 0);
	set_page_type(page, PAGE_RUN);
}

static inline struct page *hand_out_pages(struct mm_thread *t,
					  struct page *page, uint32_t nr,
					  unsigned int gfp)
{
	prep_new_page(page, nr);
	if (gfp & GFP_ZERO)
		zero_run(page);
	count_event(t, PGALLOC, nr);
	return page;
}

static inline void zone_statistics(struct mm_thread *t, bool preferred)
{
	count_event(t, preferred ? NUMA_HIT : NUMA_FOREIGN, 1);
}

/*
 * 2^order pages if the thread's pcp has such a block; t is not NULL. In this
 * header, as what follows: most calls of the public API need no more.
 */
static inline struct page *must_check alloc_pages_kept(struct mm_thread *t,
						       unsigned int gfp,
						       unsigned int order)
{
	struct page *page;

	if (!pcp_allowed_order(order))
		return NULL;
	page = pcp_take(t, order, gfp_migratetype(gfp), prefers_tail(gfp));
	if (unlikely(!page))
		return NULL;
	zone_statistics(t, true);
	return hand_out_pages(t, page, 1u << order, gfp);
}

/* Takes back what alloc_pages() gave, if the pcp has room for it. */
static inline bool must_check free_pages_kept(struct mm_thread *t,
					      struct page *page,
					      unsigned int order)
{
	if (!pcp_allowed_order(order) || !pcp_keep(t, page, order))
		return false;
	count_event(t, PGFREE, 1u << order);
	return true;
}

/* 2^order pages, naturally aligned in their zone; or NULL. */
struct page *alloc_pages(struct mm_thread *t, unsigned int gfp,
			 unsigned int order) must_check;

/* Takes back what alloc_pages() gave. */
void free_pages(struct mm_thread *t, struct page *page, unsigned int order);

/* nr pages in a row, 1 to what a zone can hold; or NULL. */
struct page *alloc_run(struct mm_thread *t, unsigned int gfp,
		       uint32_t nr) must_check;

/* The same, aligned to 2^order pages. */
struct page *alloc_run_aligned(struct mm_thread *t, unsigned int gfp,
			       uint32_t nr, unsigned int order) must_check;

/* The same for who will touch little of it, if any; PG_ZEROED holds. */
struct page *alloc_run_sparse(struct mm_thread *t, unsigned int gfp,
			      uint32_t nr) must_check;

/* Takes back a run of any length, also one of alloc_pages(). */
void free_run(struct mm_thread *t, struct page *page);

/* The same while PG_ZEROED, if it is set, still holds. */
void free_run_untouched(struct mm_thread *t, struct page *page);

/* In place: false when the pages behind the run are not free. */
bool run_grow(struct page *page, uint32_t nr) must_check;

/* Gives the pages from nr on back; nr is at least 1. */
void run_shrink(struct page *page, uint32_t nr);

/* The same of a run just handed out, which nobody has touched yet. */
void run_trim(struct page *page, uint32_t nr);

/* Up to nr single pages in one hold of the lock; returns how many. */
uint32_t alloc_pages_bulk(struct mm_thread *t, unsigned int gfp, uint32_t nr,
			  void **array) must_check;

/* Makes the pages behind the head lead to it. */
void prep_compound_page(struct page *page, unsigned int order);

/* The head of the compound page or run that a page of it belongs to. */
static inline struct page *compound_head(struct page *page)
{
	return page->type == PAGE_TAIL ? page - page->nr : page;
}

/* Pages that one run can have, whatever zone it comes from. */
#define MAX_RUN_PAGES (ZONE_PAGES / 2)

#endif
