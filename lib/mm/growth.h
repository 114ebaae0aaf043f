/*
 * Runs that grow. Behind the block that a thread's realloc() made larger last
 * lie free pages that the thread keeps, so that the next growth takes no lock:
 *
 *	|<---- the block ---->|<------------ the reserve ------------>|
 *	+---------------------+---------------------------------------+
 *	| PAGE_RUN            | PAGE_RUN, PG_CACHED (and PG_ZEROED)   |
 *	+---------------------+---------------------------------------+
 *
 * The owner alone touches it, as its pcp and its run cache. When the buddy has
 * little dirty memory left, the reserve goes back to it with these.
 */
#ifndef MM_GROWTH_H
#define MM_GROWTH_H

#include "page.h"

struct mm_thread;

struct growth {
	pfn_t reserve;	/* its head, or PFN_NONE */
	uint32_t pages; /* of the reserve */
	uint32_t last;	/* what the block came to that grew last */
};

/*
 * A run of nr pages that is expected to grow, at least as far as the last one
 * did; no flag is set. NULL when there are not enough pages in a row.
 */
struct page *growth_alloc(struct mm_thread *t, uint32_t nr) must_check;

/*
 * Makes a run of nr pages in place, of one that has the reserve behind it.
 * False, and nothing changed, when it has not, or not enough can follow.
 */
bool growth_extend(struct mm_thread *t, struct page *page,
		   uint32_t nr) must_check;

/*
 * Frees the reserve. Who asks before whether there are pages of it saves small
 * programs the part of the library that this is in.
 */
void growth_drain(struct mm_thread *t);

#endif
