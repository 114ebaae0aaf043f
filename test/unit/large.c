/* heap/large: the cache of runs, resizing in place, moving pages. */
#include <string.h>

#include "own_cache.h"

#define MIB ((size_t)1 << 20)

static struct page *alloc(size_t size)
{
	void *p = large_alloc(own, size, false);

	assert_non_null(p);
	assert_int_equal((uintptr_t)p % PAGE_SIZE, 0);
	assert_true(large_usable(page_of(p)) >= size);
	assert_int_equal(verify_zones(), 0);
	return page_of(p);
}

static void fill(struct page *page, int c)
{
	memset(page_to_addr(page), c, large_usable(page));
}

static bool reads(const struct page *page, int c, size_t len)
{
	const unsigned char *p = page_to_addr(page);

	return p[0] == c && !memcmp(p, p + 1, len - 1);
}

static void test_a_run_is_kept_for_the_next_call(void **state)
{
	struct page *page;

	(void)state;
	setup();
	page = alloc(5 * PAGE_SIZE);
	large_free(own, page);
	assert_int_equal(own->mm.runs.run[5].nr, page_to_pfn(page).nr);
	assert_int_equal(own->mm.runs.pages, 5);
	assert_true(page->flags & PG_CACHED);
	/* Another length does not take it. */
	assert_null(large_alloc_cached(own, 4 * PAGE_SIZE));
	assert_ptr_equal(alloc(5 * PAGE_SIZE - 100), page);
	assert_int_equal(own->mm.runs.run[5].nr, 0);
	assert_int_equal(own->mm.runs.pages, 0);
	assert_false(page->flags & PG_CACHED);
	teardown();
}

/* Rather than fresh memory another length gets the memory of what is kept. */
static void test_what_is_kept_comes_before_fresh_memory(void **state)
{
	struct page *page, *other;

	(void)state;
	setup();
	page = alloc(7 * PAGE_SIZE);
	large_free(own, page);
	assert_int_equal(own->mm.runs.pages, 7);
	other = alloc(6 * PAGE_SIZE);
	assert_int_equal(own->mm.runs.pages, 0);
	assert_in_range(page_index(other), page_index(page),
			page_index(page) + 1);
	teardown();
}

static void test_what_is_kept_is_bounded(void **state)
{
	struct page *page[80];
	uint32_t kept = 0;

	(void)state;
	setup();
	for (uint32_t i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = alloc((5 + i % 40) * PAGE_SIZE);
	for (uint32_t i = 0; i < ARRAY_SIZE(page); i++) {
		large_free(own, page[i]);
		assert_int_equal(verify_zones(), 0);
	}
	for (uint32_t n = 0; n <= RUN_CACHE_PAGES; n++)
		kept += own->mm.runs.run[n].nr ? n : 0;
	assert_int_equal(own->mm.runs.pages, kept);
	assert_true(kept > 0 && kept <= 64);
	thread_cache_drain(own);
	assert_int_equal(own->mm.runs.pages, 0);
	for (uint32_t n = 0; n <= RUN_CACHE_PAGES; n++)
		assert_int_equal(own->mm.runs.run[n].nr, 0);
	teardown();
	assert_int_equal(thread_cache_pages(), 0);
}

static void test_zero_is_zero(void **state)
{
	(void)state;
	setup();
	for (size_t size = 5 * PAGE_SIZE; size < 20 * MIB; size = size * 3) {
		for (int i = 0; i < 3; i++) {
			struct page *page;

			page = page_of(large_alloc(own, size, true));
			assert_true(reads(page, 0, large_usable(page)));
			fill(page, 0xdd);
			large_free(own, page);
		}
	}
	teardown();
}

static void test_zero_costs_nothing_when_clean(void **state)
{
	void *p;

	(void)state;
	setup();
	p = large_alloc(own, 8 * MIB, true);
	assert_int_equal(unit_resident(p, 8 * MIB), 0);
	teardown();
}

/* ---- resizing ---------------------------------------------------------- */

static void test_grows_in_place(void **state)
{
	struct page *page;
	void *p;

	(void)state;
	setup();
	/* So that free pages are behind it. */
	page = alloc(17 * MIB);
	p = page_to_addr(page);
	assert_ptr_equal(large_resize(own, page, MIB), p);
	fill(page, 1);
	for (size_t size = MIB; size < 16 * MIB; size += MIB / 3) {
		assert_ptr_equal(large_resize(own, page, size), p);
		assert_true(large_usable(page) >= size);
		assert_true(large_usable(page) < size + PAGE_SIZE);
		assert_int_equal(verify_zones(), 0);
	}
	assert_true(reads(page, 1, MIB));
	for (size_t size = 16 * MIB; size > MIB; size -= 2 * MIB) {
		assert_ptr_equal(large_resize(own, page, size), p);
		assert_true(large_usable(page) < size + PAGE_SIZE);
		assert_int_equal(verify_zones(), 0);
	}
	assert_true(reads(page, 1, MIB));
	teardown();
}

static void test_what_grows_has_room_behind_it(void **state)
{
	struct page *page;
	void *p;

	(void)state;
	setup();
	p = large_alloc_growing(own, 40 << 10);
	page = page_of(p);
	assert_non_null(page);
	assert_int_equal(large_usable(page), PAGE_SIZE);
	fill(page, 7);
	for (uint32_t nr = 2; nr <= 16; nr++) {
		assert_ptr_equal(large_resize(own, page, nr * PAGE_SIZE), p);
		assert_int_equal(large_usable(page), nr * PAGE_SIZE);
		assert_int_equal(verify_zones(), 0);
	}
	assert_true(reads(page, 7, PAGE_SIZE));
	assert_null(large_alloc_growing(own, SMALL_MAX + 1));
	assert_null(large_alloc_growing(own, PTRDIFF_MAX));
	teardown();
}

static uint32_t dirty_pages(void)
{
	uint32_t dirty = 0;

	thread_cache_drain(own);
	for (uint32_t i = 0; i < nr_zones_now(); i++) {
		stash_drain(zones[i]);
		dirty += zone_dirty_hint(zones[i]);
	}
	return dirty;
}

/* The room is nobody's yet: it has neither been touched nor become dirty. */
static void test_room_in_clean_memory_stays_clean(void **state)
{
	struct page *page;

	(void)state;
	setup();
	thread_cache_drain(own);
	for (uint32_t i = 0; i < nr_zones_now(); i++)
		purge_zone(zones[i], 0);
	page = page_of(large_alloc_growing(own, 3 * PAGE_SIZE));
	assert_int_equal(page->nr, 3);
	assert_int_equal(dirty_pages(), 0);
	large_free(own, page);
	assert_int_equal(dirty_pages(), 3);
	teardown();
}

/* A run, and another right behind it. */
static struct page *hemmed_in(size_t size)
{
	struct page *page = alloc(size + PAGE_SIZE);
	struct zone *z = zone_of(page);
	struct page *wall;

	run_shrink(page, page->nr - 1);
	wall = page + page->nr;
	LOCKED(z) {
		take_range_locked(z, page_index(wall), 1);
		mark_dirty_locked(z, page_index(wall), 1);
	}
	wall->nr = 1;
	wall->flags = 0;
	wall->type = PAGE_RUN;
	assert_int_equal(verify_zones(), 0);
	return page;
}

static void test_moves_pages(void **state)
{
	struct page *page, *to;
	char *p;

	(void)state;
	if (!os_advice_is_followed())
		skip(); /* an emulator: pages are not moved */
	setup();
	page = hemmed_in(8 * MIB);
	fill(page, 0x42);
	p = large_resize(own, page, 9 * MIB);
	assert_non_null(p);
	to = page_of(p);
	assert_ptr_not_equal(to, page);
	assert_true(to->flags & PG_MOVED);
	assert_true(reads(to, 0x42, 8 * MIB));
	assert_int_equal(verify_zones(), 0);
	/* Nothing was copied: where it was, there is nothing now. */
	assert_int_not_equal(page->type, PAGE_RUN);
	assert_int_equal(unit_resident(page_to_addr(page), 8 * MIB), 0);
	fill(to, 0x43);
	/* Freed it is mapped anew, clean. */
	large_free(own, to);
	assert_int_equal(unit_resident(p, 9 * MIB), 0);
	assert_int_equal(*p, 0);
	teardown();
}

static void test_small_ones_are_not_moved(void **state)
{
	struct page *page;

	(void)state;
	setup();
	page = hemmed_in(MIB);
	fill(page, 3);
	assert_null(large_resize(own, page, 2 * MIB));
	assert_int_equal(page->type, PAGE_RUN);
	assert_int_equal(large_usable(page), MIB);
	assert_true(reads(page, 3, MIB));
	teardown();
}

static void test_a_move_is_refused(void **state)
{
	struct page *page;

	(void)state;
	setup();
	page = hemmed_in(8 * MIB);
	fill(page, 4);
	inject_arm(INJECT_MOVE, 1, true);
	assert_null(large_resize(own, page, 9 * MIB));
	inject_disarm();
	assert_int_equal(large_usable(page), 8 * MIB);
	assert_true(reads(page, 4, 8 * MIB));
	assert_int_equal(verify_zones(), 0);
	inject_arm(INJECT_COMMIT, 1, true);
	inject_arm(INJECT_MAP, 1, true);
	assert_null(large_resize(own, page, 300 * MIB));
	inject_disarm();
	assert_true(reads(page, 4, 8 * MIB));
	teardown();
}

static void test_moved_and_resized_again(void **state)
{
	struct page *page;
	size_t size = 4 * MIB;

	(void)state;
	setup();
	page = hemmed_in(size);
	fill(page, 0x21);
	for (int i = 0; i < 4; i++) {
		struct page *wall;

		page = page_of(large_resize(own, page, size * 2));
		assert_non_null(page);
		assert_true(reads(page, 0x21, size));
		size *= 2;
		fill(page, 0x21);
		/* Shrink, and put something into the place. */
		assert_non_null(large_resize(own, page, size / 2));
		size /= 2;
		wall = alloc(6 * PAGE_SIZE);
		fill(wall, 0);
		assert_int_equal(verify_zones(), 0);
	}
	large_free(own, page);
	teardown();
}

/* ---- alignment, and what is huge --------------------------------------- */

static void test_aligned(void **state)
{
	(void)state;
	setup();
	for (size_t align = PAGE_SIZE; align <= 256 * MIB; align *= 2) {
		for (size_t size = 1; size < 8 * MIB; size = size * 7 + 1) {
			void *p = large_alloc_aligned(own, align, size);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p & (align - 1), 0);
			assert_true(large_usable(page_of(p)) >= size);
			memset(p, 1, size);
			assert_int_equal(verify_zones(), 0);
			large_free(own, page_of(p));
		}
	}
	teardown();
}

static void test_extreme_alignments(void **state)
{
	const size_t gib = (size_t)1 << 30;

	(void)state;
	setup();
	for (size_t align = gib; align <= 2 * gib; align *= 2) {
		char *p = large_alloc_aligned(own, align, gib);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p & (align - 1), 0);
		p[0] = 1;
		p[gib - 1] = 1;
		large_free(own, page_of(p));
		p = large_alloc_aligned(own, align, 0);
		assert_non_null(p);
		p[0] = 1;
		large_free(own, page_of(p));
	}
	assert_null(large_alloc_aligned(own, 4 * gib, 1));
	assert_null(large_alloc_aligned(own, (size_t)1 << 62, 1));
	assert_int_equal(huge_stat().nr, 0);
	teardown();
}

static void test_nothing_aligned_without_a_zone(void **state)
{
	const size_t align = (size_t)1 << 31;
	char *p;

	(void)state;
	setup();
	/* No zone has room for it: a mapping of its own serves, not empty. */
	while (alloc_run(NULL, GFP_MOVABLE, MAX_RUN_PAGES / 2) &&
	       nr_zones_now() < 3)
		;
	inject_arm(INJECT_COMMIT, 1, false);
	p = large_alloc_aligned(own, align, 0);
	inject_disarm();
	if (p) {
		assert_int_equal((uintptr_t)p & (align - 1), 0);
		p[0] = 1;
		assert_true(large_usable(page_of(p)) > 0);
	}
	teardown();
}

static void test_huge(void **state)
{
	const size_t gib = (size_t)1 << 30;
	struct page *page;
	char *p;

	(void)state;
	setup();
	page = alloc(3 * gib);
	assert_true(page->flags & PG_HUGE);
	p = page_to_addr(page);
	p[0] = 7;
	p[gib] = 8;
	p = large_resize(own, page, 6 * gib);
	assert_non_null(p);
	assert_int_equal(p[0], 7);
	assert_int_equal(p[gib], 8);
	/* A small rest is better off in a zone. */
	assert_null(large_resize(own, page_of(p), gib / 2));
	assert_int_equal(p[gib], 8);
	large_free(own, page_of(p));
	assert_int_equal(huge_stat().nr, 0);
	teardown();
}

static void test_too_much(void **state)
{
	(void)state;
	setup();
	assert_null(large_alloc(own, PTRDIFF_MAX, false));
	assert_null(large_alloc_aligned(own, 2 * PAGE_SIZE, PTRDIFF_MAX));
	teardown();
}

static void test_without_a_thread_cache(void **state)
{
	(void)state;
	for (size_t size = 300 << 10; size < 64 * MIB; size *= 3) {
		struct page *page = page_of(large_alloc(NULL, size, true));

		assert_true(reads(page, 0, size));
		fill(page, 1);
		page = page_of(large_resize(NULL, page, size + MIB));
		assert_true(reads(page, 1, size));
		large_free(NULL, page);
		assert_int_equal(verify_zones(), 0);
	}
}

UNIT_MAIN(TEST(test_a_run_is_kept_for_the_next_call),
	  TEST(test_what_is_kept_comes_before_fresh_memory),
	  TEST(test_what_is_kept_is_bounded), TEST(test_zero_is_zero),
	  TEST(test_zero_costs_nothing_when_clean), TEST(test_grows_in_place),
	  TEST(test_what_grows_has_room_behind_it),
	  TEST(test_room_in_clean_memory_stays_clean), TEST(test_moves_pages),
	  TEST(test_small_ones_are_not_moved), TEST(test_a_move_is_refused),
	  TEST(test_moved_and_resized_again), TEST(test_aligned),
	  TEST(test_extreme_alignments),
	  TEST(test_nothing_aligned_without_a_zone), TEST(test_huge),
	  TEST(test_too_much), TEST(test_without_a_thread_cache))
