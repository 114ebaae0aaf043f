/* mm/buddy: lists and counts are made anew from free_map. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "unit.h"

/* A zone with free blocks of all orders and kinds, and pages in use. */
static struct zone *used_zone(uint64_t seed)
{
	enum { SLOTS = 80 };
	struct page *taken[SLOTS] = {NULL};
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	for (unsigned int i = 0; i < 400; i++) {
		uint32_t s = unit_below(&seed, SLOTS);

		if (taken[s]) {
			unit_give(z, taken[s]);
			taken[s] = NULL;
		} else {
			taken[s] = unit_take(
				z, unit_below(&seed, 4),
				(enum migratetype)unit_below(&seed, 3));
		}
	}
	return z;
}

struct counts {
	uint32_t nr_free, nr_free_dirty, nr_area[NR_PAGE_ORDERS];
};

static struct counts counts_of(const struct zone *z)
{
	struct counts c = {z->nr_free, z->nr_free_dirty, {0}};

	for (unsigned int o = 0; o < NR_PAGE_ORDERS; o++)
		c.nr_area[o] = z->free_area[o].nr_free;
	return c;
}

/* What a change that stopped half way can have left behind. */
static void ruin_lists(struct zone *z, uint64_t *seed)
{
	memset(z->free_area, 0xa5, sizeof(z->free_area));
	memset(z->nonempty, 0xff, sizeof(z->nonempty));
	memset(z->block_map, 0x3c, sizeof(z->block_map));
	z->nr_free = 1;
	z->nr_free_dirty = UINT32_MAX;
	for (uint32_t i = z->first_page; i < z->online; i++) {
		struct page *page = zone_page(z, i);

		if (page->type != PAGE_FREE)
			continue;
		page->prev.nr = (uint32_t)unit_random(seed);
		page->next.nr = (uint32_t)unit_random(seed);
		page->order = (uint8_t)unit_below(seed, NR_PAGE_ORDERS);
		page->migratetype = (uint8_t)unit_below(seed, MIGRATE_TYPES);
		if (unit_random(seed) & 1)
			page->type = PAGE_TAIL;
	}
}

static void test_after_the_lists_are_gone(void **state)
{
	uint64_t seed = unit_seed();

	(void)state;
	{
		struct zone *z = used_zone(seed);
		struct counts before = counts_of(z), after;

		LOCKED(z) {
			ruin_lists(z, &seed);
			zone_rebuild_locked(z);
			unit_verify_locked(z);
			after = counts_of(z);
		}
		assert_int_equal(after.nr_free, before.nr_free);
		assert_int_equal(after.nr_free_dirty, before.nr_free_dirty);
		/* The pages' sets are the same, so the blocks must be. */
		assert_memory_equal(&after, &before, sizeof(after));
	}
}

static void test_rebuilding_changes_nothing(void **state)
{
	struct zone *z = used_zone(unit_seed());
	struct counts before = counts_of(z), after;

	(void)state;
	LOCKED(z) {
		zone_rebuild_locked(z);
		unit_verify_locked(z);
		after = counts_of(z);
	}
	assert_memory_equal(&after, &before, sizeof(after));
}

static void test_an_empty_zone(void **state)
{
	struct zone *z = zone_create(1, 0);

	(void)state;
	LOCKED(z) {
		zone_rebuild_locked(z);
		unit_verify_locked(z);
		assert_int_equal(z->nr_free, 0);
	}
}

static void test_isolated_pages_are_free_again(void **state)
{
	uint32_t base, nr_free;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		nr_free = z->nr_free;
		/* As reclaim does it: the purger does not exist here. */
		take_range_locked(z, base, 8);
		mark_dirty_locked(z, base, 8);
		zone_page(z, base)->type = PAGE_ISOLATED;
		zone_page(z, base)->nr = 8;
		zone_page(z, base)->order = 3;
		z->nr_isolated = 8;
		unit_verify_locked(z);
		zone_rebuild_locked(z);
		unit_verify_locked(z);
		assert_int_equal(z->nr_isolated, 0);
		assert_int_equal(z->nr_free, nr_free);
	}
}

static void test_bad_pages_stay_bad(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		take_range_locked(z, base, 4);
		mark_dirty_locked(z, base, 4);
		zone_page(z, base)->type = PAGE_BAD;
		zone_page(z, base)->order = 2;
		z->nr_bad = 4;
		unit_verify_locked(z);
		zone_rebuild_locked(z);
		unit_verify_locked(z);
		assert_int_equal(z->nr_bad, 4);
		assert_int_equal(zone_page(z, base)->type, PAGE_BAD);
	}
}

/* The fork came when the page was marked free, and its guard still stood. */
static void test_a_guard_beside_a_page_being_freed(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);
	struct page *page;

	(void)state;
	buddy_set_guard_order(1);
	page = unit_take(z, 0, MIGRATE_MOVABLE);
	assert_int_equal(page[1].type, PAGE_GUARD);
	LOCKED(z) {
		page->type = PAGE_TAIL;
		bitmap_set(z->free_map, page_index(page));
		zone_rebuild_locked(z);
		unit_verify_locked(z);
	}
	assert_int_equal(z->nr_guard, 0);
	assert_false(unit_faults(page_to_addr(page + 1)));
	unit_verify();
}

static void test_the_reserve_stays(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	assert_non_null(alloc_pages(NULL, GFP_ATOMIC, 0));
	LOCKED(z) {
		uint32_t blocks = z->nr_highatomic;
		uint32_t listed = unit_list_length(z, PAGEBLOCK_ORDER,
						   MIGRATE_HIGHATOMIC);

		assert_int_equal(blocks, 1);
		assert_int_equal(listed, 1);
		zone_rebuild_locked(z);
		unit_verify_locked(z);
		assert_int_equal(z->nr_highatomic, blocks);
		assert_int_equal(unit_list_length(z, PAGEBLOCK_ORDER,
						  MIGRATE_HIGHATOMIC),
				 listed);
	}
}

/* ---- a real fork ------------------------------------------------------- */

static struct zone *zone;
static bool ruined, done;

static void *ruin_and_wait(void *arg)
{
	struct timespec ms = {.tv_nsec = 1000000};
	struct free_area saved[NR_PAGE_ORDERS];
	uint64_t flags = zone_lock(zone);
	uint32_t nr_free = zone->nr_free;

	/* The fork comes while this thread is in the middle of a change. */
	memcpy(saved, zone->free_area, sizeof(saved));
	memset(zone->free_area, 0xee, sizeof(saved));
	zone->nr_free = 12345678;
	__atomic_store_n(&ruined, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		nanosleep(&ms, NULL);
	memcpy(zone->free_area, saved, sizeof(saved));
	zone->nr_free = nr_free;
	zone_unlock(zone, flags);
	return arg;
}

static int child_goes_on(void *arg)
{
	uint32_t nr_free = *(uint32_t *)arg;
	struct page *page[20];

	for (size_t i = 0; i < ARRAY_SIZE(page); i++) {
		page[i] = alloc_pages(NULL, GFP_MOVABLE, i % 4);
		CHILD_CHECK(page[i]);
		memset(page_to_addr(page[i]), 1, PAGE_SIZE << (i % 4));
		CHILD_CHECK(!verify_zones());
	}
	for (size_t i = 0; i < ARRAY_SIZE(page); i++)
		free_pages(NULL, page[i], i % 4);
	CHILD_CHECK(!verify_zones());
	CHILD_CHECK(zone->nr_free >= nr_free);
	return 0;
}

static void test_fork_in_the_midst_of_a_change(void **state)
{
	struct timespec ms = {.tv_nsec = 1000000};
	pthread_t thread;
	uint32_t nr_free;

	(void)state;
	zone = used_zone(unit_seed());
	nr_free = zone->nr_free;
	assert_int_equal(pthread_create(&thread, NULL, ruin_and_wait, NULL), 0);
	while (!__atomic_load_n(&ruined, __ATOMIC_ACQUIRE))
		nanosleep(&ms, NULL);
	unit_child_passes(child_goes_on, &nr_free);
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	/* The parent never noticed. */
	assert_int_equal(zone->nr_free, nr_free);
	unit_verify_zone(zone);
}

UNIT_MAIN(TEST(test_after_the_lists_are_gone),
	  TEST(test_rebuilding_changes_nothing), TEST(test_an_empty_zone),
	  TEST(test_isolated_pages_are_free_again),
	  TEST(test_bad_pages_stay_bad),
	  TEST(test_a_guard_beside_a_page_being_freed),
	  TEST(test_the_reserve_stays),
	  TEST(test_fork_in_the_midst_of_a_change))
