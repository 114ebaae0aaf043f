/* Zones in the states that tests start from. */
#include "unit.h"

struct zone *unit_zone(uint32_t nr)
{
	struct zone *z = nr_zones_now() ? zones[0] : zone_create(1, 0);

	assert_non_null(z);
	LOCKED(z) {
		while (z->online - z->first_page < nr)
			assert_int_equal(zone_grow_locked(z, 1), 0);
	}
	return z;
}

/* The aligned block that would be the first to be wholly online. */
static uint32_t top_block(const struct zone *z)
{
	return (uint32_t)align_up(z->first_page, 1u << MAX_PAGE_ORDER);
}

struct zone *unit_lone_block(uint32_t *base)
{
	struct zone *z = unit_zone(1);
	uint32_t end;

	*base = top_block(z);
	end = *base + (1u << MAX_PAGE_ORDER);
	LOCKED(z) {
		if (z->online < end)
			assert_int_equal(zone_grow_locked(z, end - z->online),
					 0);
		take_range_locked(z, z->first_page, *base - z->first_page);
		mark_dirty_locked(z, z->first_page, *base - z->first_page);
		if (z->online > end) {
			take_range_locked(z, end, z->online - end);
			mark_dirty_locked(z, end, z->online - end);
		}
		unit_verify_locked(z);
		assert_int_equal(z->nr_free, 1u << MAX_PAGE_ORDER);
		assert_int_equal(
			unit_list_length(z, MAX_PAGE_ORDER, MIGRATE_MOVABLE),
			1);
	}
	return z;
}

uint32_t unit_list_length(const struct zone *z, unsigned int order,
			  enum migratetype mt)
{
	const struct page_list *l = &z->free_area[order].free_list[mt];
	uint32_t n = 0;

	for (const struct page *p = page_list_first(l); p;
	     p = page_list_next(p))
		n++;
	return n;
}

void unit_verify_locked(const struct zone *z)
{
	const char *why = "";

	if (!verify_zone_locked(z, &why))
		fail_msg("zone %u disagrees with itself: %s", z->id, why);
}

void unit_drain(struct mm_thread *t)
{
	drain_pcp(t);
	for (uint32_t i = 0; i < nr_zones_now(); i++)
		stash_drain(zones[i]);
}

void unit_verify_zone(struct zone *z)
{
	LOCKED(z)
		unit_verify_locked(z);
}

struct page *unit_take(struct zone *z, unsigned int order, enum migratetype mt)
{
	struct page *page = NULL;

	LOCKED(z) {
		page = rmqueue_buddy_locked(z, order, mt, true);
		if (page) {
			page->type = PAGE_RUN;
			page->nr = 1u << order;
		}
		unit_verify_locked(z);
	}
	return page;
}

void unit_give(struct zone *z, struct page *page)
{
	LOCKED(z) {
		page->type = PAGE_TAIL;
		free_range_locked(z, page_index(page), page->nr);
		unit_verify_locked(z);
	}
}
