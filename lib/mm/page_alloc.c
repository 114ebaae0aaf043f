/* Handing out pages. */
#include <string.h>

#include "buddy.h"
#include "huge.h"
#include "page_alloc.h"
#include "page_bug.h"
#include "reclaim.h"
#include "rmqueue.h"
#include "stash.h"

void zero_run(struct page *page)
{
	if (!(page->flags & PG_ZEROED))
		memset(page_to_addr(page), 0, (size_t)page->nr << PAGE_SHIFT);
	page->flags |= PG_ZEROED;
}

/* ---- all zones -------------------------------------------------------- */

struct request {
	uint32_t nr; /* pages */
	unsigned int gfp;
	int order; /* a block of that order, or -1 for a run of nr pages */
};

static struct page *try_zone(struct mm_thread *t, struct zone *z,
			     const struct request *req)
{
	if (req->order >= 0)
		return rmqueue(t, z, (unsigned int)req->order, req->gfp);
	return rmqueue_run(t, z, req->nr, req->gfp);
}

static struct page *try_zones(struct mm_thread *t, const struct request *req)
{
	uint32_t nr = nr_zones_now();
	uint32_t at = t && t->preferred < nr ? t->preferred : 0;

	for (uint32_t i = 0; i < nr; i++) {
		struct page *page = try_zone(t, zones[at], req);

		if (page) {
			zone_statistics(t, !i);
			return page;
		}
		/* No division: it would be a third of the call. */
		if (++at == nr)
			at = 0;
	}
	return NULL;
}

/* Not for want of addresses did these zones fail: another would fail too. */
static bool some_zone_has_room(uint32_t nr)
{
	for (uint32_t i = 0; i < nr_zones_now(); i++)
		if (zones[i]->span - READ_ONCE(zones[i]->online) >= nr)
			return true;
	return false;
}

static struct page *try_new_zone(struct mm_thread *t, const struct request *req)
{
	/* An aligned block may need as much again before it. */
	uint32_t room = req->order >= 0 ? req->nr * 2 - 1 : req->nr;
	struct page *page = NULL;

	/* Another thread may have used up the zone that was just made. */
	while (!page && !some_zone_has_room(room)) {
		struct zone *z = zone_create(room, nr_zones_now());

		if (!z)
			break;
		page = try_zone(t, z, req);
		if (page)
			zone_statistics(t, z->id == (t ? t->preferred : 0));
	}
	return page;
}

static slow_path struct page *alloc_slow(struct mm_thread *t,
					 const struct request *req)
{
	struct page *page = try_new_zone(t, req);

	if (page)
		return page;
	/* What this thread keeps may be just what is missing. */
	if (t)
		drain_pcp(t);
	for (uint32_t i = 0; i < nr_zones_now(); i++) {
		stash_drain(zones[i]);
		unreserve_highatomic(zones[i]);
	}
	page = try_zones(t, req);
	if (!page && req->gfp & GFP_NOFAIL) {
		struct report r;

		report_begin(&r);
		text_str(&r.text, "out of memory: ");
		text_dec(&r.text, (uint64_t)req->nr * PAGE_SIZE);
		text_str(&r.text, " bytes that must not fail");
		report_abort(&r);
	}
	return page;
}

static struct page *alloc_request(struct mm_thread *t,
				  const struct request *req)
{
	struct page *page = try_zones(t, req);

	if (unlikely(!page))
		page = alloc_slow(t, req);
	return page ? hand_out_pages(t, page, req->nr, req->gfp) : NULL;
}

struct page *alloc_pages(struct mm_thread *t, unsigned int gfp,
			 unsigned int order)
{
	struct request req = {
		.nr = 1u << order, .gfp = gfp, .order = (int)order};
	struct page *page = t ? alloc_pages_kept(t, gfp, order) : NULL;

	return page ? page : alloc_request(t, &req);
}

struct page *alloc_run(struct mm_thread *t, unsigned int gfp, uint32_t nr)
{
	struct request req = {.nr = nr, .gfp = gfp, .order = -1};
	struct page *page;

	if (is_power_of_two(nr) && pcp_allowed_order(lowest_bit(nr)))
		req.order = (int)lowest_bit(nr);
	page = alloc_request(t, &req);
	if (page && page->flags & (PG_ZEROED | PG_PATCHY))
		reclaim_for_run(zone_of(page), nr);
	return page;
}

struct page *alloc_run_sparse(struct mm_thread *t, unsigned int gfp,
			      uint32_t nr)
{
	struct request req = {
		.nr = nr,
		.gfp = (gfp & ~(unsigned int)GFP_ZERO) | GFP_SPARSE,
		.order = -1};

	return alloc_request(t, &req);
}

struct page *alloc_run_aligned(struct mm_thread *t, unsigned int gfp,
			       uint32_t nr, unsigned int order)
{
	struct request req = {.nr = nr + (1u << order) - 1,
			      .gfp = gfp & ~(unsigned int)GFP_ZERO,
			      .order = -1};
	struct page *page, *aligned;
	uint32_t skip;

	if (!order)
		return alloc_run(t, gfp, nr);
	page = alloc_request(t, &req);
	if (!page)
		return NULL;
	skip = -page_index(page) & ((1u << order) - 1);
	aligned = page + skip;
	if (skip) {
		uint32_t rest = page->nr - skip;

		page->nr = skip;
		aligned->order = 0;
		aligned->flags = page->flags;
		aligned->nr = rest;
		set_page_type(aligned, PAGE_RUN);
		free_run(t, page);
	}
	run_trim(aligned, nr);
	if (gfp & GFP_ZERO)
		zero_run(aligned);
	return aligned;
}

/* ---- giving back ------------------------------------------------------ */

static void free_to_zone(struct page *page, uint32_t nr, bool fresh)
{
	struct zone *z = zone_of(page);
	uint64_t flags = zone_lock(z);

	VM_BUG_ON_PAGE(page->type != PAGE_RUN, page);
	VM_BUG_ON_PAGE(!bitmap_none_set(z->free_map, page_index(page), nr),
		       page);
	set_page_type(page, PAGE_TAIL);
	if (fresh)
		mark_clean_locked(z, page_index(page), nr);
	free_range_locked(z, page_index(page), nr);
	z->event[ZONE_FREE] += nr;
	zone_unlock(z, flags);
	if (!fresh)
		reclaim_dirty(z);
}

/*
 * Pages that mremap() brought are a mapping of their own, and would remain one
 * for ever. Mapped anew they are clean, and one with what is around them.
 */
static void unmove(struct page *page)
{
	struct zone *z = zone_of(page);
	size_t len = (size_t)page->nr << PAGE_SHIFT;
	uint64_t flags;

	if (os_fresh(page_to_addr(page), len))
		return;
	flags = zone_lock(z);
	mark_clean_locked(z, page_index(page), page->nr);
	zone_unlock(z, flags);
}

/* Keeps only movable blocks: what is so large and not so may be the reserve. */
static bool stash_block(struct page *page, unsigned int order)
{
	if (pageblock_type_hint(page) != MIGRATE_MOVABLE)
		return false;
	page->order = (uint8_t)order;
	page->flags = 0;
	page->next = PFN_NONE;
	set_page_type(page, PAGE_PCP);
	if (!stash_put(zone_of(page), page, MIGRATE_MOVABLE, 1u << order)) {
		set_page_type(page, PAGE_RUN);
		return false;
	}
	reclaim_dirty(zone_of(page));
	return true;
}

void free_pages(struct mm_thread *t, struct page *page, unsigned int order)
{
	count_event(t, PGFREE, 1u << order);
	if (t && pcp_allowed_order(order))
		free_pcp_page(t, page, order);
	else if (!stash_allowed_order(order) || !stash_block(page, order))
		free_to_zone(page, 1u << order, false);
}

/* Whether a run is a block that a pcp or a stash would take. */
static bool is_kept_block(const struct page *page)
{
	uint32_t nr = page->nr;
	unsigned int order = lowest_bit(nr);

	return is_power_of_two(nr) && !(page_index(page) & (nr - 1)) &&
	       (pcp_allowed_order(order) || stash_allowed_order(order));
}

void free_run(struct mm_thread *t, struct page *page)
{
	uint32_t nr = page->nr;

	if (page->flags & PG_HUGE) {
		huge_free(page);
		return;
	}
	if (unlikely(page->flags & PG_MOVED)) {
		unmove(page);
	} else if (is_kept_block(page)) {
		free_pages(t, page, lowest_bit(nr));
		return;
	}
	count_event(t, PGFREE, nr);
	free_to_zone(page, nr, false);
}

void free_run_untouched(struct mm_thread *t, struct page *page)
{
	count_event(t, PGFREE, page->nr);
	free_to_zone(page, page->nr, page->flags & PG_ZEROED);
}

/* ---- resizing --------------------------------------------------------- */

/* Also by bringing more online, when the range goes on there. */
static bool range_is_free(struct zone *z, uint32_t index, uint32_t nr)
{
	uint32_t end = index + nr;
	uint32_t known = end < z->online ? nr : z->online - index;

	if (!bitmap_all_set(z->free_map, index, known))
		return false;
	for (uint32_t b = index >> PAGEBLOCK_ORDER;
	     b <= (end - 1) >> PAGEBLOCK_ORDER; b++)
		if (z->pageblock_type[b] == MIGRATE_HIGHATOMIC)
			return false;
	return end <= z->online || !zone_grow_locked(z, end - z->online);
}

bool run_grow(struct page *page, uint32_t nr)
{
	struct zone *z = zone_of(page);
	uint32_t end = page_index(page) + page->nr;
	uint32_t more = nr - page->nr;
	uint64_t flags;
	bool free;

	if (nr > z->span - page_index(page))
		return false;
	flags = zone_lock(z);
	free = range_is_free(z, end, more);
	if (free) {
		take_range_locked(z, end, more);
		mark_dirty_locked(z, end, more);
		z->event[ZONE_ALLOC] += more;
		page->nr = nr;
		page->flags &= (uint16_t)~PG_ZEROED;
	}
	zone_unlock(z, flags);
	return free;
}

static void shrink(struct page *page, uint32_t nr, bool fresh)
{
	struct zone *z = zone_of(page);
	uint32_t less = page->nr - nr;
	uint64_t flags = zone_lock(z);

	page->nr = nr;
	if (fresh)
		mark_clean_locked(z, page_index(page) + nr, less);
	free_range_locked(z, page_index(page) + nr, less);
	z->event[ZONE_FREE] += less;
	zone_unlock(z, flags);
	if (!fresh)
		reclaim_dirty(z);
}

void run_shrink(struct page *page, uint32_t nr)
{
	size_t less = (size_t)(page->nr - nr) << PAGE_SHIFT;

	/* As in unmove(). */
	if (less)
		shrink(page, nr,
		       page->flags & PG_MOVED &&
			       !os_fresh(page_to_addr(page + nr), less));
}

void run_trim(struct page *page, uint32_t nr)
{
	if (page->nr > nr)
		shrink(page, nr, page->flags & PG_ZEROED);
}

/* ---- the rest --------------------------------------------------------- */

/* Single pages that the thread keeps, or a batch of them. */
static uint32_t alloc_bulk_pcp(struct mm_thread *t, unsigned int gfp,
			       uint32_t nr, void **array)
{
	uint32_t done = 0;

	pcp_expect(t, nr);
	while (done < nr && (!done || pcp_has_page(t, gfp_migratetype(gfp)))) {
		struct page *page = alloc_pages(t, gfp, 0);

		if (!page)
			break;
		array[done++] = page_to_addr(page);
	}
	return done;
}

uint32_t alloc_pages_bulk(struct mm_thread *t, unsigned int gfp, uint32_t nr,
			  void **array)
{
	enum migratetype mt = gfp_migratetype(gfp);
	uint32_t first = t ? alloc_bulk_pcp(t, gfp, nr, array) : 0;
	uint32_t done = first;

	for (uint32_t i = 0; i < nr_zones_now() && done < nr; i++) {
		struct zone *z = zones[i];
		uint64_t flags = zone_lock(z);
		struct page *page = NULL;

		for (; done < nr; done++) {
			page = rmqueue_buddy_locked(z, 0, mt, true);
			if (!page)
				break;
			prep_new_page(page, 1);
			array[done] = page_to_addr(page);
		}
		zone_unlock(z, flags);
	}
	count_event(t, PGALLOC, done - first);
	/* In a zone that is not there yet, or for want of memory the hard way.
	 */
	for (; done < nr; done++) {
		struct page *page = alloc_pages(t, gfp, 0);

		if (!page)
			break;
		array[done] = page_to_addr(page);
	}
	for (uint32_t i = first; gfp & GFP_ZERO && i < done; i++)
		zero_run(pfn_to_page(addr_to_pfn(array[i])));
	return done;
}

void prep_compound_page(struct page *page, unsigned int order)
{
	for (uint32_t i = 1; i < 1u << order; i++)
		page[i].nr = i;
}
