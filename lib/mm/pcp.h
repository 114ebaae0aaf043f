/*
 * The pcp: free blocks kept by a thread, so that most calls need no lock.
 *
 * The kernel has one per CPU ("per-CPU pages"); here it is one per thread, and
 * that is the only difference in meaning. It holds blocks of the orders up to
 * PAGE_ALLOC_COSTLY_ORDER and of the pageblock order, apart by migratetype,
 * hot ones at the head of their list and untouched ones at the tail.
 *
 * The owner alone touches it, with its soft mask set (slab/thread_cache.h): a
 * nested call in a signal handler passes no struct mm_thread and goes to the
 * buddy itself. `count` and `high` are in pages, and leave out pageblocks, of
 * which there is at most one for each migratetype.
 */
#ifndef MM_PCP_H
#define MM_PCP_H

#include "run_cache.h"
#include "zone.h"

#define NR_PCP_ORDERS (PAGE_ALLOC_COSTLY_ORDER + 2)
#define NR_PCP_LISTS (NR_PCP_ORDERS * MIGRATE_PCPTYPES)

struct per_thread_pages {
	uint32_t count;	 /* pages in the lists of small orders */
	uint32_t high;	 /* count above this: `batch` pages go to the buddy */
	uint32_t batch;	 /* pages moved in one hold of the lock, at least 1 */
	uint32_t drains; /* since the last refill, about */
	uint32_t pageblocks; /* in the lists of that order */
	uint32_t victim;     /* the list to drain next */
	struct page_list lists[NR_PCP_LISTS];
};

enum thread_event {
	PGALLOC,      /* pages handed out */
	PGFREE,	      /* pages given back */
	PCP_REFILL,   /* batches taken from the buddy */
	PCP_DRAIN,    /* batches given to the buddy */
	NUMA_HIT,     /* calls served by the preferred zone */
	NUMA_FOREIGN, /* calls that had preferred another */
	NR_THREAD_EVENTS
};

/* What the page layer keeps for a thread. All zero is a valid beginning. */
struct mm_thread {
	struct per_thread_pages pcp;
	struct run_cache runs;
	uint32_t preferred; /* id of the zone to try first */
	uint64_t event[NR_THREAD_EVENTS];
};

/* True for the orders that the pcp keeps. */
static inline bool pcp_allowed_order(unsigned int order)
{
	return order <= PAGE_ALLOC_COSTLY_ORDER || order == PAGEBLOCK_ORDER;
}

/* A block from the thread's lists, refilled if need be; or NULL. */
struct page *rmqueue_pcp(struct mm_thread *t, struct zone *z,
			 unsigned int order, enum migratetype mt,
			 bool from_tail) must_check;

/* The same from the lists as they are. */
struct page *pcp_take(struct mm_thread *t, unsigned int order,
		      enum migratetype mt, bool from_tail) must_check;

/* The caller takes nr single pages at a time, and may give them back so. */
void pcp_expect(struct mm_thread *t, uint32_t nr);

/* Whether there is a single page in the thread's lists. */
static inline bool pcp_has_page(const struct mm_thread *t, enum migratetype mt)
{
	return !page_list_empty(&t->pcp.lists[mt]);
}

/* Puts a block in the lists; false when others would have to make room. */
bool pcp_keep(struct mm_thread *t, struct page *page,
	      unsigned int order) must_check;

/* The same in any case; some go to the buddy when there are too many. */
void free_pcp_page(struct mm_thread *t, struct page *page, unsigned int order);

/* Gives everything to stashes and buddies. */
void drain_pcp(struct mm_thread *t);

#endif
