/*
 * Taking pages from one zone: a block through the pcp or from the buddy, or a
 * run of any length.
 *
 * What is taken is marked dirty, and PG_CLEAN in its head page tells when all
 * of it still reads as zero. These take the zone's lock themselves but for
 * those with the suffix _locked.
 */
#ifndef MM_RMQUEUE_H
#define MM_RMQUEUE_H

#include "gfp.h"
#include "pcp.h"

/* 2^order pages, from the thread's pcp if it has one; or NULL. */
struct page *rmqueue(struct mm_thread *t, struct zone *z, unsigned int order,
		     unsigned int gfp) must_check;

/* nr pages in a row, from 1 on; or NULL. */
struct page *rmqueue_run(struct mm_thread *t, struct zone *z, uint32_t nr,
			 unsigned int gfp) must_check;

/*
 * When the buddy has hardly nr dirty pages, and so whoever wants them might
 * touch fresh memory: gives it what is kept outside for larger blocks, by the
 * zone and by the calling thread (t may be NULL).
 */
void gather_dirty(struct mm_thread *t, struct zone *z, uint32_t nr);

/*
 * One block out of the buddy: own lists, other migratetypes', then, if `grow`,
 * by bringing more pages online. Marks it dirty, and PG_CLEAN when it was not.
 */
struct page *rmqueue_buddy_locked(struct zone *z, unsigned int order,
				  enum migratetype mt, bool grow) must_check;

/* Before memory runs out for good the zone's reserve is given up. */
void unreserve_highatomic(struct zone *z);

#endif
