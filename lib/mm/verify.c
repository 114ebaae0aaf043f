/* Proof that the page layer's state is sound. */
#include <errno.h>

#include "verify.h"

/* What walking a zone's pages found. */
struct census {
	uint32_t nr_free, nr_dirty, nr_guard, nr_isolated, nr_bad;
	uint32_t blocks[NR_PAGE_ORDERS][MIGRATE_TYPES];
};

#define REQUIRE(cond, text)            \
	do {                           \
		if (!(cond)) {         \
			*why = (text); \
			return false;  \
		}                      \
	} while (0)

static bool types_follow(const struct zone *z, uint32_t index,
			 const struct page *page)
{
	uint32_t blocks = (1u << page->order) >> PAGEBLOCK_ORDER;
	const uint8_t *type = &z->pageblock_type[index >> PAGEBLOCK_ORDER];

	for (uint32_t i = 0; i < (blocks ? blocks : 1); i++)
		if (type[i] != page->migratetype)
			return false;
	return true;
}

static bool buddy_is_unmerged(const struct zone *z, uint32_t index,
			      const struct page *page)
{
	uint32_t buddy = index ^ 1u << page->order;
	const struct page *other;

	if (page->order >= MAX_PAGE_ORDER || buddy < z->first_page ||
	    buddy + (1u << page->order) > z->online)
		return false;
	other = zone_page(z, buddy);
	if (page_type(other) != PAGE_FREE || other->order != page->order)
		return false;
	return page->order < PAGEBLOCK_ORDER ||
	       (page->migratetype != MIGRATE_HIGHATOMIC &&
		other->migratetype != MIGRATE_HIGHATOMIC);
}

static bool block_map_agrees(const struct zone *z, uint32_t index,
			     const struct page *page)
{
	if (page->order < PAGEBLOCK_ORDER)
		return !bitmap_test(z->block_map, index >> PAGEBLOCK_ORDER);
	if (page->migratetype == MIGRATE_HIGHATOMIC)
		return true;
	return bitmap_all_set(z->block_map, index >> PAGEBLOCK_ORDER,
			      1u << (page->order - PAGEBLOCK_ORDER));
}

static bool check_free_head(const struct zone *z, uint32_t index,
			    const struct page *page, struct census *c,
			    const char **why)
{
	uint32_t nr = 1u << page->order;

	REQUIRE(page->order <= MAX_PAGE_ORDER, "a free block's order");
	REQUIRE(page->migratetype < MIGRATE_TYPES, "a free block's type");
	REQUIRE(!(index & (nr - 1)), "a free block's alignment");
	REQUIRE(index + nr <= z->online, "a free block beyond the zone");
	REQUIRE(bitmap_all_set(z->free_map, index, nr),
		"a free block's pages in free_map");
	REQUIRE(types_follow(z, index, page),
		"a free block's list and its pageblocks' type");
	REQUIRE(!buddy_is_unmerged(z, index, page), "two unmerged buddies");
	REQUIRE(block_map_agrees(z, index, page), "block_map");
	c->nr_free += nr;
	c->nr_dirty += (uint32_t)bitmap_count_range(z->dirty_map, index, nr);
	c->blocks[page->order][page->migratetype]++;
	return true;
}

/* How many pages the head at index speaks for. */
static uint32_t extent(const struct page *page)
{
	switch (page_type(page)) {
	case PAGE_TAIL:
		return 1;
	case PAGE_RUN:
	case PAGE_ISOLATED:
		return page->nr;
	default:
		return 1u << page->order;
	}
}

static bool walk_pages(const struct zone *z, struct census *c, const char **why)
{
	uint32_t index = z->first_page;

	while (index < z->online) {
		const struct page *page = zone_page(z, index);
		enum page_type type = page_type(page);
		uint32_t nr = extent(page);

		REQUIRE(type < NR_PAGE_TYPES, "a page's type");
		REQUIRE(nr && index + nr <= z->online, "a page's extent");
		for (uint32_t i = 1; i < nr; i++)
			REQUIRE(page_type(&page[i]) == PAGE_TAIL,
				"a head inside another's pages");
		if (type == PAGE_FREE) {
			if (!check_free_head(z, index, page, c, why))
				return false;
		} else {
			REQUIRE(bitmap_none_set(z->free_map, index, nr),
				"pages in use are set in free_map");
		}
		c->nr_guard += type == PAGE_GUARD ? nr : 0;
		c->nr_isolated += type == PAGE_ISOLATED ? nr : 0;
		c->nr_bad += type == PAGE_BAD ? nr : 0;
		index += nr;
	}
	return true;
}

static bool check_list(const struct zone *z, unsigned int order, int mt,
		       uint32_t expected, const char **why)
{
	const struct page_list *l = &z->free_area[order].free_list[mt];
	const struct page *prev = NULL;
	uint32_t n = 0;

	for (const struct page *p = page_list_first(l); p;
	     p = page_list_next(p)) {
		REQUIRE(zone_of(p) == z, "a page on another zone's list");
		REQUIRE(p->type == PAGE_FREE && p->order == order &&
				p->migratetype == mt,
			"a page on the wrong list");
		REQUIRE(page_list_prev(p) == prev, "a list's back link");
		REQUIRE(++n <= expected, "a list that is too long");
		prev = p;
	}
	REQUIRE(page_list_last(l) == prev, "a list's last page");
	REQUIRE(n == expected, "a list that is too short");
	REQUIRE(!n == !(z->nonempty[mt] >> order & 1), "nonempty");
	return true;
}

static bool purged_map_agrees(const struct zone *z)
{
	for (size_t w = 0; w < ARRAY_SIZE(z->purged_map); w++)
		if (z->purged_map[w] & z->dirty_map[w])
			return false;
	return true;
}

bool verify_zone_locked(const struct zone *z, const char **why)
{
	struct census c = {0};

	VM_BUG_ON(!lock_is_mine(&z->lock));
	if (!walk_pages(z, &c, why))
		return false;
	for (unsigned int o = 0; o < NR_PAGE_ORDERS; o++) {
		uint32_t blocks = 0;

		for (int mt = 0; mt < MIGRATE_TYPES; mt++) {
			if (!check_list(z, o, mt, c.blocks[o][mt], why))
				return false;
			blocks += c.blocks[o][mt];
		}
		REQUIRE(blocks == z->free_area[o].nr_free,
			"free_area's nr_free");
	}
	REQUIRE(c.nr_free == z->nr_free, "nr_free");
	REQUIRE(c.nr_dirty == z->nr_free_dirty, "nr_free_dirty");
	REQUIRE(purged_map_agrees(z), "purged_map");
	REQUIRE(c.nr_guard == z->nr_guard, "nr_guard");
	REQUIRE(c.nr_isolated == z->nr_isolated, "nr_isolated");
	REQUIRE(c.nr_bad == z->nr_bad, "nr_bad");
	return true;
}

int verify_zones(void)
{
	for (uint32_t i = 0; i < nr_zones_now(); i++) {
		uint64_t flags = zone_lock(zones[i]);
		const char *why = NULL;
		bool sound = verify_zone_locked(zones[i], &why);
		struct report r;

		zone_unlock(zones[i], flags);
		if (sound)
			continue;
		report_begin(&r);
		text_str(&r.text, "mm_verify: zone ");
		text_dec(&r.text, i);
		text_str(&r.text, " disagrees with itself: ");
		text_str(&r.text, why);
		report_end(&r);
		return -EUCLEAN;
	}
	return 0;
}
