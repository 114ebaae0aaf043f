/*
 * The buddy core: the free blocks of one zone.
 *
 * A block is 2^order pages, aligned to its size within the zone. Free blocks
 * merge with their buddy at once, so no two free buddies stand side by side
 * but where one is larger than MAX_PAGE_ORDER would allow. From the pageblock
 * order up all pageblocks of a free block have the migratetype of its list;
 * smaller blocks are on the list of their pageblock's migratetype.
 *
 * Knuth, The Art of Computer Programming, vol. 1, 2.5, "buddy system"; steps
 * and names are those of the Linux kernel's mm/page_alloc.c.
 *
 * All functions need zone->lock (suffix _locked). None changes the state of
 * pages that are not free.
 */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include "zone.h"

/*
 * Takes a block of that order from the lists of migratetype mt, splitting a
 * larger one if it must. NULL when there is none. A block whose state makes no
 * sense is reported, quarantined as PAGE_BAD, and the next one is tried.
 * mark_dirty_locked() follows when the pages are handed out.
 */
struct page *rmqueue_smallest_locked(struct zone *z, unsigned int order,
				     enum migratetype mt) must_check;

/*
 * The same from other migratetypes: from a pageblock that changes to mt as a
 * whole where that is possible, so that the two do not mix.
 */
struct page *rmqueue_fallback_locked(struct zone *z, unsigned int order,
				     enum migratetype mt) must_check;

/* Frees one block of pages that were handed out. */
void free_one_page_locked(struct zone *z, uint32_t index, unsigned int order);

/* Frees nr pages from index on, of any alignment, as the blocks they make. */
void free_range_locked(struct zone *z, uint32_t index, uint32_t nr);

/*
 * Puts pages back that were taken off the lists and not handed out: what was
 * clean still is.
 */
void return_range_locked(struct zone *z, uint32_t index, uint32_t nr);

/*
 * Takes exactly the free pages [index, index + nr) out of the lists; what
 * their blocks have beyond goes back. All of them must be free.
 */
void take_range_locked(struct zone *z, uint32_t index, uint32_t nr);

/*
 * The dirty pages of a range that is being handed out: counts those that may
 * hold memory, and marks all as such.
 */
uint32_t mark_dirty_locked(struct zone *z, uint32_t index, uint32_t nr);

/* The other way: nobody wrote there, it still reads as zero. */
void mark_clean_locked(struct zone *z, uint32_t index, uint32_t nr);

/* It does so again: when the pages are handed out next it is a refault. */
void mark_purged_locked(struct zone *z, uint32_t index, uint32_t nr);

/* Gives all free pages of a pageblock, and those to come, to a migratetype. */
void set_pageblock_type_locked(struct zone *z, uint32_t index,
			       enum migratetype mt);

/* Makes lists and counts anew from free_map, in a child of a fork. */
void zone_rebuild_locked(struct zone *z);

/* With guard pages on, split-off blocks below this order have no access. */
void buddy_set_guard_order(unsigned int order);

#endif
