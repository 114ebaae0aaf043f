/*
 * Heads of runs that change while the run is its owner's.
 *
 * The order in which a user of these changes heads and lengths is such that no
 * head ever stands in another's pages: who looks from outside is mm_verify(),
 * and the child of a fork in between.
 */
#ifndef MM_RUN_HEAD_H
#define MM_RUN_HEAD_H

#include "base/base.h"
#include "page.h"

static inline void run_set_length(struct page *page, uint32_t nr)
{
	__atomic_store_n(&page->nr, nr, __ATOMIC_RELEASE);
	signal_fence();
}

static inline void run_set_type(struct page *page, enum page_type type)
{
	set_page_type(page, type);
	signal_fence();
}

/* Makes a page that was inside a run the head of one. */
static inline void run_make(struct page *page, uint32_t nr, unsigned int flags)
{
	page->order = 0;
	page->flags = (uint16_t)flags;
	run_set_length(page, nr);
	run_set_type(page, PAGE_RUN);
}

#endif
