/* mm/buddy: guard pages at split time. */
#include <string.h>

#include "unit.h"

#define BLOCK_PAGES (1u << MAX_PAGE_ORDER)

static void *addr(const struct zone *z, uint32_t index)
{
	return page_to_addr(zone_page(z, index));
}

static struct zone *guarded_zone(uint32_t *base, unsigned int order)
{
	struct zone *z = unit_lone_block(base);

	buddy_set_guard_order(order);
	return z;
}

static void test_off_by_default(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	unit_take(z, 0, MIGRATE_MOVABLE);
	assert_int_equal(z->nr_guard, 0);
	assert_false(unit_faults(addr(z, base + 1)));
}

static void check_guards(struct zone *z, uint32_t base, unsigned int below)
{
	for (unsigned int o = 0; o < MAX_PAGE_ORDER; o++) {
		uint32_t upper = base + (1u << o);
		bool guard = o < below;
		char *start = addr(z, upper);

		assert_int_equal(zone_page(z, upper)->type,
				 guard ? PAGE_GUARD : PAGE_FREE);
		assert_int_equal(z->free_area[o].nr_free, !guard);
		assert_int_equal(bitmap_test(z->free_map, upper), !guard);
		assert_int_equal(unit_faults(start), guard);
		assert_int_equal(unit_faults(start + (PAGE_SIZE << o) - 1),
				 guard);
	}
	assert_int_equal(z->nr_guard, (1u << below) - 1);
}

static void test_split_off_halves_have_no_access(void **state)
{
	uint32_t base;
	struct zone *z = guarded_zone(&base, 3);
	struct page *page;

	(void)state;
	page = unit_take(z, 0, MIGRATE_MOVABLE);
	assert_int_equal(page_index(page), base);
	memset(page_to_addr(page), 1, PAGE_SIZE);
	check_guards(z, base, 3);
	/* The block merges, and all of it is usable memory again. */
	unit_give(z, page);
	assert_int_equal(z->nr_guard, 0);
	assert_int_equal(z->nr_free, BLOCK_PAGES);
	assert_int_equal(z->free_area[MAX_PAGE_ORDER].nr_free, 1);
	for (uint32_t i = 0; i < 16; i++)
		assert_false(unit_faults(addr(z, base + i)));
	assert_int_equal(*(char *)addr(z, base), 1);
}

static void test_every_guard_order(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	for (unsigned int below = 0; below <= PAGEBLOCK_ORDER; below++) {
		struct page *page;

		buddy_set_guard_order(below);
		page = unit_take(z, 0, MIGRATE_MOVABLE);
		check_guards(z, base, below);
		unit_give(z, page);
		assert_int_equal(z->nr_free, BLOCK_PAGES);
	}
}

static void test_guards_are_not_handed_out(void **state)
{
	uint32_t base;
	struct zone *z = guarded_zone(&base, 1);
	struct page *taken[64];
	uint32_t nr = 0;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(taken); i++) {
		taken[i] = unit_take(z, 0, MIGRATE_MOVABLE);
		assert_int_equal(page_index(taken[i]) % 2, 0);
		*(char *)page_to_addr(taken[i]) = 1;
		assert_true(unit_faults(page_to_addr(taken[i] + 1)));
		nr++;
	}
	assert_int_equal(z->nr_guard, nr);
	/* A neighbour that is a guard cannot be grown into. */
	assert_false(run_grow(taken[3], 2));
	for (uint32_t i = 0; i < ARRAY_SIZE(taken); i += 2)
		unit_give(z, taken[i]);
	for (uint32_t i = 1; i < ARRAY_SIZE(taken); i += 2)
		unit_give(z, taken[i]);
	assert_int_equal(z->nr_guard, 0);
	assert_int_equal(z->nr_free, BLOCK_PAGES);
}

static void test_dirty_guards_are_counted_when_they_merge(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);
	struct page *page = unit_take(z, 3, MIGRATE_MOVABLE);

	(void)state;
	unit_give(z, page);
	assert_int_equal(z->nr_free_dirty, 8);
	buddy_set_guard_order(2);
	page = unit_take(z, 0, MIGRATE_MOVABLE);
	/* Pages 1, 2 and 3 are guards: dirty, but not free. */
	assert_int_equal(z->nr_guard, 3);
	assert_int_equal(z->nr_free_dirty, 4);
	unit_give(z, page);
	assert_int_equal(z->nr_free_dirty, 8);
	assert_int_equal(z->nr_guard, 0);
}

static void test_rebuild_keeps_guards(void **state)
{
	uint32_t base;
	struct zone *z = guarded_zone(&base, 2);
	struct page *page = unit_take(z, 0, MIGRATE_MOVABLE);

	(void)state;
	LOCKED(z) {
		zone_rebuild_locked(z);
		unit_verify_locked(z);
		assert_int_equal(z->nr_guard, 3);
	}
	assert_true(unit_faults(page_to_addr(page + 1)));
	unit_give(z, page);
	assert_int_equal(z->nr_guard, 0);
	assert_int_equal(z->nr_free, BLOCK_PAGES);
}

/* Without a guard the upper halves are free blocks like any other. */
static void test_a_guard_that_is_refused(void **state)
{
	uint32_t base;
	struct zone *z = guarded_zone(&base, 3);
	struct page *page;

	(void)state;
	inject_arm(INJECT_PROTECT, 1, true);
	page = unit_take(z, 0, MIGRATE_MOVABLE);
	assert_int_equal(inject_count(INJECT_PROTECT), 3);
	check_guards(z, base, 0);
	unit_give(z, page);
	inject_disarm();
	assert_int_equal(z->free_area[MAX_PAGE_ORDER].nr_free, 1);
	/* Of three the second: */
	inject_arm(INJECT_PROTECT, 2, false);
	page = unit_take(z, 0, MIGRATE_MOVABLE);
	assert_int_equal(z->nr_guard, 4 + 1);
	assert_int_equal(zone_page(z, base + 2)->type, PAGE_FREE);
	assert_false(unit_faults(addr(z, base + 2)));
	unit_give(z, page);
	inject_disarm();
	assert_int_equal(z->nr_guard, 0);
	assert_int_equal(z->free_area[MAX_PAGE_ORDER].nr_free, 1);
}

/* What has no access is never handed out, and is had back the next time. */
static void test_access_that_is_refused(void **state)
{
	uint32_t base;
	struct zone *z = guarded_zone(&base, 3);
	struct page *page = unit_take(z, 0, MIGRATE_MOVABLE);

	(void)state;
	for (unsigned long n = 1; n <= 3; n++) {
		inject_arm(INJECT_PROTECT, n, true);
		unit_give(z, page);
		inject_disarm();
		assert_int_equal(z->nr_guard, 8 - (1u << (n - 1)));
		assert_int_equal(z->nr_free, BLOCK_PAGES - z->nr_guard);
		for (unsigned int i = 0; i < 1u << (n - 1); i++)
			assert_false(unit_faults(addr(z, base + i)));
		/* The part that is free serves again. */
		page = unit_take(z, 0, MIGRATE_MOVABLE);
		assert_int_equal(page_index(page), base);
		memset(page_to_addr(page), 1, PAGE_SIZE);
		check_guards(z, base, 3);
	}
	unit_give(z, page);
	assert_int_equal(z->nr_guard, 0);
	assert_int_equal(z->free_area[MAX_PAGE_ORDER].nr_free, 1);
}

static void test_random_with_guards(void **state)
{
	enum { SLOTS = 40 };
	uint64_t seed = unit_seed();
	struct page *taken[SLOTS] = {NULL};
	uint32_t base;
	struct zone *z = guarded_zone(&base, 2);
	uint32_t used = z->online - z->nr_free;

	(void)state;
	for (unsigned int i = 0; i < unit_steps(3000); i++) {
		uint32_t s = unit_below(&seed, SLOTS);

		/* In one of three steps something is refused. */
		inject_disarm();
		if (!unit_below(&seed, 3))
			inject_arm(INJECT_PROTECT, 1 + unit_below(&seed, 2),
				   unit_below(&seed, 2));

		if (taken[s]) {
			unit_give(z, taken[s]);
			taken[s] = NULL;
			continue;
		}
		taken[s] = unit_take(z, unit_below(&seed, 4), MIGRATE_MOVABLE);
		if (taken[s])
			memset(page_to_addr(taken[s]), (int)i, PAGE_SIZE / 16);
	}
	inject_disarm();
	for (uint32_t s = 0; s < SLOTS; s++)
		if (taken[s])
			unit_give(z, taken[s]);
	/* Guards whose access was refused wait for their block's next turn. */
	assert_int_equal(z->online - z->nr_free - z->nr_guard, used);
}

UNIT_MAIN(TEST(test_off_by_default), TEST(test_split_off_halves_have_no_access),
	  TEST(test_every_guard_order), TEST(test_guards_are_not_handed_out),
	  TEST(test_dirty_guards_are_counted_when_they_merge),
	  TEST(test_rebuild_keeps_guards), TEST(test_a_guard_that_is_refused),
	  TEST(test_access_that_is_refused), TEST(test_random_with_guards))
