/*
 * The run cache: free runs that a thread keeps, one of each length, so that a
 * buffer of the same size costs no lock the next time.
 *
 * The owner alone touches it, as its pcp. Its pages are dirty as a rule: who
 * would have to touch fresh memory takes them back first (gather_dirty()).
 */
#ifndef MM_RUN_CACHE_H
#define MM_RUN_CACHE_H

#include "page.h"

/* Runs of up to so many pages are kept. */
#define RUN_CACHE_PAGES 32u

struct run_cache {
	pfn_t run[RUN_CACHE_PAGES + 1]; /* by pages */
	uint32_t pages;			/* in all of them */
};

/* A run of nr pages, of any number, with no flag set; or NULL. */
struct page *run_cache_take(struct run_cache *rc, uint32_t nr) must_check;

/*
 * Keeps a run with no flag set, while there are no more than `most` pages in
 * all of them; false when there is no place for it.
 */
bool run_cache_put(struct run_cache *rc, struct page *page,
		   uint32_t most) must_check;

/* Frees all of them. */
void run_cache_drain(struct run_cache *rc);

#endif
