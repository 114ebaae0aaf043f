/* mm/buddy: splitting, merging, clean and dirty, hot and cold. */
#include <string.h>

#include "unit.h"

#define BLOCK_PAGES (1u << MAX_PAGE_ORDER)

static struct page *take_locked(struct zone *z, unsigned int order)
{
	struct page *page;

	page = rmqueue_smallest_locked(z, order, MIGRATE_MOVABLE);
	if (page)
		mark_dirty_locked(z, page_index(page), 1u << order);
	unit_verify_locked(z);
	return page;
}

static struct page *only_block(const struct zone *z, unsigned int order)
{
	const struct page_list *l;

	l = &z->free_area[order].free_list[MIGRATE_MOVABLE];
	assert_int_equal(z->free_area[order].nr_free, 1);
	assert_ptr_equal(page_list_first(l), page_list_last(l));
	return page_list_first(l);
}

static void test_expand_keeps_the_low_half(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	for (unsigned int order = 0; order <= MAX_PAGE_ORDER; order++) {
		struct page *page;

		LOCKED(z) {
			page = take_locked(z, order);
			assert_int_equal(page_index(page), base);
			for (unsigned int o = 0; o < order; o++)
				assert_int_equal(z->free_area[o].nr_free, 0);
			for (unsigned int o = order; o < MAX_PAGE_ORDER; o++)
				assert_int_equal(page_index(only_block(z, o)),
						 base + (1u << o));
			assert_int_equal(z->free_area[MAX_PAGE_ORDER].nr_free,
					 0);
			assert_int_equal(z->nr_free,
					 BLOCK_PAGES - (1u << order));
			free_one_page_locked(z, base, order);
			assert_int_equal(
				page_index(only_block(z, MAX_PAGE_ORDER)),
				base);
		}
	}
}

static void test_expand_sets_each_head(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		take_locked(z, 0);
		for (unsigned int o = 0; o < MAX_PAGE_ORDER; o++) {
			struct page *upper = zone_page(z, base + (1u << o));

			assert_int_equal(upper->type, PAGE_FREE);
			assert_int_equal(upper->order, o);
			assert_int_equal(upper->migratetype, MIGRATE_MOVABLE);
			assert_true(z->nonempty[MIGRATE_MOVABLE] >> o & 1);
		}
	}
}

static void test_memory_fills_upward(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		for (uint32_t i = 0; i < BLOCK_PAGES && i < 300; i++)
			assert_int_equal(page_index(take_locked(z, 0)),
					 base + i);
	}
}

static void test_smallest_sufficient_block(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);
	struct page *small;

	(void)state;
	LOCKED(z) {
		struct page *page[4];

		for (int i = 0; i < 4; i++)
			page[i] = take_locked(z, 2);
		/* A lone order-2 block, while larger ones are free. */
		free_one_page_locked(z, page_index(page[1]), 2);
		small = take_locked(z, 1);
		assert_ptr_equal(small, page[1]);
		assert_ptr_equal(take_locked(z, 0), page[1] + 2);
		assert_ptr_equal(take_locked(z, 0), page[1] + 3);
	}
}

static void test_none_left(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		assert_non_null(take_locked(z, MAX_PAGE_ORDER));
		assert_int_equal(z->nr_free, 0);
		for (unsigned int o = 0; o <= MAX_PAGE_ORDER; o++)
			for (int mt = 0; mt < MIGRATE_TYPES; mt++)
				assert_null(rmqueue_smallest_locked(
					z, o, (enum migratetype)mt));
		free_one_page_locked(z, base, MAX_PAGE_ORDER);
		unit_verify_locked(z);
	}
}

/* ---- merging ----------------------------------------------------------- */

static void shuffle(uint32_t *a, uint32_t n, uint64_t *seed)
{
	for (uint32_t i = n; i > 1; i--) {
		uint32_t j = unit_below(seed, i);
		uint32_t t = a[i - 1];

		a[i - 1] = a[j];
		a[j] = t;
	}
}

static void test_merges_in_any_order(void **state)
{
	enum { PAGES = 128 };
	uint64_t seed = unit_seed();
	uint32_t base, index[PAGES];
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		for (int round = 0; round < 20; round++) {
			for (uint32_t i = 0; i < PAGES; i++)
				index[i] = page_index(take_locked(z, 0));
			shuffle(index, PAGES, &seed);
			for (uint32_t i = 0; i < PAGES; i++) {
				free_one_page_locked(z, index[i], 0);
				unit_verify_locked(z);
			}
			assert_int_equal(
				page_index(only_block(z, MAX_PAGE_ORDER)),
				base);
		}
	}
}

static void test_only_buddies_of_one_order_merge(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		struct page *p[8];

		for (int i = 0; i < 8; i++)
			p[i] = take_locked(z, 0);
		/* Neighbours, but not buddies: 1 and 2. */
		free_one_page_locked(z, base + 1, 0);
		free_one_page_locked(z, base + 2, 0);
		assert_int_equal(z->free_area[0].nr_free, 2);
		/* 2 and 3 merge; 0 is in use, so 0..3 does not. */
		free_one_page_locked(z, base + 3, 0);
		assert_int_equal(p[2]->order, 1);
		assert_int_equal(p[3]->type, PAGE_TAIL);
		assert_int_equal(z->free_area[0].nr_free, 1);
		unit_verify_locked(z);
		free_one_page_locked(z, base, 0);
		assert_int_equal(p[0]->order, 2);
		assert_int_equal(p[2]->type, PAGE_TAIL);
		unit_verify_locked(z);
	}
}

static void test_no_merge_beyond_the_largest(void **state)
{
	struct zone *z = unit_zone(1);
	uint32_t pair = 2u << MAX_PAGE_ORDER;
	uint32_t start;

	(void)state;
	LOCKED(z) {
		/* Both halves of what would be a block of the next order. */
		start = (uint32_t)align_up(z->first_page, pair);
		while (z->online < start + pair)
			assert_int_equal(zone_grow_locked(z, 1), 0);
		unit_verify_locked(z);
		for (int i = 0; i < 2; i++) {
			struct page *page;

			page = zone_page(z, start + (uint32_t)i * pair / 2);
			assert_int_equal(page->type, PAGE_FREE);
			assert_int_equal(page->order, MAX_PAGE_ORDER);
		}
	}
}

static void test_free_range_of_any_alignment(void **state)
{
	enum { PAGES = 48 };
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	for (uint32_t start = 0; start < PAGES; start++) {
		for (uint32_t nr = 1; start + nr <= PAGES; nr++) {
			LOCKED(z) {
				take_range_locked(z, base + start, nr);
				mark_dirty_locked(z, base + start, nr);
				free_range_locked(z, base + start, nr);
				assert_int_equal(page_index(only_block(
							 z, MAX_PAGE_ORDER)),
						 base);
			}
		}
	}
	unit_verify_zone(z);
}

/* ---- clean and dirty, hot and cold ------------------------------------ */

static void test_dirty_is_counted(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		struct page *page =
			rmqueue_smallest_locked(z, 3, MIGRATE_MOVABLE);

		assert_int_equal(z->nr_free_dirty, 0);
		/* It was clean, and is not any more. */
		assert_int_equal(mark_dirty_locked(z, base, 8), 0);
		assert_int_equal(page_index(page), base);
		free_one_page_locked(z, base, 3);
		assert_int_equal(z->nr_free_dirty, 8);
		unit_verify_locked(z);
		page = rmqueue_smallest_locked(z, 4, MIGRATE_MOVABLE);
		assert_int_equal(page_index(page), base);
		assert_int_equal(mark_dirty_locked(z, base, 16), 8);
		assert_int_equal(z->nr_free_dirty, 0);
		/* Never handed on: it is as it was. */
		mark_clean_locked(z, base, 16);
		free_one_page_locked(z, base, 4);
		assert_int_equal(z->nr_free_dirty, 0);
		unit_verify_locked(z);
	}
}

static void test_hot_head_and_cold_tail(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		for (uint32_t i = 0; i < 16; i++)
			take_locked(z, 0);
		/* Dirty pages 0, 4 and a clean one, 8: no buddies. */
		free_one_page_locked(z, base, 0);
		mark_clean_locked(z, base + 8, 1);
		free_one_page_locked(z, base + 8, 0);
		free_one_page_locked(z, base + 4, 0);
		unit_verify_locked(z);
		assert_int_equal(page_index(take_locked(z, 0)), base + 4);
		assert_int_equal(page_index(take_locked(z, 0)), base);
		assert_int_equal(page_index(take_locked(z, 0)), base + 8);
	}
}

static void test_whole_pageblocks_are_mapped(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);
	uint32_t block = (base >> PAGEBLOCK_ORDER) + 1;

	(void)state;
	LOCKED(z) {
		assert_true(bitmap_test(z->block_map, block));
		take_range_locked(z, base + PAGEBLOCK_PAGES + 7, 1);
		mark_dirty_locked(z, base + PAGEBLOCK_PAGES + 7, 1);
		assert_false(bitmap_test(z->block_map, block));
		assert_true(bitmap_test(z->block_map, block - 1));
		assert_true(bitmap_test(z->block_map, block + 1));
		unit_verify_locked(z);
		free_one_page_locked(z, base + PAGEBLOCK_PAGES + 7, 0);
		assert_true(bitmap_test(z->block_map, block));
		unit_verify_locked(z);
	}
}

UNIT_MAIN(TEST(test_expand_keeps_the_low_half),
	  TEST(test_expand_sets_each_head), TEST(test_memory_fills_upward),
	  TEST(test_smallest_sufficient_block), TEST(test_none_left),
	  TEST(test_merges_in_any_order),
	  TEST(test_only_buddies_of_one_order_merge),
	  TEST(test_no_merge_beyond_the_largest),
	  TEST(test_free_range_of_any_alignment), TEST(test_dirty_is_counted),
	  TEST(test_hot_head_and_cold_tail),
	  TEST(test_whole_pageblocks_are_mapped))
