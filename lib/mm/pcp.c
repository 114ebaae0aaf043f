/* The pcp: free blocks kept by a thread. */
#include "buddy.h"
#include "page_alloc.h"
#include "pcp.h"
#include "reclaim.h"

/* Pages. The kernel bounds its batch by time under the lock, and so do we. */
#ifdef BUDDY_TINY
#define MIN_BATCH 2u
#define MAX_BATCH 4u
#else
#define MIN_BATCH 2u
#define MAX_BATCH 8u
#endif

/* `high` is this many batches; a pageblock must fit beside small blocks. */
#define HIGH_BATCHES 2u

static inline unsigned int list_index(unsigned int order, enum migratetype mt)
{
	if (order == PAGEBLOCK_ORDER)
		order = PAGE_ALLOC_COSTLY_ORDER + 1;
	return order * MIGRATE_PCPTYPES + mt;
}

static inline unsigned int list_order(unsigned int list)
{
	unsigned int order = list / MIGRATE_PCPTYPES;

	return order > PAGE_ALLOC_COSTLY_ORDER ? PAGEBLOCK_ORDER : order;
}

static void pcp_init(struct per_thread_pages *pcp)
{
	pcp->batch = MIN_BATCH;
	pcp->high = MIN_BATCH * HIGH_BATCHES;
}

/* A thread that keeps coming back is served more at a time. */
static void pcp_grow(struct per_thread_pages *pcp)
{
	if (pcp->batch < MAX_BATCH) {
		pcp->batch *= 2;
		pcp->high = pcp->batch * HIGH_BATCHES;
	}
	pcp->idle = 0;
}

/* One that only frees keeps less and less. */
static void pcp_shrink(struct per_thread_pages *pcp)
{
	if (++pcp->idle < HIGH_BATCHES || pcp->batch == MIN_BATCH)
		return;
	pcp->batch /= 2;
	pcp->high = pcp->batch * HIGH_BATCHES;
	pcp->idle = 0;
}

/* Fills a list with `batch` pages' worth of blocks in one hold of the lock. */
static void rmqueue_bulk(struct mm_thread *t, struct zone *z,
			 unsigned int order, enum migratetype mt)
{
	struct per_thread_pages *pcp = &t->pcp;
	struct page_list *list = &pcp->lists[list_index(order, mt)];
	uint32_t nr = pcp->batch >> order;
	uint64_t flags;

	flags = zone_lock(z);
	for (uint32_t i = 0; i < (nr ? nr : 1); i++) {
		/* Only what is asked for is worth growing the zone. */
		struct page *page = rmqueue_buddy_locked(z, order, mt, !i);

		if (!page)
			break;
		page->type = PAGE_PCP;
		page_list_add_tail(list, page);
		pcp->count += 1u << order;
	}
	zone_unlock(z, flags);
	t->event[PCP_REFILL]++;
}

struct page *rmqueue_pcp(struct mm_thread *t, struct zone *z,
			 unsigned int order, enum migratetype mt,
			 bool from_tail)
{
	struct per_thread_pages *pcp = &t->pcp;
	struct page_list *list = &pcp->lists[list_index(order, mt)];
	struct page *page;

	if (page_list_empty(list)) {
		if (!pcp->batch)
			pcp_init(pcp);
		else
			pcp_grow(pcp);
		rmqueue_bulk(t, z, order, mt);
	}
	page = from_tail ? page_list_last(list) : page_list_first(list);
	if (!page)
		return NULL;
	page_list_del(list, page);
	pcp->count -= 1u << order;
	return page;
}

static void free_block_locked(struct zone *z, struct page *page)
{
	uint32_t index = page_index(page);

	if (page->flags & PG_CLEAN)
		mark_clean_locked(z, index, 1u << page->order);
	page->type = PAGE_TAIL;
	free_one_page_locked(z, index, page->order);
}

static void unlock_and_reclaim(struct zone *z, uint64_t flags)
{
	zone_unlock(z, flags);
	reclaim_dirty(z);
}

/*
 * Gives nr pages to the buddy: from the tails, large blocks first, as they
 * are few and merge best. Consecutive blocks of one zone share a hold.
 */
static void free_pcppages_bulk(struct mm_thread *t, uint32_t nr)
{
	struct per_thread_pages *pcp = &t->pcp;
	struct zone *held = NULL;
	uint64_t flags = 0;

	for (unsigned int l = NR_PCP_LISTS; nr && l-- > 0;) {
		uint32_t pages = 1u << list_order(l);
		struct page *page;

		while (nr && (page = page_list_last(&pcp->lists[l]))) {
			struct zone *z = zone_of(page);

			if (z != held) {
				if (held)
					unlock_and_reclaim(held, flags);
				flags = zone_lock(z);
				held = z;
			}
			page_list_del(&pcp->lists[l], page);
			pcp->count -= pages;
			free_block_locked(z, page);
			nr -= nr < pages ? nr : pages;
		}
	}
	if (held)
		unlock_and_reclaim(held, flags);
	t->event[PCP_DRAIN]++;
}

void free_pcp_page(struct mm_thread *t, struct page *page, unsigned int order)
{
	struct per_thread_pages *pcp = &t->pcp;
	enum migratetype mt;

	if (!pcp->batch)
		pcp_init(pcp);
	mt = zone_of(page)->pageblock_type[page_index(page) >>
					   PAGEBLOCK_ORDER];
	if (mt >= MIGRATE_PCPTYPES)
		mt = MIGRATE_MOVABLE;
	page->order = (uint8_t)order;
	page->flags = 0;
	WRITE_ONCE(page->type, PAGE_PCP);
	page_list_add_head(&pcp->lists[list_index(order, mt)], page);
	pcp->count += 1u << order;
	if (pcp->count > pcp->high) {
		free_pcppages_bulk(t, pcp->batch);
		pcp_shrink(pcp);
	}
}

void drain_pcp(struct mm_thread *t)
{
	if (t->pcp.count)
		free_pcppages_bulk(t, t->pcp.count);
}
