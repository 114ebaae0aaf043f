/* Giving memory back to the operating system. */
#include "buddy.h"
#include "reclaim.h"

/*
 * Two watermarks, each so many pages and a share of what is in use. Faulting a
 * page in again costs more than all else that the allocator does, so memory
 * above the soft one is given back at most every PURGE_INTERVAL: a program
 * that frees and allocates in bursts keeps its pages. Above the hard one it is
 * given back at once.
 */
#define SOFT_PAGES 256u /* 16 MiB */
#define SOFT_SHARE 8u	/* an eighth */
#define HARD_PAGES 1024u
#define HARD_SHARE 2u
#define PURGE_INTERVAL 100u /* ms */

/* Below this order a purge costs more calls than it frees memory. */
#define PURGE_MIN_ORDER 2u

/* Blocks of a list that are looked at for a dirty one, with the lock held. */
#define PURGE_LOOKS 64u

static uint32_t pages_in_use(const struct zone *z)
{
	return READ_ONCE(z->online) - z->first_page - READ_ONCE(z->nr_free);
}

/*
 * Narrows a block to a part of at most `want` order that has dirty pages: its
 * upper part, as memory fills from below.
 */
static uint32_t dirty_part(const struct zone *z, uint32_t index,
			   unsigned int *order, unsigned int want)
{
	while (*order > want) {
		uint32_t half = 1u << --*order;

		if (!bitmap_none_set(z->dirty_map, index + half, half))
			index += half;
	}
	return index;
}

static bool is_dirty(const struct zone *z, const struct page *page)
{
	return !bitmap_none_set(z->dirty_map, page_index(page),
				1u << page->order);
}

/*
 * A dirty block of a list: the coldest, unless that is behind more than `looks`
 * clean ones, and then the hottest, which is near the head.
 */
static struct page *dirty_block(const struct zone *z,
				const struct page_list *list, uint32_t looks)
{
	struct page *p = page_list_last(list);
	uint32_t left = looks;

	for (; p && left; p = page_list_prev(p), left--)
		if (is_dirty(z, p))
			return p;
	left = looks;
	for (p = page_list_first(list); p && left;
	     p = page_list_next(p), left--)
		if (is_dirty(z, p))
			return p;
	return NULL;
}

/* Sets a dirty block of that order aside, at most `want` of it; or NULL. */
static struct page *isolate_block_locked(struct zone *z, unsigned int order,
					 unsigned int want, uint32_t looks)
{
	struct page *page = NULL;
	uint32_t index;

	for (int mt = 0; !page && mt < MIGRATE_PCPTYPES; mt++)
		page = dirty_block(z, &z->free_area[order].free_list[mt],
				   looks);
	if (!page)
		return NULL;
	index = dirty_part(z, page_index(page), &order, want);
	take_range_locked(z, index, 1u << order);
	mark_dirty_locked(z, index, 1u << order);
	page = zone_page(z, index);
	page->type = PAGE_ISOLATED;
	page->order = (uint8_t)order;
	z->nr_isolated += 1u << order;
	return page;
}

static void unisolate_locked(struct zone *z, struct page *page, bool purged)
{
	uint32_t index = page_index(page);
	unsigned int order = page->order;

	if (purged) {
		mark_clean_locked(z, index, 1u << order);
		z->event[ZONE_PURGED] += 1u << order;
	}
	z->nr_isolated -= 1u << order;
	page->type = PAGE_TAIL;
	free_one_page_locked(z, index, order);
}

/* About nr pages, from blocks of at least that order. Pages purged, or 0. */
static uint32_t purge_some(struct zone *z, uint32_t nr, unsigned int min_order)
{
	/* Who asks for all of it does not mind a search. */
	uint32_t looks = min_order ? PURGE_LOOKS : UINT32_MAX;
	unsigned int want = order_at_least(nr);
	struct page *page = NULL;
	uint64_t flags;
	bool purged;

	if (want < min_order)
		want = min_order;
	flags = zone_lock(z);
	for (unsigned int o = NR_PAGE_ORDERS; !page && o-- > min_order;)
		page = isolate_block_locked(z, o, want, looks);
	zone_unlock(z, flags);
	if (!page)
		return 0;
	nr = 1u << page->order;
	/* Out of the lock: others need not wait for the kernel. */
	purged = !os_purge(page_to_addr(page), (size_t)nr << PAGE_SHIFT);
	flags = zone_lock(z);
	unisolate_locked(z, page, purged);
	zone_unlock(z, flags);
	return purged ? nr : 0;
}

static uint32_t purge_down_to(struct zone *z, uint32_t low,
			      unsigned int min_order)
{
	uint32_t purged = 0;
	uint32_t dirty;

	while ((dirty = READ_ONCE(z->nr_free_dirty)) > low) {
		uint32_t nr = purge_some(z, dirty - low, min_order);

		if (!nr)
			break;
		purged += nr;
	}
	return purged;
}

struct watermarks zone_watermarks(const struct zone *z)
{
	uint32_t used = pages_in_use(z);
	uint32_t soft = SOFT_PAGES + used / SOFT_SHARE;

	return (struct watermarks){
		.low = soft - soft / 4,
		.soft = soft,
		.hard = HARD_PAGES + used / HARD_SHARE,
	};
}

/* True at most once in an interval. */
static bool interval_is_over(struct zone *z)
{
	uint64_t last = READ_ONCE(z->last_purge);
	uint64_t now = inject_clock(os_milliseconds());

	return now - last >= PURGE_INTERVAL &&
	       __atomic_compare_exchange_n(&z->last_purge, &last, now, false,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void reclaim_dirty(struct zone *z)
{
	uint32_t dirty = READ_ONCE(z->nr_free_dirty);
	struct watermarks w;

	if (likely(dirty <= SOFT_PAGES))
		return;
	w = zone_watermarks(z);
	if (dirty > w.hard || (dirty > w.soft && interval_is_over(z)))
		purge_down_to(z, w.low, PURGE_MIN_ORDER);
}

uint32_t purge_zone(struct zone *z, uint32_t keep)
{
	return purge_down_to(z, keep, 0);
}
