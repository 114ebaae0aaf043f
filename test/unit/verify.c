/*
 * mm/verify: every kind of damage that it must see is inflicted once. Each is
 * the failing example of its check.
 */
#include <errno.h>
#include <string.h>

#include "unit.h"

/*
 * The stage: a zone with these free blocks and nothing else free, so that each
 * damage is seen by the check that is meant.
 *
 *	base + 2	a single page, with base and base + 1, 3 in use
 *	base + 8	4 pages: order 2
 *	base + 32	a run of 5 pages in use
 *	base + 64	a pageblock
 */
struct stage {
	struct zone *z;
	uint32_t base;
	struct page *single, *four, *run, *block;
};

static struct stage stage(void)
{
	struct stage s;
	uint32_t all = 1u << MAX_PAGE_ORDER;

	s.z = unit_lone_block(&s.base);
	LOCKED(s.z) {
		take_range_locked(s.z, s.base, all);
		mark_dirty_locked(s.z, s.base, all);
		free_range_locked(s.z, s.base + 2, 1);
		free_range_locked(s.z, s.base + 8, 4);
		free_range_locked(s.z, s.base + 64, PAGEBLOCK_PAGES);
	}
	s.single = zone_page(s.z, s.base + 2);
	s.four = zone_page(s.z, s.base + 8);
	s.run = zone_page(s.z, s.base + 32);
	s.block = zone_page(s.z, s.base + 64);
	s.run->type = PAGE_RUN;
	s.run->nr = 5;
	unit_verify_zone(s.z);
	return s;
}

static struct page_list *list_of(const struct stage *s, unsigned int order)
{
	return &s->z->free_area[order].free_list[MIGRATE_MOVABLE];
}

#define DAMAGE(name, statement)           \
	static void name(struct stage *s) \
	{                                 \
		statement;                \
	}

DAMAGE(order_too_large, s->four->order = 31)
DAMAGE(type_unknown_on_list, s->four->migratetype = MIGRATE_TYPES)
DAMAGE(misaligned, s->four->order = 4)
DAMAGE(not_in_free_map, bitmap_clear(s->z->free_map, s->base + 9))
DAMAGE(pageblock_type_differs,
       s->z->pageblock_type[(s->base + 64) >> PAGEBLOCK_ORDER] =
	       MIGRATE_RECLAIMABLE)
DAMAGE(block_map_misses,
       bitmap_clear(s->z->block_map, (s->base + 64) >> PAGEBLOCK_ORDER))
DAMAGE(block_map_has_too_many,
       bitmap_set(s->z->block_map, s->base >> PAGEBLOCK_ORDER))
DAMAGE(page_type_unknown, s->run->type = NR_PAGE_TYPES)
DAMAGE(run_of_nothing, s->run->nr = 0)
DAMAGE(run_beyond_the_zone, s->run->nr = ZONE_PAGES)
DAMAGE(head_inside_a_run, s->run[3].type = PAGE_SLAB)
DAMAGE(head_inside_a_free_block, s->four[3].type = PAGE_RUN)
DAMAGE(used_page_in_free_map, bitmap_set(s->z->free_map, s->base + 33))
DAMAGE(list_link_to_another_order, s->single->next = page_to_pfn(s->four))
DAMAGE(back_link, s->four->prev = page_to_pfn(s->single))
DAMAGE(list_in_a_circle, s->four->next = page_to_pfn(s->four))
DAMAGE(list_end, list_of(s, 2)->last = page_to_pfn(s->single))
DAMAGE(list_lost, list_of(s, 2)->first = PFN_NONE;
       list_of(s, 2)->last = PFN_NONE)
DAMAGE(bit_of_order_missing, s->z->nonempty[MIGRATE_MOVABLE] &= ~4u)
DAMAGE(bit_of_order_extra, s->z->nonempty[MIGRATE_RECLAIMABLE] |= 2u)
DAMAGE(area_count, s->z->free_area[2].nr_free++)
DAMAGE(area_count_of_none, s->z->free_area[1].nr_free++)
DAMAGE(free_count, s->z->nr_free--)
DAMAGE(dirty_count, s->z->nr_free_dirty++)
DAMAGE(dirty_map, bitmap_clear(s->z->dirty_map, s->base + 9))
DAMAGE(purged_map, bitmap_set(s->z->purged_map, s->base + 9))
DAMAGE(guard_count, s->z->nr_guard++)
DAMAGE(isolated_count, s->z->nr_isolated++)
DAMAGE(bad_count, s->z->nr_bad++)
DAMAGE(free_type_off_the_lists, s->run->type = PAGE_FREE; s->run->order = 0;
       s->run->migratetype = MIGRATE_MOVABLE;
       bitmap_set(s->z->free_map, s->base + 32))
DAMAGE(lost_free_page, s->single->type = PAGE_TAIL)

static void block_beyond_the_zone(struct stage *s)
{
	s->z->online = s->base + 64 + PAGEBLOCK_PAGES / 2;
}

static void buddies_stand_unmerged(struct stage *s)
{
	struct page *twin = s->single + 1;

	/* As if the merge had been forgotten. */
	twin->type = PAGE_FREE;
	twin->order = 0;
	twin->migratetype = MIGRATE_MOVABLE;
	bitmap_set(s->z->free_map, s->base + 3);
	page_list_add_head(list_of(s, 0), twin);
	s->z->free_area[0].nr_free++;
	s->z->nr_free++;
	s->z->nr_free_dirty++;
}

static void page_of_another_zone(struct stage *s)
{
	struct zone *other = zone_create(1, nr_zones_now());
	struct page *page;

	LOCKED(other)
		assert_int_equal(zone_grow_locked(other, 1), 0);
	page = zone_page(other, other->first_page);
	s->four->next = page_to_pfn(page);
}

static const struct {
	const char *name;
	void (*inflict)(struct stage *s);
	const char *why; /* NULL: any */
} damages[] = {
	{"order", order_too_large, NULL},
	{"migratetype", type_unknown_on_list, "a free block's type"},
	{"alignment", misaligned, "a free block's alignment"},
	{"beyond", block_beyond_the_zone, NULL},
	{"free_map", not_in_free_map, "a free block's pages in free_map"},
	{"pageblock", pageblock_type_differs,
	 "a free block's list and its pageblocks' type"},
	{"unmerged", buddies_stand_unmerged, "two unmerged buddies"},
	{"block_map -", block_map_misses, "block_map"},
	{"block_map +", block_map_has_too_many, "block_map"},
	{"page type", page_type_unknown, NULL},
	{"empty run", run_of_nothing, "a page's extent"},
	{"endless run", run_beyond_the_zone, "a page's extent"},
	{"head in run", head_inside_a_run, "a head inside another's pages"},
	{"head in block", head_inside_a_free_block,
	 "a head inside another's pages"},
	{"used but free", used_page_in_free_map,
	 "pages in use are set in free_map"},
	{"other zone", page_of_another_zone, "a page on another zone's list"},
	{"other order", list_link_to_another_order, "a page on the wrong list"},
	{"back link", back_link, "a list's back link"},
	{"circle", list_in_a_circle, NULL},
	{"last", list_end, "a list's last page"},
	{"list lost", list_lost, "a list that is too short"},
	{"nonempty -", bit_of_order_missing, "nonempty"},
	{"nonempty +", bit_of_order_extra, "nonempty"},
	{"area", area_count, "free_area's nr_free"},
	{"area of none", area_count_of_none, "free_area's nr_free"},
	{"nr_free", free_count, "nr_free"},
	{"nr_free_dirty", dirty_count, "nr_free_dirty"},
	{"dirty_map", dirty_map, "nr_free_dirty"},
	{"purged_map", purged_map, "purged_map"},
	{"nr_guard", guard_count, "nr_guard"},
	{"nr_isolated", isolated_count, "nr_isolated"},
	{"nr_bad", bad_count, "nr_bad"},
	{"not on a list", free_type_off_the_lists, NULL},
	{"not a head", lost_free_page, NULL},
};

static int inflict_and_look(void *arg)
{
	size_t i = *(const size_t *)arg;
	const char *why = NULL;
	struct stage s = stage();
	bool sound = true;

	damages[i].inflict(&s);
	LOCKED(s.z)
		sound = verify_zone_locked(s.z, &why);
	CHILD_CHECK(!sound);
	CHILD_CHECK(why);
	if (damages[i].why && strcmp(why, damages[i].why)) {
		unit_child_says(why, damages[i].name, 0);
		return 1;
	}
	/* And so do those who ask about everything. */
	CHILD_CHECK(verify_zones() == -EUCLEAN);
	CHILD_CHECK(mm_verify() == -EUCLEAN);
	return 0;
}

static void test_every_damage_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct unit_child c = unit_child(inflict_and_look, &i);

		if (c.status)
			fail_msg("%s: status 0x%x: %s", damages[i].name,
				 (unsigned int)c.status, c.output);
	}
}

static int message(void *arg)
{
	struct stage s = stage();

	(void)arg;
	s.z->nr_free++;
	CHILD_CHECK(verify_zones() == -EUCLEAN);
	return 0;
}

static void test_what_it_says(void **state)
{
	struct unit_child c = unit_child(message, NULL);

	(void)state;
	assert_int_equal(c.status, 0);
	assert_string_equal(c.output, "libbuddy: mm_verify: zone 0 disagrees "
				      "with itself: nr_free\n");
}

static void test_nothing_is_wrong(void **state)
{
	struct stage s;

	(void)state;
	assert_int_equal(verify_zones(), 0);
	assert_int_equal(mm_verify(), 0);
	s = stage();
	assert_int_equal(verify_zones(), 0);
	assert_int_equal(mm_verify(), 0);
	assert_ptr_equal(s.z, zones[0]);
}

UNIT_MAIN(TEST(test_every_damage_is_seen), TEST(test_what_it_says),
	  TEST(test_nothing_is_wrong))
