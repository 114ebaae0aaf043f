/* mm/page_alloc: blocks, runs, growing and shrinking, bulk. */
#include <string.h>

#include "unit.h"

static struct mm_thread thread;

/* Pages in use: not in the buddy, a stash or the thread's pcp. */
static uint32_t pages_out(void)
{
	uint32_t out = 0;

	for (uint32_t i = 0; i < nr_zones_now(); i++) {
		const struct zone *z = zones[i];

		out += z->online - z->first_page - z->nr_free - stash_pages(z);
	}
	return out - thread.pcp.count - thread.pcp.pageblocks * PAGEBLOCK_PAGES;
}

static void write_run(struct page *page, int c)
{
	memset(page_to_addr(page), c, (size_t)page->nr << PAGE_SHIFT);
}

static bool run_reads(const struct page *page, int c)
{
	const unsigned char *p = page_to_addr(page);
	size_t len = (size_t)page->nr << PAGE_SHIFT;

	return p[0] == c && !memcmp(p, p + 1, len - 1);
}

static void check_every_order(struct mm_thread *t)
{
	for (unsigned int order = 0; order <= MAX_PAGE_ORDER; order++) {
		struct page *page[3];

		for (int i = 0; i < 3; i++) {
			page[i] = alloc_pages(t, GFP_MOVABLE, order);
			assert_non_null(page[i]);
			assert_int_equal(page[i]->type, PAGE_RUN);
			assert_int_equal(page[i]->nr, 1u << order);
			assert_int_equal(
				page_index(page[i]) & ((1u << order) - 1), 0);
			assert_int_equal(verify_zones(), 0);
		}
		assert_int_equal(pages_out(), 3u << order);
		for (int i = 0; i < 3; i++)
			free_pages(t, page[i], order);
		assert_int_equal(pages_out(), 0);
		assert_int_equal(verify_zones(), 0);
	}
}

static void test_every_order(void **state)
{
	(void)state;
	check_every_order(NULL);
}

static void test_every_order_with_a_pcp(void **state)
{
	(void)state;
	check_every_order(&thread);
	unit_drain(&thread);
	assert_int_equal(verify_zones(), 0);
	assert_int_equal(pages_out(), 0);
}

static void test_a_run_costs_its_pages(void **state)
{
	(void)state;
	for (uint32_t nr = 1; nr <= 150; nr++) {
		struct page *page = alloc_run(NULL, GFP_MOVABLE, nr);

		assert_non_null(page);
		assert_int_equal(page->nr, nr);
		assert_int_equal(pages_out(), nr);
		assert_int_equal(verify_zones(), 0);
		write_run(page, (int)nr & 0xff);
		free_run(NULL, page);
		assert_int_equal(pages_out(), 0);
		assert_int_equal(verify_zones(), 0);
	}
}

static void test_runs_do_not_overlap(void **state)
{
	enum { RUNS = 120 };
	struct page *run[RUNS];

	(void)state;
	for (uint32_t i = 0; i < RUNS; i++) {
		run[i] = alloc_run(i & 1 ? &thread : NULL, GFP_MOVABLE,
				   1 + i % 40);
		assert_non_null(run[i]);
		write_run(run[i], (int)i);
		assert_int_equal(verify_zones(), 0);
	}
	for (uint32_t i = 0; i < RUNS; i++) {
		assert_true(run_reads(run[i], (int)i));
		free_run(i & 2 ? &thread : NULL, run[i]);
		assert_int_equal(verify_zones(), 0);
	}
	assert_int_equal(pages_out(), 0);
}

static void test_the_longest_run(void **state)
{
	struct page *page = alloc_run(&thread, GFP_MOVABLE, MAX_RUN_PAGES);
	char *p;

	(void)state;
	assert_non_null(page);
	assert_int_equal(page->nr, MAX_RUN_PAGES);
	p = page_to_addr(page);
	p[0] = 1;
	p[((size_t)MAX_RUN_PAGES << PAGE_SHIFT) - 1] = 1;
	assert_int_equal(verify_zones(), 0);
	free_run(&thread, page);
	assert_int_equal(verify_zones(), 0);
	assert_int_equal(pages_out(), 0);
}

static void test_another_zone_when_one_is_full(void **state)
{
	struct page *page[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		page[i] = alloc_run(NULL, GFP_MOVABLE, MAX_RUN_PAGES);
		assert_non_null(page[i]);
	}
	/* Beside its header a zone has no room for two of them. */
	assert_int_equal(nr_zones_now(), 3);
	for (int i = 0; i < 3; i++)
		free_run(NULL, page[i]);
	/* Those zones serve again, and no further one is made. */
	for (int i = 0; i < 3; i++) {
		page[i] = alloc_run(NULL, GFP_MOVABLE, MAX_RUN_PAGES);
		assert_non_null(page[i]);
	}
	assert_int_equal(nr_zones_now(), 3);
	assert_int_equal(verify_zones(), 0);
}

static void test_every_call_is_a_hit_or_foreign(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_non_null(alloc_run(&thread, GFP_MOVABLE, MAX_RUN_PAGES));
	assert_non_null(alloc_pages(&thread, GFP_MOVABLE, 0));
	/* Zone 0 was preferred each time, and served the first and the last. */
	assert_int_equal(thread.event[NUMA_HIT], 2);
	assert_int_equal(thread.event[NUMA_FOREIGN], 2);
}

static void test_preferred_zone(void **state)
{
	struct zone *b;
	struct page *page;

	(void)state;
	unit_zone(1);
	b = zone_create(1, 1);
	thread.preferred = b->id;
	page = alloc_pages(&thread, GFP_MOVABLE, 0);
	assert_ptr_equal(zone_of(page), b);
	assert_int_equal(thread.event[NUMA_HIT], 1);
	thread.preferred = 0;
	page = alloc_pages(NULL, GFP_MOVABLE, 0);
	assert_ptr_equal(zone_of(page), zones[0]);
}

/* ---- aligned ----------------------------------------------------------- */

static void test_aligned_runs(void **state)
{
	static const uint32_t lengths[] = {1, 2, 3, 5, 8, 17, 33, 64, 100};

	(void)state;
	for (unsigned int order = 0; order <= 9; order++) {
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
			struct mm_thread *t = i & 1 ? &thread : NULL;
			struct page *page;

			page = alloc_run_aligned(t, GFP_MOVABLE, lengths[i],
						 order);
			assert_non_null(page);
			assert_int_equal(page->nr, lengths[i]);
			assert_int_equal(page_index(page) & ((1u << order) - 1),
					 0);
			assert_int_equal(pages_out(), lengths[i]);
			assert_int_equal(verify_zones(), 0);
			write_run(page, 7);
			free_run(t, page);
			assert_int_equal(pages_out(), 0);
			assert_int_equal(verify_zones(), 0);
		}
	}
}

static void test_aligned_and_zeroed(void **state)
{
	struct page *page = alloc_run(NULL, GFP_MOVABLE, 200);

	(void)state;
	write_run(page, 0xcc);
	free_run(NULL, page);
	for (unsigned int order = 0; order < 6; order++) {
		page = alloc_run_aligned(NULL, GFP_MOVABLE | GFP_ZERO, 11,
					 order);
		assert_true(run_reads(page, 0));
		write_run(page, 0xcc);
		free_run(NULL, page);
	}
}

/* ---- in place ---------------------------------------------------------- */

static void test_grow_and_shrink(void **state)
{
	struct page *page = alloc_run(NULL, GFP_MOVABLE, 3);

	(void)state;
	write_run(page, 3);
	for (uint32_t nr = 4; nr < 100; nr++) {
		assert_true(run_grow(page, nr));
		assert_int_equal(page->nr, nr);
		assert_int_equal(pages_out(), nr);
		assert_int_equal(verify_zones(), 0);
		((char *)page_to_addr(page))[((size_t)nr << PAGE_SHIFT) - 1] =
			9;
	}
	for (uint32_t nr = 99; nr >= 1; nr -= nr > 7 ? 7 : 1) {
		run_shrink(page, nr);
		assert_int_equal(page->nr, nr);
		assert_int_equal(pages_out(), nr);
		assert_int_equal(verify_zones(), 0);
	}
	assert_true(run_reads(page, 3));
	run_shrink(page, 1);
	free_run(NULL, page);
	assert_int_equal(pages_out(), 0);
}

static void test_no_growth_into_others(void **state)
{
	struct page *a = alloc_run(NULL, GFP_MOVABLE, 9);
	struct page *b;

	(void)state;
	run_shrink(a, 5);
	/* The next pages are free; take the one after them. */
	LOCKED(zone_of(a)) {
		take_range_locked(zone_of(a), page_index(a) + 7, 1);
		mark_dirty_locked(zone_of(a), page_index(a) + 7, 1);
	}
	b = a + 7;
	b->nr = 1;
	b->type = PAGE_RUN;
	assert_true(run_grow(a, 6));
	assert_true(run_grow(a, 7));
	assert_false(run_grow(a, 8));
	assert_false(run_grow(a, 50));
	assert_int_equal(a->nr, 7);
	assert_int_equal(verify_zones(), 0);
	free_run(NULL, b);
	assert_true(run_grow(a, 8));
	assert_int_equal(verify_zones(), 0);
}

static void test_growth_brings_memory_online(void **state)
{
	struct zone *z;
	struct page *page;
	uint32_t room, online;

	(void)state;
	page = alloc_run(NULL, GFP_MOVABLE, 2);
	z = zone_of(page);
	room = z->online - page_index(page);
	online = z->online;
	assert_true(run_grow(page, room));
	assert_int_equal(z->online, online);
	assert_true(run_grow(page, room + 1));
	assert_true(z->online > online);
	write_run(page, 1);
	assert_int_equal(verify_zones(), 0);
	/* Not beyond the zone, and not when the system refuses. */
	assert_false(run_grow(page, z->span));
	online = z->online;
	inject_arm(INJECT_COMMIT, 1, true);
	assert_false(run_grow(page, online - page_index(page) + 1));
	inject_disarm();
	assert_int_equal(z->online, online);
	assert_int_equal(verify_zones(), 0);
	assert_true(run_grow(page, z->span - page_index(page)));
	assert_int_equal(z->online, z->span);
}

/* ---- zeroes, bulk, compound ------------------------------------------- */

static void test_zeroes_are_free_of_charge(void **state)
{
	struct page *page;
	size_t len = 64 * PAGE_SIZE;

	(void)state;
	/* Never touched before: nothing is written. */
	page = alloc_run(NULL, GFP_MOVABLE | GFP_ZERO, 64);
	assert_int_equal(unit_resident(page_to_addr(page), len), 0);
	assert_true(run_reads(page, 0));
	write_run(page, 5);
	free_run(NULL, page);
	page = alloc_run(NULL, GFP_MOVABLE | GFP_ZERO, 64);
	assert_true(run_reads(page, 0));
}

static void test_zero_by_order(void **state)
{
	(void)state;
	for (int round = 0; round < 60; round++) {
		unsigned int order = (unsigned int)round % 6;
		struct mm_thread *t = round & 1 ? &thread : NULL;
		struct page *page;

		page = alloc_pages(t, GFP_UNMOVABLE | GFP_ZERO, order);
		assert_true(run_reads(page, 0));
		write_run(page, 0x77);
		free_pages(t, page, order);
	}
}

static void test_bulk(void **state)
{
	enum { PAGES = 200 };
	void *array[PAGES];

	(void)state;
	unit_zone(1);
	for (int round = 0; round < 4; round++) {
		unsigned int gfp = GFP_MOVABLE | (round & 1 ? GFP_ZERO : 0);

		assert_int_equal(alloc_pages_bulk(&thread, gfp, PAGES, array),
				 PAGES);
		assert_int_equal(pages_out(), PAGES);
		assert_int_equal(verify_zones(), 0);
		for (int i = 0; i < PAGES; i++) {
			struct page *page = page_of(array[i]);

			assert_int_equal(page->type, PAGE_RUN);
			assert_int_equal(page->nr, 1);
			if (gfp & GFP_ZERO)
				assert_true(run_reads(page, 0));
			write_run(page, i);
		}
		for (int i = 0; i < PAGES; i++) {
			assert_true(run_reads(page_of(array[i]), i & 0xff));
			free_run(&thread, page_of(array[i]));
		}
		assert_int_equal(verify_zones(), 0);
	}
	unit_drain(&thread);
	assert_int_equal(pages_out(), 0);
}

static void test_bulk_without_a_zone_and_without_memory(void **state)
{
	void *array[8];
	uint32_t got;

	(void)state;
	assert_int_equal(alloc_pages_bulk(&thread, GFP_MOVABLE, 8, array), 8);
	inject_arm(INJECT_COMMIT, 1, true);
	inject_arm(INJECT_MAP, 1, true);
	do {
		got = alloc_pages_bulk(&thread, GFP_MOVABLE, 8, array);
	} while (got == 8);
	inject_disarm();
	assert_int_equal(verify_zones(), 0);
	assert_int_equal(alloc_pages_bulk(&thread, GFP_MOVABLE, 8, array), 8);
	assert_int_equal(verify_zones(), 0);
}

static void test_compound_pages_lead_to_their_head(void **state)
{
	struct page *page = alloc_pages(NULL, GFP_UNMOVABLE, 5);

	(void)state;
	prep_compound_page(page, 5);
	for (uint32_t i = 0; i < 32; i++)
		assert_ptr_equal(compound_head(page + i), page);
}

static void test_events(void **state)
{
	struct page *a, *b;

	(void)state;
	a = alloc_run(&thread, GFP_MOVABLE, 5);
	b = alloc_pages(&thread, GFP_MOVABLE, 2);
	assert_int_equal(thread.event[PGALLOC], 9);
	free_run(&thread, a);
	free_pages(&thread, b, 2);
	assert_int_equal(thread.event[PGFREE], 9);
}

static void test_what_the_zone_counts(void **state)
{
	struct page *page[40];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = alloc_run(&thread, GFP_MOVABLE, 1 + i % 7);
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		free_run(&thread, page[i]);
	unit_drain(&thread);
	assert_int_equal(pages_out(), 0);
	/* All that the buddy gave it has got back. */
	assert_int_equal(zones[0]->event[ZONE_ALLOC],
			 zones[0]->event[ZONE_FREE]);
}

UNIT_MAIN(TEST(test_every_order), TEST(test_every_order_with_a_pcp),
	  TEST(test_a_run_costs_its_pages), TEST(test_runs_do_not_overlap),
	  TEST(test_the_longest_run), TEST(test_another_zone_when_one_is_full),
	  TEST(test_every_call_is_a_hit_or_foreign), TEST(test_preferred_zone),
	  TEST(test_aligned_runs), TEST(test_aligned_and_zeroed),
	  TEST(test_grow_and_shrink), TEST(test_no_growth_into_others),
	  TEST(test_growth_brings_memory_online),
	  TEST(test_zeroes_are_free_of_charge), TEST(test_zero_by_order),
	  TEST(test_bulk), TEST(test_bulk_without_a_zone_and_without_memory),
	  TEST(test_compound_pages_lead_to_their_head), TEST(test_events),
	  TEST(test_what_the_zone_counts))
