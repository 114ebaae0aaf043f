/* mm/reclaim: memory goes back to the system, and what is then clean. */
#include <string.h>
#include <time.h>

#include "unit.h"

#define PAGES 200u
#define LEN (PAGES * PAGE_SIZE)

/* A free stretch of `nr` pages that were written. */
static char *dirty_pages(uint32_t nr)
{
	struct page *page = alloc_run(NULL, GFP_MOVABLE, nr);
	char *p;

	assert_non_null(page);
	p = page_to_addr(page);
	memset(p, 0x5a, (size_t)nr << PAGE_SHIFT);
	free_run(NULL, page);
	assert_int_equal(verify_zones(), 0);
	return p;
}

static void test_purge_drops_memory(void **state)
{
	char *p = dirty_pages(PAGES);
	struct zone *z = zones[0];
	uint32_t nr_free = z->nr_free;

	(void)state;
	assert_int_equal(z->nr_free_dirty, PAGES);
	assert_int_equal(unit_resident(p, LEN), LEN);
	assert_true(purge_zone(z, 0) >= PAGES);
	assert_int_equal(unit_resident(p, LEN), 0);
	assert_int_equal(z->nr_free_dirty, 0);
	assert_int_equal(z->nr_free, nr_free);
	assert_int_equal(z->nr_isolated, 0);
	assert_true(z->event[ZONE_PURGED] >= PAGES);
	for (uint32_t i = 0; i < PAGES; i++)
		assert_false(
			bitmap_test(z->dirty_map, page_index(page_of(p)) + i));
	assert_int_equal(verify_zones(), 0);
	assert_int_equal(purge_zone(z, 0), 0);
}

static void test_purged_memory_is_zero(void **state)
{
	struct page *page;
	char *p;

	(void)state;
	dirty_pages(PAGES);
	purge_zone(zones[0], 0);
	page = alloc_run(NULL, GFP_MOVABLE | GFP_ZERO, PAGES);
	p = page_to_addr(page);
	assert_int_equal(unit_resident(p, LEN), 0);
	assert_int_equal(p[0], 0);
	assert_memory_equal(p, p + 1, LEN - 1);
}

static void test_keep(void **state)
{
	struct zone *z;

	(void)state;
	dirty_pages(PAGES);
	z = zones[0];
	purge_zone(z, PAGES / 2);
	assert_true(z->nr_free_dirty <= PAGES / 2);
	/* But not all of it, as whole blocks are purged. */
	assert_true(z->nr_free_dirty > 0);
	assert_int_equal(verify_zones(), 0);
}

static void test_pages_in_use_are_left_alone(void **state)
{
	struct page *run[40];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(run); i++) {
		run[i] = alloc_run(NULL, GFP_MOVABLE, 1 + i % 5);
		memset(page_to_addr(run[i]), (int)i + 1,
		       (size_t)run[i]->nr << PAGE_SHIFT);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(run); i += 2)
		free_run(NULL, run[i]);
	purge_zone(zones[0], 0);
	assert_int_equal(zones[0]->nr_free_dirty, 0);
	assert_int_equal(verify_zones(), 0);
	for (unsigned int i = 1; i < ARRAY_SIZE(run); i += 2) {
		const char *p = page_to_addr(run[i]);
		size_t len = (size_t)run[i]->nr << PAGE_SHIFT;

		assert_int_equal(p[0], i + 1);
		assert_memory_equal(p, p + 1, len - 1);
	}
}

static void test_a_refused_purge_loses_nothing(void **state)
{
	char *p = dirty_pages(PAGES);
	struct zone *z = zones[0];
	uint32_t nr_free = z->nr_free;

	(void)state;
	inject_arm(INJECT_PURGE, 1, true);
	assert_int_equal(purge_zone(z, 0), 0);
	assert_true(inject_count(INJECT_PURGE) > 0);
	inject_disarm();
	assert_int_equal(z->nr_free, nr_free);
	assert_int_equal(z->nr_isolated, 0);
	assert_true(z->nr_free_dirty >= PAGES);
	assert_int_equal(unit_resident(p, LEN), LEN);
	assert_int_equal(verify_zones(), 0);
	assert_true(purge_zone(z, 0) >= PAGES);
	assert_int_equal(z->nr_free_dirty, 0);
	assert_int_equal(verify_zones(), 0);
}

static void test_each_purge_refused_once(void **state)
{
	(void)state;
	for (unsigned long n = 1; n < 50; n++) {
		struct page *a = alloc_run(NULL, GFP_MOVABLE, 33);
		struct page *b = alloc_run(NULL, GFP_MOVABLE, 7);

		dirty_pages(PAGES);
		free_run(NULL, a);
		free_run(NULL, b);
		inject_arm(INJECT_PURGE, n, false);
		purge_zone(zones[0], 0);
		assert_int_equal(verify_zones(), 0);
		if (inject_count(INJECT_PURGE) < n) {
			assert_true(n > 1);
			assert_int_equal(zones[0]->nr_free_dirty, 0);
			return;
		}
		inject_disarm();
	}
	fail_msg("the purge never came through");
}

/* More than the soft watermark, in runs that are freed one by one. */
static void dirty_a_lot(uint32_t pages)
{
	enum { RUN = 64 };
	struct page *run[128];
	uint32_t nr = pages / RUN;

	assert_true(nr <= ARRAY_SIZE(run));
	for (uint32_t i = 0; i < nr; i++) {
		run[i] = alloc_run(NULL, GFP_MOVABLE, RUN);
		assert_non_null(run[i]);
		for (uint32_t n = 0; n < RUN; n++)
			*(char *)page_to_addr(run[i] + n) = 1;
	}
	for (uint32_t i = 0; i < nr; i++) {
		free_run(NULL, run[i]);
		assert_int_equal(verify_zones(), 0);
	}
}

static void test_a_little_is_kept(void **state)
{
	(void)state;
	dirty_a_lot(192);
	assert_int_equal(zones[0]->event[ZONE_PURGED], 0);
	assert_int_equal(zones[0]->nr_free_dirty, 192);
}

static void test_too_much_is_given_back_at_once(void **state)
{
	(void)state;
	/* 512 MiB, of which a free heap keeps 64 at most. */
	dirty_a_lot(128 * 64);
	assert_true(zones[0]->event[ZONE_PURGED] > 0);
	assert_true(zones[0]->nr_free_dirty <= 1024 + 64);
}

static void test_more_than_a_little_goes_in_time(void **state)
{
	struct timespec ms150 = {.tv_nsec = 150 * 1000 * 1000};

	(void)state;
	dirty_a_lot(640);
	for (int i = 0; i < 4; i++) {
		nanosleep(&ms150, NULL);
		dirty_a_lot(64);
	}
	assert_true(zones[0]->event[ZONE_PURGED] > 0);
	assert_true(zones[0]->nr_free_dirty <= 256 + 64);
}

/* Also when no pages are freed any more. */
static void test_what_is_overdue_goes(void **state)
{
	struct timespec ms150 = {.tv_nsec = 150 * 1000 * 1000};

	(void)state;
	dirty_a_lot(640);
	nanosleep(&ms150, NULL);
	reclaim_overdue();
	assert_true(zones[0]->event[ZONE_PURGED] > 0);
	assert_true(zones[0]->nr_free_dirty <= 256);
	assert_int_equal(verify_zones(), 0);
}

/* In bursts, each above the watermark, but none for long. */
static void test_what_is_taken_again_stays(void **state)
{
	struct timespec ms60 = {.tv_nsec = 60 * 1000 * 1000};

	(void)state;
	for (int i = 0; i < 5; i++) {
		dirty_a_lot(320);
		assert_int_equal(zones[0]->event[ZONE_PURGED], 0);
		nanosleep(&ms60, NULL);
	}
}

/* The same 160 MiB again and again: once the excess goes, and is missed. */
static void test_what_is_missed_stays_longer(void **state)
{
	uint64_t purged;

	(void)state;
	dirty_a_lot(2560);
	purged = zones[0]->event[ZONE_PURGED];
	assert_true(purged > 0);
	assert_int_equal(zones[0]->workingset.patience, 0);
	for (int i = 0; i < 3; i++) {
		dirty_a_lot(2560);
		assert_true(zones[0]->workingset.patience > 0);
	}
	/* At most one more purge on the way there, and none of it all. */
	assert_true(zones[0]->event[ZONE_PURGED] - purged < 2560);
	assert_true(zone_watermarks(zones[0]).hard > 1024);
}

/* Not without end: the program may make no further call. */
static void test_patience_has_a_limit(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		dirty_pages(5000);
		assert_true(zones[0]->nr_free_dirty <=
			    zone_watermarks(zones[0]).hard);
		assert_true(zone_watermarks(zones[0]).hard <= 4096 + 256);
	}
	assert_int_equal(verify_zones(), 0);
}

/* What is kept for longer is not kept for good. */
static void test_patience_ends(void **state)
{
	struct timespec ms500 = {.tv_nsec = 500 * 1000 * 1000};

	(void)state;
	for (int i = 0; i < 3; i++)
		dirty_a_lot(2560);
	for (int i = 0; i < 8; i++) {
		nanosleep(&ms500, NULL);
		dirty_a_lot(64);
	}
	assert_true(zones[0]->nr_free_dirty <= 256 + 64);
	assert_int_equal(verify_zones(), 0);
}

static void test_the_reserve_is_not_purged(void **state)
{
	struct zone *z;

	(void)state;
	dirty_pages(PAGES);
	assert_non_null(alloc_pages(NULL, GFP_ATOMIC, 0));
	z = zones[0];
	purge_zone(z, 0);
	assert_int_equal(z->nr_highatomic, 1);
	assert_int_equal(
		unit_list_length(z, PAGEBLOCK_ORDER, MIGRATE_HIGHATOMIC), 1);
	assert_int_equal(verify_zones(), 0);
}

/* Dirty pages in rows of 100, which no run of 200 or more can have. */
static void dirty_rows(uint32_t nr)
{
	struct page *row[4];

	assert_true(nr <= ARRAY_SIZE(row));
	for (uint32_t i = 0; i < nr; i++) {
		row[i] = alloc_run(NULL, GFP_MOVABLE, 100);
		assert_non_null(row[i]);
		assert_non_null(alloc_run(NULL, GFP_MOVABLE, 33));
	}
	for (uint32_t i = 0; i < nr; i++)
		free_run(NULL, row[i]);
	assert_true(zones[0]->nr_free_dirty >= nr * 100);
}

/* A zone in which 100 pages were purged for a run of 300. */
static struct zone *purge_for_a_run(void)
{
	dirty_rows(1);
	assert_non_null(alloc_run(NULL, GFP_MOVABLE, 300));
	assert_int_equal(zones[0]->nr_free_dirty, 0);
	assert_int_equal(zones[0]->event[ZONE_PURGED], 100);
	assert_int_equal(verify_zones(), 0);
	return zones[0];
}

static void test_what_cannot_be_the_run_goes_for_it(void **state)
{
	struct zone *z = purge_for_a_run();
	struct page *row;

	(void)state;
	/* What of it is handed out again is known. */
	assert_int_equal(z->event[ZONE_REFAULT], 0);
	row = alloc_run(NULL, GFP_MOVABLE, 2 * PAGEBLOCK_PAGES);
	assert_true(z->event[ZONE_REFAULT] > PAGEBLOCK_PAGES);
	assert_int_equal(bitmap_count_range(z->purged_map, 0, ZONE_PAGES),
			 100 - z->event[ZONE_REFAULT]);
	assert_true(bitmap_none_set(z->purged_map, page_index(row), row->nr));
	assert_int_equal(verify_zones(), 0);
}

static void test_what_may_be_a_run_is_kept(void **state)
{
	(void)state;
	dirty_rows(3);
	assert_non_null(alloc_run(NULL, GFP_MOVABLE, 250));
	assert_int_equal(zones[0]->nr_free_dirty, 300);
	assert_int_equal(zones[0]->event[ZONE_PURGED], 0);
}

static void test_what_was_missed_goes_with_more_only(void **state)
{
	struct zone *z = purge_for_a_run();
	struct page *row;

	(void)state;
	row = alloc_run(NULL, GFP_MOVABLE, 2 * PAGEBLOCK_PAGES);
	assert_true(z->event[ZONE_REFAULT] >= 50);
	free_run(NULL, row);
	assert_non_null(alloc_run(NULL, GFP_MOVABLE, 400));
	assert_int_equal(z->nr_free_dirty, 2 * PAGEBLOCK_PAGES);
	dirty_rows(3);
	assert_non_null(alloc_run(NULL, GFP_MOVABLE, 500));
	assert_int_equal(z->nr_free_dirty, 0);
	assert_int_equal(verify_zones(), 0);
}

UNIT_MAIN(TEST(test_purge_drops_memory), TEST(test_purged_memory_is_zero),
	  TEST(test_keep), TEST(test_pages_in_use_are_left_alone),
	  TEST(test_a_refused_purge_loses_nothing),
	  TEST(test_each_purge_refused_once), TEST(test_a_little_is_kept),
	  TEST(test_too_much_is_given_back_at_once),
	  TEST(test_more_than_a_little_goes_in_time),
	  TEST(test_what_is_overdue_goes), TEST(test_what_is_taken_again_stays),
	  TEST(test_what_is_missed_stays_longer),
	  TEST(test_patience_has_a_limit), TEST(test_patience_ends),
	  TEST(test_the_reserve_is_not_purged),
	  TEST(test_what_cannot_be_the_run_goes_for_it),
	  TEST(test_what_may_be_a_run_is_kept),
	  TEST(test_what_was_missed_goes_with_more_only))
