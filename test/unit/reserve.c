/* mm/page_alloc: the ATOMIC reserve, NOFAIL, and running out. */
#include <string.h>

#include "unit.h"

static struct mm_thread thread;

static enum migratetype type_of(const struct page *page)
{
	return zone_of(page)
		->pageblock_type[page_index(page) >> PAGEBLOCK_ORDER];
}

/* Refuses all further memory. */
static void refuse(void)
{
	inject_arm(INJECT_COMMIT, 1, true);
	inject_arm(INJECT_MAP, 1, true);
}

/* Takes all that ordinary requests can have, without giving up the reserve. */
static uint32_t use_up(struct zone *z)
{
	uint32_t nr = 0;

	LOCKED(z) {
		struct page *page;

		while ((page = rmqueue_buddy_locked(z, 0, MIGRATE_MOVABLE,
						    true))) {
			assert_int_not_equal(type_of(page), MIGRATE_HIGHATOMIC);
			page->type = PAGE_RUN;
			page->nr = 1;
			nr++;
		}
		unit_verify_locked(z);
	}
	return nr;
}

static void test_atomic_makes_the_reserve(void **state)
{
	struct page *page;

	(void)state;
	page = alloc_pages(NULL, GFP_MOVABLE, 0);
	assert_int_equal(zones[0]->nr_highatomic, 0);
	page = alloc_pages(NULL, GFP_ATOMIC, 0);
	assert_non_null(page);
	/* Itself it comes from the ordinary lists while they have some. */
	assert_int_not_equal(type_of(page), MIGRATE_HIGHATOMIC);
	assert_int_equal(zones[0]->nr_highatomic, 1);
	assert_non_null(alloc_pages(NULL, GFP_ATOMIC, 0));
	assert_int_equal(zones[0]->nr_highatomic, 1);
	assert_int_equal(verify_zones(), 0);
}

static void test_only_atomic_draws_on_it(void **state)
{
	struct page *page[PAGEBLOCK_PAGES];
	struct zone *z;

	(void)state;
	assert_non_null(alloc_pages(NULL, GFP_ATOMIC, 0));
	z = zones[0];
	refuse();
	assert_true(use_up(z) > 0);
	for (uint32_t i = 0; i < PAGEBLOCK_PAGES; i++) {
		page[i] = alloc_pages(NULL, GFP_ATOMIC, 0);
		assert_non_null(page[i]);
		assert_int_equal(type_of(page[i]), MIGRATE_HIGHATOMIC);
		assert_int_equal(verify_zones(), 0);
	}
	assert_null(alloc_pages(NULL, GFP_ATOMIC, 0));
	/* That was the last resort: the reserve has been given up. */
	assert_int_equal(z->nr_highatomic, 0);
	for (uint32_t i = 0; i < PAGEBLOCK_PAGES; i++) {
		free_pages(NULL, page[i], 0);
		assert_int_equal(verify_zones(), 0);
	}
	inject_disarm();
	assert_non_null(alloc_pages(NULL, GFP_MOVABLE, 0));
}

static void test_what_is_freed_goes_back_to_it(void **state)
{
	struct zone *z;
	struct page *page;

	(void)state;
	assert_non_null(alloc_pages(NULL, GFP_ATOMIC, 0));
	z = zones[0];
	refuse();
	use_up(z);
	for (int i = 0; i < 100; i++) {
		page = alloc_pages(NULL, GFP_ATOMIC, (unsigned int)i % 4);
		assert_non_null(page);
		free_pages(NULL, page, (unsigned int)i % 4);
		assert_int_equal(unit_list_length(z, PAGEBLOCK_ORDER,
						  MIGRATE_HIGHATOMIC),
				 1);
		assert_int_equal(verify_zones(), 0);
	}
}

static void test_ordinary_calls_get_it_last(void **state)
{
	struct zone *z;

	(void)state;
	assert_non_null(alloc_pages(NULL, GFP_ATOMIC, 0));
	z = zones[0];
	refuse();
	use_up(z);
	assert_int_equal(z->nr_free, PAGEBLOCK_PAGES);
	/* Better than to fail. */
	for (uint32_t i = 0; i < PAGEBLOCK_PAGES; i++) {
		assert_non_null(alloc_pages(NULL, GFP_MOVABLE, 0));
		assert_int_equal(z->nr_highatomic, 0);
		assert_int_equal(verify_zones(), 0);
	}
	assert_null(alloc_pages(NULL, GFP_MOVABLE, 0));
}

static void test_runs_do_not_grow_into_it(void **state)
{
	struct zone *z;
	struct page *run;
	uint32_t b = 0, index;

	(void)state;
	assert_non_null(alloc_pages(NULL, GFP_ATOMIC, 0));
	z = zones[0];
	while (z->pageblock_type[b] != MIGRATE_HIGHATOMIC)
		b++;
	index = b << PAGEBLOCK_ORDER;
	run = zone_page(z, index - 2);
	LOCKED(z) {
		/* Two pages right before the reserve. */
		if (bitmap_all_set(z->free_map, index - 2, 2))
			take_range_locked(z, index - 2, 2);
		mark_dirty_locked(z, index - 2, 2);
		run->type = PAGE_RUN;
		run->nr = 2;
		run->flags = 0;
		unit_verify_locked(z);
	}
	assert_false(run_grow(run, 3));
	assert_int_equal(
		unit_list_length(z, PAGEBLOCK_ORDER, MIGRATE_HIGHATOMIC), 1);
}

/* ---- no memory --------------------------------------------------------- */

static int no_fail(void *arg)
{
	(void)arg;
	refuse();
	while (alloc_pages(&thread, GFP_MOVABLE, 0))
		;
	CHILD_CHECK(!verify_zones());
	return alloc_pages(&thread, GFP_MOVABLE | GFP_NOFAIL, 0) ? 0 : 1;
}

static void test_nofail_aborts(void **state)
{
	(void)state;
	unit_zone(1);
	unit_child_aborts(no_fail, NULL,
			  "libbuddy: out of memory: 65536 bytes that must "
			  "not fail");
}

static void test_nofail_finds_what_is_kept(void **state)
{
	struct page *page, *last = NULL;

	(void)state;
	unit_zone(1);
	refuse();
	while ((page = alloc_pages(&thread, GFP_MOVABLE, 0)))
		last = page;
	free_pages(&thread, last, 0);
	/* It is in the pcp of that kind only; another kind may have it. */
	assert_ptr_equal(alloc_pages(&thread, GFP_UNMOVABLE | GFP_NOFAIL, 0),
			 last);
	assert_int_equal(verify_zones(), 0);
}

static void test_no_zone_at_all(void **state)
{
	(void)state;
	refuse();
	assert_null(alloc_pages(&thread, GFP_MOVABLE, 0));
	assert_null(alloc_run(&thread, GFP_MOVABLE, 100));
	assert_null(alloc_run_aligned(&thread, GFP_MOVABLE, 10, 4));
	assert_int_equal(nr_zones_now(), 0);
	inject_disarm();
	assert_non_null(alloc_pages(&thread, GFP_MOVABLE, 0));
	assert_int_equal(verify_zones(), 0);
}

static void test_all_comes_back_after_a_famine(void **state)
{
	enum { RUNS = 2000 };
	static struct page *run[RUNS];
	struct zone *z = unit_zone(500);
	uint32_t nr = 0;

	(void)state;
	refuse();
	while (nr < RUNS &&
	       (run[nr] = alloc_run(&thread, GFP_MOVABLE, 1 + nr % 37)))
		nr++;
	assert_true(nr > 0 && nr < RUNS);
	assert_int_equal(verify_zones(), 0);
	while (nr)
		free_run(&thread, run[--nr]);
	unit_drain(&thread);
	assert_int_equal(z->nr_free, z->online - z->first_page);
	assert_int_equal(verify_zones(), 0);
}

UNIT_MAIN(TEST(test_atomic_makes_the_reserve),
	  TEST(test_only_atomic_draws_on_it),
	  TEST(test_what_is_freed_goes_back_to_it),
	  TEST(test_ordinary_calls_get_it_last),
	  TEST(test_runs_do_not_grow_into_it), TEST(test_nofail_aborts),
	  TEST(test_nofail_finds_what_is_kept), TEST(test_no_zone_at_all),
	  TEST(test_all_comes_back_after_a_famine))
