/* mm/growth: runs that grow into pages which the thread keeps. */
#include <string.h>

#include "unit.h"

static struct mm_thread thread;

static uint64_t holds(const struct page *page)
{
	return READ_ONCE(zone_of(page)->event[ZONE_LOCKED]);
}

static struct page *begin(uint32_t nr)
{
	struct page *page = growth_alloc(&thread, nr);

	assert_non_null(page);
	assert_int_equal(page->nr, nr);
	assert_int_equal(page->flags, 0);
	assert_int_equal(verify_zones(), 0);
	return page;
}

/* It grows to nr pages, and what it had stays as it is. */
static void extend(struct page *page, uint32_t nr)
{
	unsigned char *p = page_to_addr(page);
	size_t had = (size_t)page->nr << PAGE_SHIFT;

	memset(p, 7, had);
	assert_true(growth_extend(&thread, page, nr));
	assert_int_equal(page->nr, nr);
	assert_true(p[0] == 7 && !memcmp(p, p + 1, had - 1));
	assert_int_equal(verify_zones(), 0);
}

static void assert_reserve_behind(const struct page *page)
{
	assert_ptr_equal(pfn_to_page(thread.growth.reserve), page + page->nr);
	assert_int_equal(page[page->nr].nr, thread.growth.pages);
	assert_true(page[page->nr].flags & PG_CACHED);
}

static void test_growth_takes_no_lock(void **state)
{
	struct page *page = begin(1);
	uint64_t before = holds(page);

	(void)state;
	assert_int_equal(thread.growth.pages, 15);
	assert_reserve_behind(page);
	for (uint32_t nr = 2; nr < 16; nr++) {
		assert_true(growth_extend(&thread, page, nr));
		assert_reserve_behind(page);
	}
	assert_true(growth_extend(&thread, page, 16));
	assert_int_equal(thread.growth.pages, 0);
	assert_int_equal(holds(page), before);
	assert_int_equal(verify_zones(), 0);
	free_run(&thread, page);
	assert_int_equal(verify_zones(), 0);
}

/* More than is needed then, as most blocks grow on. */
static void test_the_reserve_grows_too(void **state)
{
	struct page *page = begin(1);
	uint64_t before = holds(page);

	(void)state;
	extend(page, 12);
	extend(page, 20);
	assert_true(thread.growth.pages > 0);
	assert_reserve_behind(page);
	extend(page, page->nr + thread.growth.pages);
	assert_int_equal(holds(page), before + 1 + 3 /* verify_zones() */);
	assert_int_equal(thread.growth.pages, 0);
	free_run(&thread, page);
}

/* Somebody's pages are behind the reserve. */
static void test_no_more_can_follow(void **state)
{
	struct page *page = begin(1);
	struct page *reserve = page + 1;
	struct zone *z = zone_of(page);
	struct page *wall = reserve + reserve->nr;

	(void)state;
	LOCKED(z) {
		if (page_index(wall) == z->online)
			assert_int_equal(zone_grow_locked(z, 1), 0);
		take_range_locked(z, page_index(wall), 1);
		mark_dirty_locked(z, page_index(wall), 1);
	}
	wall->nr = 1;
	wall->flags = 0;
	set_page_type(wall, PAGE_RUN);
	assert_false(growth_extend(&thread, page, 17));
	assert_int_equal(page->nr, 1);
	assert_int_equal(thread.growth.pages, 15);
	assert_reserve_behind(page);
	extend(page, 16);
	assert_false(growth_extend(&thread, page, 17));
	free_run(&thread, wall);
	free_run(&thread, page);
	assert_int_equal(verify_zones(), 0);
}

/* What the last one came to was freed: no lock, and the same memory. */
static void test_the_next_one_takes_its_place(void **state)
{
	struct page *page = begin(1);
	uint64_t before;

	(void)state;
	extend(page, 20);
	assert_true(run_cache_put(&thread.runs, page, 64));
	assert_ptr_equal(begin(1), page);
	assert_int_equal(thread.growth.pages, 19);
	assert_int_equal(thread.runs.pages, 0);
	before = holds(page);
	assert_true(growth_extend(&thread, page, 20));
	assert_true(run_cache_put(&thread.runs, page, 64));
	assert_ptr_equal(growth_alloc(&thread, 1), page);
	assert_int_equal(holds(page), before);
	assert_int_equal(verify_zones(), 0);
	/* One that is expected to come to more takes another place. */
	assert_true(growth_extend(&thread, page, 20));
	assert_true(run_cache_put(&thread.runs, page, 64));
	assert_ptr_not_equal(begin(2), page);
}

static void test_one_reserve_at_a_time(void **state)
{
	struct page *first = begin(1), *second;

	(void)state;
	extend(first, 16 + 4);
	second = begin(2);
	assert_reserve_behind(second);
	assert_false(growth_extend(&thread, first, 21));
	assert_int_equal(first->nr, 20);
	/* It can still grow as any run. */
	assert_true(run_grow(first, 21) || second == first + 20);
	extend(second, 3);
	free_run(&thread, first);
	free_run(&thread, second);
	growth_drain(&thread);
	assert_int_equal(thread.growth.pages, 0);
	growth_drain(&thread);
	assert_int_equal(verify_zones(), 0);
}

/* It is expected to come to what the last one came to, within reason. */
static void test_the_expected_length(void **state)
{
	struct page *page = begin(1);

	(void)state;
	extend(page, 30);
	free_run(&thread, page);
	page = begin(1);
	assert_int_equal(page->nr + thread.growth.pages, 30);
	extend(page, 200);
	growth_drain(&thread);
	free_run(&thread, page);
	page = begin(1);
	assert_int_equal(page->nr + thread.growth.pages, 64);
	growth_drain(&thread);
	free_run(&thread, page);
	page = begin(1);
	assert_int_equal(page->nr + thread.growth.pages, 16);
	free_run(&thread, page);
}

/* Before fresh memory is touched the reserve is given up. */
static void test_others_get_it_before_fresh_memory(void **state)
{
	struct page *page = begin(4), *other;

	(void)state;
	memset(page_to_addr(page), 1, PAGE_SIZE);
	assert_int_equal(thread.growth.pages, 60);
	other = alloc_run(&thread, GFP_MOVABLE, 9);
	assert_int_equal(thread.growth.pages, 0);
	assert_false(growth_extend(&thread, page, 5));
	assert_int_equal(verify_zones(), 0);
	free_run(&thread, page);
	free_run(&thread, other);
}

UNIT_MAIN(TEST(test_growth_takes_no_lock), TEST(test_the_reserve_grows_too),
	  TEST(test_no_more_can_follow),
	  TEST(test_the_next_one_takes_its_place),
	  TEST(test_one_reserve_at_a_time), TEST(test_the_expected_length),
	  TEST(test_others_get_it_before_fresh_memory))
