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
 * keeping more than STREAM_BATCH.
 */
#ifdef BUDDY_TINY
#define MIN_BATCH 2u
#define STREAM_BATCH 4u
#define MAX_BATCH 4u
#else
#define MIN_BATCH 8u
#define STREAM_BATCH 8u
#define MAX_BATCH 32u
#endif

/* `high` is this many batches. */
#define HIGH_BATCHES 2u

/* Drains in a row until a thread is known to only give. */
#define STREAM_DRAINS 4u

static inline unsigned int list_index(unsigned int order, enum migratetype mt)
{
	if (order == PAGEBLOCK_ORDER)
		order = PAGE_ALLOC_COSTLY_ORDER + 1;
	return order * MIGRATE_PCPTYPES + mt;
}

#define FIRST_PAGEBLOCK_LIST ((PAGE_ALLOC_COSTLY_ORDER + 1) * MIGRATE_PCPTYPES)

static inline enum migratetype list_migratetype(unsigned int list)
{
	return (enum migratetype)(list % MIGRATE_PCPTYPES);
}

/* Pageblocks are not in `count`: one of each type is kept, whatever it is. */
static void account(struct per_thread_pages *pcp, unsigned int order, int by)
{
	if (order == PAGEBLOCK_ORDER)
		pcp->pageblocks += (uint32_t)by;
	else
		pcp->count += (uint32_t)(by * (1 << order));
}

static void pcp_init(struct per_thread_pages *pcp)
{
	pcp->batch = MIN_BATCH;
	pcp->high = MIN_BATCH * HIGH_BATCHES;
	pcp->drains = 0;
}

static void set_batch(struct per_thread_pages *pcp, uint32_t batch)
{
	pcp->batch = batch;
	pcp->high = batch * HIGH_BATCHES;
}

static void tune_on_refill(struct per_thread_pages *pcp)
{
	uint32_t most = pcp->drains ? MAX_BATCH : STREAM_BATCH;

	if (pcp->batch < most)
		set_batch(pcp, pcp->batch * 2);
	pcp->drains = 0;
}

void pcp_expect(struct mm_thread *t, uint32_t nr)
{
	struct per_thread_pages *pcp = &t->pcp;

	if (!pcp->batch)
		pcp_init(pcp);
	while (pcp->high < nr && pcp->batch < MAX_BATCH)
		set_batch(pcp, pcp->batch * 2);
}

static void tune_on_drain(struct per_thread_pages *pcp)
{
	if (++pcp->drains >= STREAM_DRAINS && pcp->batch > MIN_BATCH) {
		set_batch(pcp, pcp->batch / 2);
		pcp->drains = 1;
	}
}

/* Puts a chain's blocks at the tail of a list, which is empty. */
static void add_chain(struct per_thread_pages *pcp, struct page_list *list,
		      struct page *chain)
{
	while (chain) {
		struct page *next = page_list_next(chain);

		page_list_add_tail(list, chain);
		account(pcp, chain->order, 1);
		chain = next;
	}
}

/* Fills a list with `batch` pages' worth of blocks in one hold of the lock. */
static void rmqueue_bulk(struct mm_thread *t, struct zone *z,
			 unsigned int order, enum migratetype mt,
			 struct page_list *list)
{
	struct per_thread_pages *pcp = &t->pcp;
	uint32_t nr = pcp->batch >> order;
	uint64_t flags;

	gather_dirty(t, z, pcp->batch);
	flags = zone_lock(z);
	for (uint32_t i = 0; i < (nr ? nr : 1); i++) {
		/* Only what is asked for is worth growing the zone. */
		struct page *page = rmqueue_buddy_locked(z, order, mt, !i);

		if (!page)
			break;
		set_page_type(page, PAGE_PCP);
		page_list_add_tail(list, page);
		account(pcp, order, 1);
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

struct page *pcp_take(struct mm_thread *t, unsigned int order,
		      enum migratetype mt, bool from_tail)
{
	struct per_thread_pages *pcp = &t->pcp;
	struct page_list *list = &pcp->lists[list_index(order, mt)];
	struct page *page =
		from_tail ? page_list_last(list) : page_list_first(list);

	if (unlikely(!page))
		return NULL;
	VM_BUG_ON_PAGE(page->type != PAGE_PCP, page);
	page_list_del(list, page);
	account(pcp, order, -1);
	return page;
}

struct page *rmqueue_pcp(struct mm_thread *t, struct zone *z,
			 unsigned int order, enum migratetype mt,
			 bool from_tail)
{
	struct per_thread_pages *pcp = &t->pcp;
	struct page_list *list = &pcp->lists[list_index(order, mt)];

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
		account(pcp, page->order, -1);
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

/* The list that a block belongs on when it is freed. */
static unsigned int list_for(const struct page *page, unsigned int order)
{
	enum migratetype mt = pageblock_type_hint(page);

	return list_index(order, mt < MIGRATE_PCPTYPES ? mt : MIGRATE_MOVABLE);
}

static void put_on_list(struct per_thread_pages *pcp, unsigned int l,
			struct page *page, unsigned int order)
{
	VM_BUG_ON_PAGE(page->type != PAGE_RUN, page);
	page->order = (uint8_t)order;
	page->flags = 0;
	set_page_type(page, PAGE_PCP);
	page_list_add_head(&pcp->lists[l], page);
	account(pcp, order, 1);
}

/* One block more than `high` is kept, or large ones never would be. */
static uint32_t most_pages(const struct per_thread_pages *pcp,
			   unsigned int order)
{
	return pcp->high + (1u << order) - 1;
}

bool pcp_keep(struct mm_thread *t, struct page *page, unsigned int order)
{
	struct per_thread_pages *pcp = &t->pcp;
	unsigned int l = list_for(page, order);

	if (order == PAGEBLOCK_ORDER) {
		if (!page_list_empty(&pcp->lists[l]))
			return false;
	} else if (pcp->count + (1u << order) > most_pages(pcp, order)) {
		return false;
	}
	put_on_list(pcp, l, page, order);
	return true;
}

void free_pcp_page(struct mm_thread *t, struct page *page, unsigned int order)
{
	struct per_thread_pages *pcp = &t->pcp;
	unsigned int l = list_for(page, order);

	if (!pcp->batch)
		pcp_init(pcp);
	if (order == PAGEBLOCK_ORDER)
		free_from_list(t, l, PAGEBLOCK_PAGES);
	put_on_list(pcp, l, page, order);
	if (pcp->count > most_pages(pcp, order)) {
		free_pcppages_bulk(t, pcp->batch, l);
		tune_on_drain(pcp);
	}
}

void drain_pcp(struct mm_thread *t)
{
	for (unsigned int l = 0; l < NR_PCP_LISTS; l++)
		free_from_list(t, l, UINT32_MAX);
}
