/* The pcp: free blocks kept by a thread. */
#include "buddy.h"
#include "page_bug.h"
#include "pcp.h"
#include "reclaim.h"
#include "rmqueue.h"
#include "stash.h"

/*
 * Pages. A thread whose refills and drains alternate works in bursts, and gets
 * batches up to MAX_BATCH; one that only takes, or only gives, has nothing of
 * keeping more than STREAM_BATCH. What one thread keeps others go without, and
 * touch fresh memory instead: so it begins with MIN_BATCH. Of blocks (orders
 * above 0) as many pages as BLOCK_BATCH move at least.
 */
#define MIN_BATCH 1u
#define STREAM_BATCH 4u
#ifdef BUDDY_TINY
#define BLOCK_BATCH 2u
#define MAX_BATCH 4u
#else
#define BLOCK_BATCH 8u
#define MAX_BATCH 32u
#endif

/* `high` is this many batches. */
#define HIGH_BATCHES 2u

/* Pages given in a row until a thread is known to only give. */
#define STREAM_PAGES (2 * MAX_BATCH)

#define FIRST_PAGEBLOCK_LIST ((PAGE_ALLOC_COSTLY_ORDER + 1) * MIGRATE_PCPTYPES)

static inline enum migratetype list_migratetype(unsigned int list)
{
	return (enum migratetype)(list % MIGRATE_PCPTYPES);
}

/* Pages of an order that move at a time. */
static uint32_t batch_of(const struct per_thread_pages *pcp, unsigned int order)
{
	return order && pcp->batch < BLOCK_BATCH ? BLOCK_BATCH : pcp->batch;
}

static void set_batch(struct per_thread_pages *pcp, uint32_t batch)
{
	pcp->batch = (uint16_t)batch;
	pcp->high = batch * HIGH_BATCHES;
	pcp->block_high = batch_of(pcp, 1) * HIGH_BATCHES;
}

static void pcp_init(struct per_thread_pages *pcp)
{
	set_batch(pcp, MIN_BATCH);
	pcp->given = 0;
}

static void tune_on_refill(struct per_thread_pages *pcp)
{
	uint32_t most = pcp->given ? MAX_BATCH : STREAM_BATCH;

	if (pcp->batch < most)
		set_batch(pcp, pcp->batch * 2);
	pcp->given = 0;
}

void pcp_expect(struct mm_thread *t, uint32_t nr)
{
	struct per_thread_pages *pcp = &t->pcp;

	if (!pcp->batch)
		pcp_init(pcp);
	while (pcp->high < nr && pcp->batch < MAX_BATCH)
		set_batch(pcp, pcp->batch * 2);
}

static void tune_on_drain(struct per_thread_pages *pcp, uint32_t nr)
{
	uint32_t given = pcp->given + nr;

	if (given > STREAM_PAGES) {
		given = 1;
		if (pcp->batch > MIN_BATCH)
			set_batch(pcp, pcp->batch / 2);
	}
	pcp->given = (uint16_t)given;
}

/* Puts a chain's blocks at the tail of a list, which is empty. */
static void add_chain(struct per_thread_pages *pcp, struct page_list *list,
		      struct page *chain)
{
	while (chain) {
		struct page *next = page_list_next(chain);

		page_list_add_tail(list, chain);
		pcp_account(pcp, chain->order, 1);
		chain = next;
	}
}

/* Fills a list with `batch` pages' worth of blocks in one hold of the lock. */
static void rmqueue_bulk(struct mm_thread *t, struct zone *z,
			 unsigned int order, enum migratetype mt,
			 struct page_list *list)
{
	struct per_thread_pages *pcp = &t->pcp;
	uint32_t batch = batch_of(pcp, order);
	uint32_t nr = batch >> order;
	uint64_t flags;

	gather_dirty(t, z, batch);
	flags = zone_lock(z);
	for (uint32_t i = 0; i < (nr ? nr : 1); i++) {
		/* Only what is asked for is worth growing the zone. */
		struct page *page = rmqueue_buddy_locked(z, order, mt, !i);

		if (!page)
			break;
		set_page_type(page, PAGE_PCP);
		page_list_add_tail(list, page);
		pcp_account(pcp, order, 1);
	}
	zone_unlock(z, flags);
}

static void refill(struct mm_thread *t, struct zone *z, unsigned int order,
		   enum migratetype mt, struct page_list *list)
{
	struct page *chain = stash_take(z, order, mt);

	if (chain)
		add_chain(&t->pcp, list, chain);
	else
		rmqueue_bulk(t, z, order, mt, list);
	t->event[PCP_REFILL]++;
}

struct page *rmqueue_pcp(struct mm_thread *t, struct zone *z,
			 unsigned int order, enum migratetype mt,
			 bool from_tail)
{
	struct per_thread_pages *pcp = &t->pcp;
	struct page_list *list = &pcp->lists[pcp_list_index(order, mt)];

	if (page_list_empty(list)) {
		if (!pcp->batch)
			pcp_init(pcp);
		else
			tune_on_refill(pcp);
		refill(t, z, order, mt, list);
	}
	return pcp_take(t, order, mt, from_tail);
}

/*
 * Takes up to nr pages of one zone off a list's tail, at most what a stash
 * holds, as a chain; *nr is then how many.
 */
static struct page *cut_chain(struct per_thread_pages *pcp,
			      struct page_list *list, uint32_t *nr)
{
	uint32_t most = *nr < STASH_PAGES ? *nr : STASH_PAGES;
	struct page *chain = NULL;
	struct page *page;

	*nr = 0;
	while (*nr < most && (page = page_list_last(list))) {
		if (chain && zone_of(page) != zone_of(chain))
			break;
		VM_BUG_ON_PAGE(page->type != PAGE_PCP, page);
		page_list_del(list, page);
		pcp_account(pcp, page->order, -1);
		page->next = chain ? page_to_pfn(chain) : PFN_NONE;
		chain = page;
		*nr += 1u << page->order;
	}
	return chain;
}

/* To the zone's stash, or to its buddy. */
static void give_chain(struct page *chain, enum migratetype mt, uint32_t nr)
{
	struct zone *z = zone_of(chain);

	if (!stash_put(z, chain, mt, nr))
		free_chain(z, chain);
	reclaim_dirty_at_times(z);
}

/* Frees blocks from a list's tail: up to nr pages, or all of them. */
static uint32_t free_from_list(struct mm_thread *t, unsigned int l, uint32_t nr)
{
	struct page_list *list = &t->pcp.lists[l];
	uint32_t freed = 0;

	while (freed < nr && !page_list_empty(list)) {
		uint32_t pages = nr - freed;
		struct page *chain = cut_chain(&t->pcp, list, &pages);

		give_chain(chain, list_migratetype(l), pages);
		freed += pages;
	}
	return freed;
}

/*
 * Gives nr pages to the buddy. The lists take turns, as in the kernel, so that
 * what is not used any more goes; the one that is in use comes last.
 */
static void free_pcppages_bulk(struct mm_thread *t, uint32_t nr,
			       unsigned int in_use)
{
	struct per_thread_pages *pcp = &t->pcp;
	uint32_t freed = 0;

	for (unsigned int i = 0; freed < nr && i < FIRST_PAGEBLOCK_LIST; i++) {
		unsigned int l = pcp->victim;

		if (l != in_use && !page_list_empty(&pcp->lists[l]))
			freed += free_from_list(t, l, nr - freed);
		if (freed < nr)
			pcp->victim = (l + 1) % FIRST_PAGEBLOCK_LIST;
	}
	if (freed < nr)
		free_from_list(t, in_use, nr - freed);
	t->event[PCP_DRAIN]++;
}

void free_pcp_page(struct mm_thread *t, struct page *page, unsigned int order)
{
	struct per_thread_pages *pcp = &t->pcp;
	unsigned int l = pcp_list_for(page, order);

	if (!pcp->batch)
		pcp_init(pcp);
	if (order == PAGEBLOCK_ORDER)
		free_from_list(t, l, PAGEBLOCK_PAGES);
	pcp_put(pcp, l, page, order);
	if (pcp->count > pcp_most(pcp, order)) {
		uint32_t nr = batch_of(pcp, order);

		free_pcppages_bulk(t, nr, l);
		tune_on_drain(pcp, nr);
	}
}

void drain_pcp(struct mm_thread *t)
{
	for (unsigned int l = 0; l < NR_PCP_LISTS; l++)
		free_from_list(t, l, UINT32_MAX);
}
