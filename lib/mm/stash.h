/*
 * The stash: free blocks above the pcp's orders, kept by a zone for any thread.
 *
 * To take a block of many pages from the buddy and to give it back costs two
 * holds of the lock, and the four system calls that mask signals around them,
 * which is more than writing to such a block costs a program. So a zone sets
 * the last few aside that were freed whole. They count as in a pcp, whose type
 * they have; and as dirty memory to reclaim, which empties the stash first.
 *
 * A slot is one word, changed by compare-and-swap only: whoever's swap takes a
 * block out owns it. There is no lock and no wait, so a nested call in a signal
 * handler may use it, and a fork leaves it sound.
 */
#ifndef MM_STASH_H
#define MM_STASH_H

#include "zone.h"

/* Orders from the first above the pageblock's up to this one. */
#ifdef BUDDY_TINY
#define MAX_STASH_ORDER 6u
#else
#define MAX_STASH_ORDER 8u
#endif

/* What a zone's stash holds at most, about: one block of the largest order. */
#define STASH_PAGES (UINT32_C(1) << MAX_STASH_ORDER)

static inline bool stash_allowed_order(unsigned int order)
{
	return order > PAGEBLOCK_ORDER && order <= MAX_STASH_ORDER;
}

/* A block of that order, of type PAGE_PCP, or NULL. */
struct page *stash_take(struct zone *z, unsigned int order) must_check;

/*
 * Keeps a run that is such a block, in the place of older ones, which go to
 * the buddy. False when it is not to be kept: of pages that are not movable.
 */
bool stash_put(struct page *page, unsigned int order) must_check;

/* Gives everything to the buddy; returns how many pages that were. */
uint32_t stash_drain(struct zone *z);

/* Pages in it at this moment. */
uint32_t stash_pages(const struct zone *z);

#endif
