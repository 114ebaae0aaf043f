/* mm/rmqueue: runs out of memory that is there already, as a whole or in part. */
#include <string.h>

#include "unit.h"

static struct mm_thread thread;

/*
 * A row of dirty pages, freed but for one in the middle, which the pcp keeps:
 * how many pages it has, and its first index.
 */
static uint32_t row_with_a_kept_page(uint32_t *index)
{
	uint32_t nr = 5 * PAGEBLOCK_PAGES;
	struct page *page = alloc_run(&thread, GFP_MOVABLE, nr);
	struct page *kept;

	assert_non_null(page);
	*index = page_index(page);
	run_shrink(page, 2 * PAGEBLOCK_PAGES);
	/* The lowest dirty pages are those behind it. */
	kept = alloc_run(&thread, GFP_MOVABLE, 3);
	assert_int_equal(page_index(kept), *index + 2 * PAGEBLOCK_PAGES);
	run_shrink(kept, 1);
	free_run(&thread, page);
	free_run(&thread, kept);
	assert_int_equal(thread.pcp.count, 1);
	assert_int_equal(verify_zones(), 0);
	return nr;
}

static void test_kept_pages_complete_a_run(void **state)
{
	uint32_t index, nr = row_with_a_kept_page(&index);
	struct page *page = alloc_run(&thread, GFP_MOVABLE, nr);

	(void)state;
	assert_int_equal(page_index(page), index);
	assert_int_equal(page->flags, 0);
	assert_int_equal(thread.pcp.count, 0);
	assert_int_equal(verify_zones(), 0);
	free_run(&thread, page);
	/* Nobody's are taken for one of which little may be needed. */
	nr = row_with_a_kept_page(&index);
	page = alloc_run(&thread, GFP_MOVABLE | GFP_SPARSE, nr);
	assert_int_not_equal(page_index(page), index);
	assert_int_equal(thread.pcp.count, 1);
	assert_int_equal(verify_zones(), 0);
	free_run(&thread, page);
	drain_pcp(&thread);
	assert_int_equal(verify_zones(), 0);
}

/* A run whose pages from the third on are free and dirty, with clean ones. */
static struct page *run_before_dirty_pages(void)
{
	struct page *page = alloc_run(NULL, GFP_MOVABLE, 5 * PAGEBLOCK_PAGES);

	run_trim(page, PAGEBLOCK_PAGES + 3);
	memset(page_to_addr(page), 1, (size_t)page->nr << PAGE_SHIFT);
	run_shrink(page, 3);
	return page;
}

static void test_a_run_that_is_there_in_part(void **state)
{
	struct page *first = run_before_dirty_pages();
	struct page *page = alloc_run(NULL, GFP_MOVABLE, 2 * PAGEBLOCK_PAGES);

	(void)state;
	assert_ptr_equal(page, first + 3);
	assert_int_equal(page->flags, PG_PATCHY);
	assert_int_equal(verify_zones(), 0);
	free_run(NULL, page);
	free_run(NULL, first);
	assert_int_equal(verify_zones(), 0);
}

static void test_a_sparse_run_is_not_there_in_part(void **state)
{
	struct page *first = run_before_dirty_pages();
	struct page *page = alloc_run(NULL, GFP_MOVABLE | GFP_SPARSE,
				      2 * PAGEBLOCK_PAGES);

	(void)state;
	assert_ptr_not_equal(page, first + 3);
	assert_int_equal(verify_zones(), 0);
	free_run(NULL, page);
	free_run(NULL, first);
	assert_int_equal(verify_zones(), 0);
}

UNIT_MAIN(TEST(test_kept_pages_complete_a_run),
	  TEST(test_a_run_that_is_there_in_part),
	  TEST(test_a_sparse_run_is_not_there_in_part))
