/* Taking pages from one zone. */
#include "buddy.h"
#include "placement.h"
#include "rmqueue.h"
#include "stash.h"

/* Runs below this are cut from one block, others found by pageblocks. */
#define SHORT_RUN_PAGES PAGEBLOCK_PAGES

/*
 * So many dirty pages of the buddy may be of other kinds than what is wanted,
 * or too scattered for it.
 */
#ifdef BUDDY_TINY
#define SCATTERED_PAGES 4u
#else
#define SCATTERED_PAGES 128u
#endif

static void give_back_kept(struct mm_thread *t, struct zone *z)
{
	if (stash_pages(z))
		stash_drain(z);
	if (t) {
		run_cache_drain(&t->runs);
		if (t->growth.pages)
			growth_drain(t);
	}
}

void gather_dirty(struct mm_thread *t, struct zone *z, uint32_t nr)
{
	if (zone_dirty_hint(z) < nr + SCATTERED_PAGES)
		give_back_kept(t, z);
}

static void mark_handed_out(struct zone *z, struct page *page, uint32_t nr)
{
	uint32_t dirty = mark_dirty_locked(z, page_index(page), nr);

	page->flags = !dirty ? PG_CLEAN : dirty < nr ? PG_PATCHY : 0;
	z->event[ZONE_ALLOC] += nr;
}

/* Brings so much online that an aligned block of that order is in it. */
static int grow_for_block(struct zone *z, unsigned int order)
{
	uint32_t nr = 1u << order;
	uint32_t start = (uint32_t)align_up(z->online, nr);

	return zone_grow_locked(z, start + nr - z->online);
}

static struct page *take_listed(struct zone *z, unsigned int order,
				enum migratetype mt)
{
	struct page *page = rmqueue_smallest_locked(z, order, mt);

	return page ? page : rmqueue_fallback_locked(z, order, mt);
}

/* A block off the lists, not yet marked as handed out. */
static struct page *take_block(struct zone *z, unsigned int order,
			       enum migratetype mt, bool grow)
{
	struct page *page = take_listed(z, order, mt);

	if (!page && grow && !grow_for_block(z, order))
		page = take_listed(z, order, mt);
	if (page)
		page->order = (uint8_t)order;
	return page;
}

struct page *rmqueue_buddy_locked(struct zone *z, unsigned int order,
				  enum migratetype mt, bool grow)
{
	struct page *page = take_block(z, order, mt, grow);

	if (page)
		mark_handed_out(z, page, 1u << order);
	return page;
}

/* The reserve: a pageblock that only GFP_ATOMIC may use. */
static struct page *rmqueue_highatomic(struct zone *z, unsigned int order)
{
	struct page *page;

	page = rmqueue_smallest_locked(z, order, MIGRATE_HIGHATOMIC);
	if (page) {
		page->order = (uint8_t)order;
		mark_handed_out(z, page, 1u << order);
	}
	return page;
}

static void reserve_highatomic(struct zone *z)
{
	struct page *page;

	if (z->nr_highatomic)
		return;
	page = rmqueue_smallest_locked(z, PAGEBLOCK_ORDER, MIGRATE_MOVABLE);
	if (!page)
		return;
	z->nr_highatomic++;
	set_pageblock_type_locked(z, page_index(page), MIGRATE_HIGHATOMIC);
	return_range_locked(z, page_index(page), PAGEBLOCK_PAGES);
}

/* A wholly free pageblock of the reserve may have a buddy to merge with. */
static void unreserve_pageblock(struct zone *z, uint32_t index)
{
	struct page *page = zone_page(z, index);

	set_pageblock_type_locked(z, index, MIGRATE_MOVABLE);
	if (page_type(page) == PAGE_FREE && page->order == PAGEBLOCK_ORDER) {
		take_range_locked(z, index, PAGEBLOCK_PAGES);
		return_range_locked(z, index, PAGEBLOCK_PAGES);
	}
	z->nr_highatomic--;
}

void unreserve_highatomic(struct zone *z)
{
	uint64_t flags = zone_lock(z);

	for (uint32_t b = 0; z->nr_highatomic && b < ZONE_PAGEBLOCKS; b++) {
		if (z->pageblock_type[b] == MIGRATE_HIGHATOMIC)
			unreserve_pageblock(z, b << PAGEBLOCK_ORDER);
	}
	zone_unlock(z, flags);
}

static struct page *rmqueue_stash(struct zone *z, unsigned int order,
				  enum migratetype mt)
{
	if (!stash_allowed_order(order) || mt != MIGRATE_MOVABLE)
		return NULL;
	return stash_take(z, order, mt);
}

struct page *rmqueue(struct mm_thread *t, struct zone *z, unsigned int order,
		     unsigned int gfp)
{
	enum migratetype mt = gfp_migratetype(gfp);
	struct page *page = NULL;
	uint64_t flags;

	if (t && pcp_allowed_order(order)) {
		page = rmqueue_pcp(t, z, order, mt, prefers_tail(gfp));
		if (page)
			return page;
	}
	page = rmqueue_stash(z, order, mt);
	if (page)
		return page;
	gather_dirty(t, z, 1u << order);
	flags = zone_lock(z);
	page = rmqueue_buddy_locked(z, order, mt, true);
	if (gfp & GFP_ATOMIC) {
		if (page)
			reserve_highatomic(z);
		else
			page = rmqueue_highatomic(z, order);
	}
	zone_unlock(z, flags);
	return page;
}

/* The pages of a short run; what their block has beyond goes back. */
static struct page *cut_block_locked(struct zone *z, uint32_t nr,
				     unsigned int gfp)
{
	unsigned int order = order_at_least(nr);
	struct page *page = take_block(z, order, gfp_migratetype(gfp), true);

	if (page)
		return_range_locked(z, page_index(page) + nr,
				    (1u << order) - nr);
	return page;
}

/* Those of a long one: of memory brought online for it, if need be; or 0. */
static uint32_t find_pageblocks_locked(struct zone *z, uint32_t nr)
{
	uint32_t index = find_run_locked(z, nr);
	uint32_t from = z->online;

	if (index)
		return index;
	/* Fresh memory need not begin at a pageblock. */
	if (zone_grow_locked(z, nr))
		return 0;
	index = find_run_locked(z, nr);
	return index ? index : from;
}

/* nr pages off the lists: the dirty ones at `index`, if that is not 0. */
static struct page *cut_run_locked(struct zone *z, uint32_t nr,
				   unsigned int gfp, uint32_t index)
{
	if (!index && !(gfp & GFP_SPARSE))
		index = find_patchy_run_locked(z, nr);
	if (!index && nr < SHORT_RUN_PAGES)
		return cut_block_locked(z, nr, gfp);
	if (!index)
		index = find_pageblocks_locked(z, nr);
	if (!index)
		return NULL;
	take_range_locked(z, index, nr);
	return zone_page(z, index);
}

/*
 * Whether there are pages outside the buddy that may be what is missing between
 * dirty ones. For a long run only: its page faults cost more than what is kept
 * saves.
 */
static bool may_merge(const struct mm_thread *t, const struct zone *z,
		      uint32_t nr, unsigned int gfp)
{
	return nr >= SHORT_RUN_PAGES && !(gfp & GFP_SPARSE) &&
	       (stash_pages(z) || (t && (t->pcp.count || t->runs.pages ||
				      t->growth.pages)));
}

static void merge_kept(struct mm_thread *t, struct zone *z)
{
	/* First, as its pages go to the stash. */
	if (t)
		drain_pcp(t);
	give_back_kept(t, z);
}

struct page *rmqueue_run(struct mm_thread *t, struct zone *z, uint32_t nr,
			 unsigned int gfp)
{
	struct page *page = NULL;
	uint64_t flags;
	uint32_t index;

	if (nr >= SHORT_RUN_PAGES && is_power_of_two(nr))
		page = rmqueue_stash(z, lowest_bit(nr), gfp_migratetype(gfp));
	if (page)
		return page;
	gather_dirty(t, z, nr);
	flags = zone_lock(z);
	index = find_dirty_run_locked(z, nr);
	if (!index && may_merge(t, z, nr, gfp)) {
		zone_unlock(z, flags);
		merge_kept(t, z);
		flags = zone_lock(z);
		index = find_dirty_run_locked(z, nr);
	}
	page = cut_run_locked(z, nr, gfp, index);
	if (page) {
		page->order = 0;
		mark_handed_out(z, page, nr);
	}
	zone_unlock(z, flags);
	return page;
}
