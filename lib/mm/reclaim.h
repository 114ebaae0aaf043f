/*
 * Giving memory back: free pages that may hold memory ("dirty") are kept for
 * reuse up to a watermark, and purged from the cold end above it.
 */
#ifndef MM_RECLAIM_H
#define MM_RECLAIM_H

#include "zone.h"

/* The watermarks of a zone now, in pages of dirty free memory. */
struct watermarks {
	uint32_t low, soft, hard;
};
struct watermarks zone_watermarks(const struct zone *z);

/* Called after pages were freed, without locks: purges if there are too many.
 */
void reclaim_dirty(struct zone *z);

/* The same for who frees a few pages at a time, and often. */
void reclaim_dirty_at_times(struct zone *z);

/*
 * Called now and then by who frees no pages, without locks: there may be too
 * many since others were freed last. Who ends a phase of large blocks may make
 * small ones only from then on.
 */
void reclaim_overdue(void);

/*
 * Called when a run of nr pages was handed out that are not all in memory yet,
 * before they are: direct reclaim, of dirty pages that all together would not
 * have made the run. A table that doubles leaves such behind, and none will be
 * its next. When they are missed this ends, until there are twice as many.
 */
void reclaim_for_run(struct zone *z, uint32_t nr);

/* Purges all free pages but `keep`; returns how many were purged. */
uint32_t purge_zone(struct zone *z, uint32_t keep);

#endif
