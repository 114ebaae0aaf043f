/*
 * The stash: free blocks that a zone keeps for any thread, outside its buddy.
 *
 * To take pages from the buddy and to give them back costs two holds of the
 * lock, and the four system calls that mask signals around them. So what a
 * thread's pcp has too much of is set aside in chains, as it left the pcp, and
 * is the next thread's refill; and so are single blocks above the pcp's orders,
 * where the calls cost more than writing to the block. tcmalloc has the same
 * for objects, and calls it the transfer cache.
 *
 * All blocks of a chain are of one order and one migratetype, linked by `next`,
 * hot ones first, and have the type PAGE_PCP. A chain is a word in a slot, and
 * whose compare-and-swap takes it out owns it. There is no lock and no wait, so
 * a nested call in a signal handler may use it, and a fork leaves it sound.
 *
 * Blocks in it do not merge, and the zone counts them neither as free nor as
 * dirty. So it holds little; reclaim counts it in, and empties it first; and so
 * does who would have to touch fresh memory.
 */
#ifndef MM_STASH_H
#define MM_STASH_H

#include "zone.h"

/* Single blocks are kept from the first order above the pageblock's to this. */
#ifdef BUDDY_TINY
#define MAX_STASH_ORDER 6u
#else
#define MAX_STASH_ORDER 8u
#endif

/*
 * Pages that a zone's stash holds at most, about, and that a chain may have:
 * one block of the largest order.
 */
#define STASH_PAGES (UINT32_C(1) << MAX_STASH_ORDER)

/* True for the orders that the stash keeps and the pcp does not. */
static inline bool stash_allowed_order(unsigned int order)
{
	return order > PAGEBLOCK_ORDER && order <= MAX_STASH_ORDER;
}

/* The first block of a chain of that kind, or NULL. */
struct page *stash_take(struct zone *z, unsigned int order,
			enum migratetype mt) must_check;

/*
 * Keeps a chain of `nr` pages together, in the place of older ones, which go
 * to the buddy: reclaim_dirty() is to follow. False when there is no room.
 */
bool stash_put(struct zone *z, struct page *chain, enum migratetype mt,
	       uint32_t nr) must_check;

/* Gives everything to the buddy; returns how many pages that were. */
uint32_t stash_drain(struct zone *z);

/* Gives all blocks of a chain to the buddy, in one hold of the lock. */
void free_chain(struct zone *z, struct page *chain);

/* Pages in it at this moment. */
uint32_t stash_pages(const struct zone *z);

#endif
