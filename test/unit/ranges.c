/* mm/buddy: exact ranges, and runs of whole pageblocks. */
#include <string.h>

#include "unit.h"

enum { PAGES = 64 };

/* Heads, orders and types of a part of the zone: what the lists say. */
struct picture {
	uint8_t type[2 * PAGES], order[2 * PAGES];
	bool free[2 * PAGES], dirty[2 * PAGES];
	uint32_t nr_free, nr_dirty;
};

static struct picture picture(const struct zone *z, uint32_t base)
{
	struct picture p;

	memset(&p, 0, sizeof(p));
	for (uint32_t i = 0; i < 2 * PAGES; i++) {
		const struct page *page = zone_page(z, base + i);

		p.type[i] = page->type;
		p.order[i] = page->type == PAGE_FREE ? page->order : 0;
		p.free[i] = bitmap_test(z->free_map, base + i);
		p.dirty[i] = bitmap_test(z->dirty_map, base + i);
	}
	p.nr_free = z->nr_free;
	p.nr_dirty = z->nr_free_dirty;
	return p;
}

static void check_taken(struct zone *z, uint32_t base,
			const struct picture *before, uint32_t start,
			uint32_t nr)
{
	struct picture now = picture(z, base);

	for (uint32_t i = 0; i < 2 * PAGES; i++) {
		bool taken = i >= start && i < start + nr;

		assert_int_equal(now.free[i], before->free[i] && !taken);
		if (taken)
			assert_int_equal(now.type[i], PAGE_TAIL);
	}
	assert_int_equal(now.nr_free, before->nr_free - nr);
	/* Not yet handed out: clean and dirty are as they were. */
	assert_memory_equal(now.dirty, before->dirty, sizeof(now.dirty));
}

static void take_and_return_all(struct zone *z, uint32_t base)
{
	struct picture before = picture(z, base);

	for (uint32_t start = 0; start < PAGES; start++) {
		for (uint32_t nr = 1; start + nr <= PAGES; nr++) {
			struct picture after;

			take_range_locked(z, base + start, nr);
			check_taken(z, base, &before, start, nr);
			return_range_locked(z, base + start, nr);
			after = picture(z, base);
			assert_memory_equal(&after, &before, sizeof(after));
		}
		unit_verify_locked(z);
	}
}

static void test_every_range_of_one_block(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z)
		take_and_return_all(z, base);
}

static void test_what_was_clean_still_is(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		take_range_locked(z, base, PAGES);
		for (uint32_t i = 0; i < PAGES; i += 3)
			mark_dirty_locked(z, base + i, 1);
		free_range_locked(z, base, PAGES);
		assert_int_equal(z->nr_free_dirty, (PAGES + 2) / 3);
		unit_verify_locked(z);
		take_and_return_all(z, base);
	}
}

static void test_range_over_many_blocks(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		/* 64 pages as two blocks that do not merge: 1 is in use. */
		take_range_locked(z, base + 2 * PAGES - 1, 1);
		mark_dirty_locked(z, base + 2 * PAGES - 1, 1);
		take_range_locked(z, base, 1);
		mark_dirty_locked(z, base, 1);
		unit_verify_locked(z);
		take_range_locked(z, base + 1, 2 * PAGES - 2);
		unit_verify_locked(z);
		assert_true(bitmap_none_set(z->free_map, base, 2 * PAGES));
		return_range_locked(z, base + 1, 2 * PAGES - 2);
		unit_verify_locked(z);
		assert_true(
			bitmap_all_set(z->free_map, base + 1, 2 * PAGES - 2));
	}
}

/* ---- runs of pageblocks ------------------------------------------------ */

/* Takes one page out of the nth pageblock of the lone block. */
static void spoil(struct zone *z, uint32_t base, uint32_t n)
{
	uint32_t index = base + n * PAGEBLOCK_PAGES + 5;

	take_range_locked(z, index, 1);
	mark_dirty_locked(z, index, 1);
	unit_verify_locked(z);
}

static void test_lowest_run_that_fits(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);
	uint32_t blocks = 1u << (MAX_PAGE_ORDER - PAGEBLOCK_ORDER);

	(void)state;
	assert_true(blocks >= 4);
	LOCKED(z) {
		assert_int_equal(find_run_locked(z, 1), base);
		assert_int_equal(find_run_locked(z, 1u << MAX_PAGE_ORDER),
				 base);
		assert_int_equal(find_run_locked(z, (1u << MAX_PAGE_ORDER) + 1),
				 0);
		spoil(z, base, 1);
		assert_int_equal(find_run_locked(z, PAGEBLOCK_PAGES), base);
		assert_int_equal(find_run_locked(z, PAGEBLOCK_PAGES + 1),
				 base + 2 * PAGEBLOCK_PAGES);
		spoil(z, base, 0);
		assert_int_equal(find_run_locked(z, 1),
				 base + 2 * PAGEBLOCK_PAGES);
		assert_int_equal(
			find_run_locked(z, (blocks - 2) * PAGEBLOCK_PAGES),
			base + 2 * PAGEBLOCK_PAGES);
		assert_int_equal(
			find_run_locked(z, (blocks - 2) * PAGEBLOCK_PAGES + 1),
			0);
		for (uint32_t n = 2; n < blocks; n++)
			spoil(z, base, n);
		assert_int_equal(find_run_locked(z, 1), 0);
	}
}

static void test_run_over_several_blocks(void **state)
{
	struct zone *z = unit_zone(1);
	uint32_t top = 1u << MAX_PAGE_ORDER;
	uint32_t start;

	(void)state;
	LOCKED(z) {
		start = (uint32_t)align_up(z->first_page, top);
		while (z->online < start + 2 * top)
			assert_int_equal(zone_grow_locked(z, 1), 0);
		/* Two of the largest blocks side by side are one run. */
		start = find_run_locked(z, top + PAGEBLOCK_PAGES);
		assert_int_not_equal(start, 0);
		take_range_locked(z, start, top + PAGEBLOCK_PAGES);
		unit_verify_locked(z);
		return_range_locked(z, start, top + PAGEBLOCK_PAGES);
		unit_verify_locked(z);
	}
}

static void test_reserve_is_not_for_runs(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		take_range_locked(z, base, PAGEBLOCK_PAGES);
		set_pageblock_type_locked(z, base, MIGRATE_HIGHATOMIC);
		return_range_locked(z, base, PAGEBLOCK_PAGES);
		unit_verify_locked(z);
		assert_int_equal(unit_list_length(z, PAGEBLOCK_ORDER,
						  MIGRATE_HIGHATOMIC),
				 1);
		assert_int_equal(find_run_locked(z, 1), base + PAGEBLOCK_PAGES);
	}
}

/* ---- dirty runs -------------------------------------------------------- */

/* One page stays in use: a free pageblock would impose its type on others. */
static void make_unmovable(struct zone *z, uint32_t index)
{
	take_range_locked(z, index, PAGEBLOCK_PAGES);
	set_pageblock_type_locked(z, index, MIGRATE_UNMOVABLE);
	mark_dirty_locked(z, index, 1);
	return_range_locked(z, index + 1, PAGEBLOCK_PAGES - 1);
}

/* False, and nothing is done, when some of the pages are in use. */
static bool take_and_dirty(struct zone *z, uint32_t at, uint32_t nr)
{
	if (!bitmap_all_set(z->free_map, at, nr))
		return false;
	take_range_locked(z, at, nr);
	mark_dirty_locked(z, at, nr);
	return true;
}

/* What find_dirty_run_locked() promises, page by page. */
static uint32_t lowest_dirty_run(const struct zone *z, uint32_t nr)
{
	uint32_t run = 0;

	for (uint32_t i = z->first_page; i < z->online; i++) {
		enum migratetype mt = z->pageblock_type[i >> PAGEBLOCK_ORDER];

		run = bitmap_test(z->free_map, i) &&
				      bitmap_test(z->dirty_map, i) &&
				      mt == MIGRATE_MOVABLE
			      ? run + 1
			      : 0;
		if (run == nr)
			return i + 1 - nr;
	}
	return 0;
}

static void test_lowest_dirty_run(void **state)
{
	uint64_t random = unit_seed();
	uint32_t base;
	struct zone *z = unit_lone_block(&base);
	uint32_t pages = 1u << MAX_PAGE_ORDER;
	unsigned int found = 0;

	(void)state;
	LOCKED(z) {
		assert_int_equal(find_dirty_run_locked(z, 1), 0);
		make_unmovable(z, base);
		for (unsigned int i = 0; i < unit_steps(300); i++) {
			uint32_t nr = 1 + unit_below(&random, 70);
			uint32_t at = base + unit_below(&random, pages - nr);
			uint32_t want = 1 + unit_below(&random, 70);

			if (!take_and_dirty(z, at, nr))
				continue;
			/* Some stay in use. */
			if (unit_below(&random, 16))
				free_range_locked(z, at, nr);
			unit_verify_locked(z);
			assert_int_equal(find_dirty_run_locked(z, want),
					 lowest_dirty_run(z, want));
			found += lowest_dirty_run(z, want) != 0;
		}
	}
	assert_int_not_equal(found, 0);
}

static bool is_free_dirty(const struct zone *z, uint32_t i)
{
	return bitmap_test(z->free_map, i) && bitmap_test(z->dirty_map, i);
}

/* Dirty ones of nr pages, page by page; 0 if they are no place for a run. */
static uint32_t dirty_in_run(const struct zone *z, uint32_t at, uint32_t nr)
{
	uint32_t dirty = 0;

	for (uint32_t i = at; i < at + nr; i++) {
		if (i >= z->online || !bitmap_test(z->free_map, i) ||
		    z->pageblock_type[i >> PAGEBLOCK_ORDER] != MIGRATE_MOVABLE)
			return 0;
		dirty += is_free_dirty(z, i);
	}
	return dirty;
}

/*
 * The most dirty pages that a run has which begins with such, or ends where a
 * row of free ones does.
 */
static uint32_t most_dirty(const struct zone *z, uint32_t nr)
{
	uint32_t most = 0;

	for (uint32_t i = z->first_page; i < z->online; i++) {
		bool last = i + nr == z->online ||
			    (i + nr < z->online &&
			     !bitmap_test(z->free_map, i + nr));
		bool first = is_free_dirty(z, i) && !is_free_dirty(z, i - 1);
		uint32_t dirty = first || last ? dirty_in_run(z, i, nr) : 0;

		if (dirty > most)
			most = dirty;
	}
	return most;
}

static void check_patchy_run(const struct zone *z, uint32_t nr)
{
	uint32_t found = find_patchy_run_locked(z, nr);
	uint32_t most = most_dirty(z, nr);

	if (most > nr / 4)
		assert_int_equal(dirty_in_run(z, found, nr), most);
	else
		assert_int_equal(found, 0);
}

static void test_run_with_most_dirty_pages(void **state)
{
	uint64_t random = unit_seed();
	uint32_t base;
	struct zone *z = unit_lone_block(&base);
	uint32_t pages = 8 * PAGEBLOCK_PAGES; /* all of them near each other */
	unsigned int found = 0;

	(void)state;
	LOCKED(z) {
		assert_int_equal(find_patchy_run_locked(z, 1), 0);
		make_unmovable(z, base + PAGEBLOCK_PAGES);
		for (unsigned int i = 0; i < unit_steps(300); i++) {
			uint32_t nr = 1 + unit_below(&random, 12);
			uint32_t at = base + unit_below(&random, pages - nr);
			uint32_t want = 1 + unit_below(&random, 40);

			if (!take_and_dirty(z, at, nr))
				continue;
			if (!unit_below(&random, 3))
				mark_clean_locked(z, at, nr);
			if (unit_below(&random, 8))
				free_range_locked(z, at, nr);
			unit_verify_locked(z);
			check_patchy_run(z, want);
			found += find_patchy_run_locked(z, want) != 0;
		}
	}
	assert_int_not_equal(found, 0);
}

UNIT_MAIN(TEST(test_every_range_of_one_block),
	  TEST(test_what_was_clean_still_is), TEST(test_range_over_many_blocks),
	  TEST(test_lowest_run_that_fits), TEST(test_run_over_several_blocks),
	  TEST(test_reserve_is_not_for_runs), TEST(test_lowest_dirty_run),
	  TEST(test_run_with_most_dirty_pages))
