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

#include "growth.h"
#include "run_cache.h"
#include "zone.h"

#define NR_PCP_ORDERS (PAGE_ALLOC_COSTLY_ORDER + 2)
#define NR_PCP_LISTS (NR_PCP_ORDERS * MIGRATE_PCPTYPES)

struct per_thread_pages {
	uint32_t count; /* pages in the lists of small orders */
	uint32_t high;	/* count above this: `batch` pages go to the buddy */
	uint32_t block_high; /* the same when it is blocks that are freed */
	uint16_t batch; /* pages moved in one hold of the lock, at least 1 */
	uint16_t given; /* pages, since the last refill, about */
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
	struct growth growth;
	uint32_t preferred; /* id of the zone to try first */
	uint64_t event[NR_THREAD_EVENTS];
};

/* True for the orders that the pcp keeps. */
static inline bool pcp_allowed_order(unsigned int order)
{
	return order <= PAGE_ALLOC_COSTLY_ORDER || order == PAGEBLOCK_ORDER;
}

static inline unsigned int pcp_list_index(unsigned int order,
					  enum migratetype mt)
{
	if (order == PAGEBLOCK_ORDER)
		order = PAGE_ALLOC_COSTLY_ORDER + 1;
	return order * MIGRATE_PCPTYPES + mt;
}

/* Pageblocks are not in `count`: one of each type is kept, whatever it is. */
static inline void pcp_account(struct per_thread_pages *pcp, unsigned int order,
			       int by)
{
	if (order == PAGEBLOCK_ORDER)
		pcp->pageblocks += (uint32_t)by;
	else
		pcp->count += (uint32_t)(by * (1 << order));
}

/* A block from the thread's lists as they are; or NULL. */
static inline struct page *must_check pcp_take(struct mm_thread *t,
					       unsigned int order,
					       enum migratetype mt,
					       bool from_tail)
{
	struct per_thread_pages *pcp = &t->pcp;
	struct page_list *list = &pcp->lists[pcp_list_index(order, mt)];
	struct page *page =
		from_tail ? page_list_last(list) : page_list_first(list);

	if (unlikely(!page))
		return NULL;
	VM_BUG_ON_PAGE(page->type != PAGE_PCP, page);
	page_list_del(list, page);
	pcp_account(pcp, order, -1);
	return page;
}

/* The same, refilled if need be. */
struct page *rmqueue_pcp(struct mm_thread *t, struct zone *z,
			 unsigned int order, enum migratetype mt,
			 bool from_tail) must_check;

/* The caller takes nr single pages at a time, and may give them back so. */
void pcp_expect(struct mm_thread *t, uint32_t nr);

/* Whether there is a single page in the thread's lists. */
static inline bool pcp_has_page(const struct mm_thread *t, enum migratetype mt)
{
	return !page_list_empty(&t->pcp.lists[mt]);
}

/* The list that a block belongs on when it is freed. */
static inline unsigned int pcp_list_for(const struct page *page,
					unsigned int order)
{
	enum migratetype mt = pageblock_type_hint(page);

	return pcp_list_index(order,
			      mt < MIGRATE_PCPTYPES ? mt : MIGRATE_MOVABLE);
}

static inline void pcp_put(struct per_thread_pages *pcp, unsigned int l,
			   struct page *page, unsigned int order)
{
	VM_BUG_ON_PAGE(page->type != PAGE_RUN, page);
	page->order = (uint8_t)order;
	page->flags = 0;
	set_page_type(page, PAGE_PCP);
	page_list_add_head(&pcp->lists[l], page);
	pcp_account(pcp, order, 1);
}

/* One block more than `high` is kept, or large ones never would be. */
static inline uint32_t pcp_most(const struct per_thread_pages *pcp,
				unsigned int order)
{
	return (order ? pcp->block_high : pcp->high) + (1u << order) - 1;
}

/* Puts a block in the lists; false when others would have to make room. */
static inline bool must_check pcp_keep(struct mm_thread *t, struct page *page,
				       unsigned int order)
{
	struct per_thread_pages *pcp = &t->pcp;
	unsigned int l = pcp_list_for(page, order);

	if (order == PAGEBLOCK_ORDER) {
		if (!page_list_empty(&pcp->lists[l]))
			return false;
	} else if (pcp->count + (1u << order) > pcp_most(pcp, order)) {
		return false;
	}
	pcp_put(pcp, l, page, order);
	return true;
}

/* The same in any case; some go to the buddy when there are too many. */
void free_pcp_page(struct mm_thread *t, struct page *page, unsigned int order);

/* Gives everything to stashes and buddies. */
void drain_pcp(struct mm_thread *t);

#endif
