/*
 * Where runs are placed: free pages in a row, found in a zone's bitmaps rather
 * than on its lists, so that they need not be a power of two. All of them need
 * zone->lock, and change nothing: take_range_locked() follows.
 */
#ifndef MM_PLACEMENT_H
#define MM_PLACEMENT_H

#include "zone.h"

/*
 * The first index of nr free pages in a row that begin at a pageblock, or 0;
 * found by whole pageblocks, lowest address first.
 */
uint32_t find_run_locked(const struct zone *z, uint32_t nr);

/*
 * The same among pages that may hold memory, from any page of movable
 * pageblocks on: to fault fresh memory in costs a program more than all else
 * that is done for a run. 0 as well when too many shorter rows come before.
 */
uint32_t find_dirty_run_locked(const struct zone *z, uint32_t nr);

/*
 * Where no such row is: nr free pages in a row of which as many as possible may
 * hold memory, a quarter at least; or 0. Looked at are those that begin with
 * dirty pages, or end with the row that these are in.
 */
uint32_t find_patchy_run_locked(const struct zone *z, uint32_t nr);

#endif
