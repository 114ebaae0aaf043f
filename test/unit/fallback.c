/* mm/buddy: one migratetype served from another's pageblocks. */
#include "unit.h"

#define BLOCK_PAGES (1u << MAX_PAGE_ORDER)

static enum migratetype type_of(const struct zone *z, uint32_t index)
{
	return z->pageblock_type[index >> PAGEBLOCK_ORDER];
}

static struct page *take_locked(struct zone *z, unsigned int order,
				enum migratetype mt)
{
	struct page *page = rmqueue_smallest_locked(z, order, mt);

	if (!page)
		page = rmqueue_fallback_locked(z, order, mt);
	if (page)
		mark_dirty_locked(z, page_index(page), 1u << order);
	unit_verify_locked(z);
	return page;
}

static void test_a_whole_pageblock_changes(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		uint32_t index;

		index = page_index(take_locked(z, 0, MIGRATE_UNMOVABLE));
		assert_int_equal(index, base);
		assert_int_equal(type_of(z, base), MIGRATE_UNMOVABLE);
		assert_int_equal(z->event[ZONE_STEAL], 1);
		assert_int_equal(z->event[ZONE_FALLBACK], 0);
		/* Just that one. */
		for (uint32_t i = PAGEBLOCK_PAGES; i < BLOCK_PAGES;
		     i += PAGEBLOCK_PAGES)
			assert_int_equal(type_of(z, base + i), MIGRATE_MOVABLE);
		/* Its other pages are next, the second block after them. */
		for (uint32_t i = 1; i < PAGEBLOCK_PAGES; i++) {
			struct page *page;

			page = take_locked(z, 0, MIGRATE_UNMOVABLE);
			assert_int_equal(page_index(page) - base, i);
		}
		assert_int_equal(z->event[ZONE_STEAL], 1);
		take_locked(z, 0, MIGRATE_UNMOVABLE);
		assert_int_equal(z->event[ZONE_STEAL], 2);
	}
}

static void test_the_two_kinds_do_not_mix(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		for (uint32_t i = 0; i < BLOCK_PAGES / 4; i++) {
			enum migratetype mt =
				i & 1 ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE;
			struct page *page = take_locked(z, 0, mt);

			assert_non_null(page);
			assert_int_equal(type_of(z, page_index(page)), mt);
		}
		assert_int_equal(z->event[ZONE_FALLBACK], 0);
	}
}

static void test_a_large_request_takes_the_block(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);
	unsigned int order = PAGEBLOCK_ORDER + 1;

	(void)state;
	LOCKED(z) {
		struct page *page = take_locked(z, order, MIGRATE_UNMOVABLE);

		assert_int_equal(page_index(page), base);
		assert_int_equal(type_of(z, base), MIGRATE_UNMOVABLE);
		assert_int_equal(type_of(z, base + PAGEBLOCK_PAGES),
				 MIGRATE_UNMOVABLE);
		assert_int_equal(z->event[ZONE_STEAL], 1);
	}
}

/* Leaves `nr` single free pages in the pageblock at index, from its end. */
static void leave_free(struct zone *z, uint32_t index, uint32_t nr)
{
	take_range_locked(z, index, PAGEBLOCK_PAGES);
	mark_dirty_locked(z, index, PAGEBLOCK_PAGES);
	free_range_locked(z, index + PAGEBLOCK_PAGES - nr, nr);
}

/* A zone where only those pages of one pageblock are free. */
static struct zone *one_pageblock(uint32_t *base, uint32_t nr)
{
	struct zone *z = unit_lone_block(base);

	LOCKED(z) {
		take_range_locked(z, *base + PAGEBLOCK_PAGES,
				  BLOCK_PAGES - PAGEBLOCK_PAGES);
		mark_dirty_locked(z, *base + PAGEBLOCK_PAGES,
				  BLOCK_PAGES - PAGEBLOCK_PAGES);
		leave_free(z, *base, nr);
		unit_verify_locked(z);
		assert_int_equal(z->nr_free, nr);
	}
	return z;
}

static void test_half_a_pageblock_is_stolen(void **state)
{
	uint32_t base;
	struct zone *z = one_pageblock(&base, PAGEBLOCK_PAGES / 2);

	(void)state;
	LOCKED(z) {
		take_locked(z, 0, MIGRATE_UNMOVABLE);
		assert_int_equal(type_of(z, base), MIGRATE_UNMOVABLE);
		assert_int_equal(z->event[ZONE_STEAL], 1);
		/* All its free pages went along, and what is freed there. */
		assert_int_equal(z->nonempty[MIGRATE_MOVABLE], 0);
		free_one_page_locked(z, base + 3, 0);
		assert_int_equal(zone_page(z, base + 3)->migratetype,
				 MIGRATE_UNMOVABLE);
		unit_verify_locked(z);
	}
}

static void test_less_than_half_is_borrowed(void **state)
{
	uint32_t base;
	struct zone *z = one_pageblock(&base, PAGEBLOCK_PAGES / 2 - 1);

	(void)state;
	LOCKED(z) {
		struct page *page = take_locked(z, 0, MIGRATE_UNMOVABLE);

		assert_non_null(page);
		assert_int_equal(type_of(z, base), MIGRATE_MOVABLE);
		assert_int_equal(z->event[ZONE_STEAL], 0);
		assert_int_equal(z->event[ZONE_FALLBACK], 1);
		assert_int_equal(z->nonempty[MIGRATE_UNMOVABLE], 0);
		/* It goes back to whom it was borrowed from. */
		free_one_page_locked(z, page_index(page), 0);
		assert_int_equal(z->nonempty[MIGRATE_UNMOVABLE], 0);
		unit_verify_locked(z);
	}
}

static void test_the_largest_block_is_taken(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		/* Single pages low in memory, the largest blocks above. */
		take_range_locked(z, base, 2);
		mark_dirty_locked(z, base, 2);
		free_one_page_locked(z, base, 0);
		unit_verify_locked(z);
		assert_int_equal(z->free_area[0].nr_free, 1);
		assert_int_equal(
			page_index(take_locked(z, 0, MIGRATE_UNMOVABLE)),
			base + BLOCK_PAGES / 2);
	}
}

/* Which kind is robbed when all three have a free pageblock. */
static void check_robbed(enum migratetype robber, enum migratetype first,
			 enum migratetype second)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	LOCKED(z) {
		uint32_t at[2] = {base, base + 2 * PAGEBLOCK_PAGES};
		enum migratetype owner[2] = {second, first};

		take_range_locked(z, base, BLOCK_PAGES);
		for (int i = 0; i < 2; i++) {
			set_pageblock_type_locked(z, at[i], owner[i]);
			return_range_locked(z, at[i], PAGEBLOCK_PAGES);
		}
		mark_dirty_locked(z, base + PAGEBLOCK_PAGES, PAGEBLOCK_PAGES);
		mark_dirty_locked(z, base + 3 * PAGEBLOCK_PAGES,
				  BLOCK_PAGES - 3 * PAGEBLOCK_PAGES);
		unit_verify_locked(z);
		assert_int_equal(
			page_index(take_locked(z, PAGEBLOCK_ORDER, robber)),
			at[1]);
		assert_int_equal(
			page_index(take_locked(z, PAGEBLOCK_ORDER, robber)),
			at[0]);
		assert_null(take_locked(z, PAGEBLOCK_ORDER, robber));
		free_range_locked(z, base, BLOCK_PAGES);
	}
}

static void test_unmovable_robs(void **state)
{
	(void)state;
	check_robbed(MIGRATE_UNMOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE);
}

static void test_movable_robs(void **state)
{
	(void)state;
	check_robbed(MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE);
}

static void test_reclaimable_robs(void **state)
{
	(void)state;
	check_robbed(MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE, MIGRATE_MOVABLE);
}

static void test_the_reserve_is_not_robbed(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		take_range_locked(z, base, BLOCK_PAGES);
		set_pageblock_type_locked(z, base, MIGRATE_HIGHATOMIC);
		return_range_locked(z, base, PAGEBLOCK_PAGES);
		mark_dirty_locked(z, base + PAGEBLOCK_PAGES,
				  BLOCK_PAGES - PAGEBLOCK_PAGES);
		for (int mt = 0; mt < MIGRATE_PCPTYPES; mt++)
			assert_null(take_locked(z, 0, (enum migratetype)mt));
		assert_non_null(
			rmqueue_smallest_locked(z, 0, MIGRATE_HIGHATOMIC));
	}
}

/* Random kinds and orders: every page is free or taken once. */
static void test_random_kinds(void **state)
{
	enum { SLOTS = 64 };
	uint64_t seed = unit_seed();
	struct page *taken[SLOTS] = {NULL};
	unsigned int order[SLOTS];
	uint32_t base;
	struct zone *z = unit_lone_block(&base);
	uint32_t used = 0;

	(void)state;
	LOCKED(z) {
		for (unsigned int i = 0; i < unit_steps(4000); i++) {
			uint32_t s = unit_below(&seed, SLOTS);

			if (taken[s]) {
				free_one_page_locked(z, page_index(taken[s]),
						     order[s]);
				unit_verify_locked(z);
				used -= 1u << order[s];
				taken[s] = NULL;
			} else {
				order[s] = unit_below(&seed, 7);
				taken[s] = take_locked(
					z, order[s],
					(enum migratetype)unit_below(&seed, 3));
				used += taken[s] ? 1u << order[s] : 0;
			}
			assert_int_equal(z->nr_free, BLOCK_PAGES - used);
		}
	}
}

UNIT_MAIN(TEST(test_a_whole_pageblock_changes),
	  TEST(test_the_two_kinds_do_not_mix),
	  TEST(test_a_large_request_takes_the_block),
	  TEST(test_half_a_pageblock_is_stolen),
	  TEST(test_less_than_half_is_borrowed),
	  TEST(test_the_largest_block_is_taken), TEST(test_unmovable_robs),
	  TEST(test_movable_robs), TEST(test_reclaimable_robs),
	  TEST(test_the_reserve_is_not_robbed), TEST(test_random_kinds))
