/* mm/pcp: a thread's lists of free blocks, and how they tune themselves. */
#include <string.h>

#include "unit.h"

static struct mm_thread thread;

/* A free zone whose blocks come in a known order. */
static struct zone *setup(void)
{
	uint32_t base;

	return unit_lone_block(&base);
}

static struct page *take(struct zone *z, unsigned int order, bool tail)
{
	struct page *page =
		rmqueue_pcp(&thread, z, order, MIGRATE_MOVABLE, tail);

	if (page)
		page->type = PAGE_RUN, page->nr = 1u << order;
	unit_verify_zone(z);
	return page;
}

static void give(struct zone *z, struct page *page, unsigned int order)
{
	free_pcp_page(&thread, page, order);
	unit_verify_zone(z);
}

static void test_which_orders(void **state)
{
	(void)state;
	for (unsigned int o = 0; o <= MAX_PAGE_ORDER; o++)
		assert_int_equal(pcp_allowed_order(o),
				 o <= PAGE_ALLOC_COSTLY_ORDER ||
					 o == PAGEBLOCK_ORDER);
}

static void test_refill_takes_a_batch(void **state)
{
	struct zone *z = setup();
	uint32_t nr_free = z->nr_free, batch;

	(void)state;
	assert_non_null(take(z, 0, false));
	batch = thread.pcp.batch;
	assert_true(batch >= 1);
	assert_int_equal(thread.pcp.count, batch - 1);
	assert_int_equal(z->nr_free, nr_free - batch);
	assert_int_equal(thread.event[PCP_REFILL], 1);
	/* The rest of the batch needs no lock. */
	for (uint32_t i = 1; i < batch; i++)
		assert_non_null(take(z, 0, false));
	assert_int_equal(thread.event[PCP_REFILL], 1);
	assert_int_equal(thread.pcp.count, 0);
}

static void test_pages_come_in_rising_order(void **state)
{
	struct zone *z = setup();
	uint32_t first = page_index(take(z, 0, false));

	(void)state;
	for (uint32_t i = 1; i < 100; i++)
		assert_int_equal(page_index(take(z, 0, false)), first + i);
}

static void test_batch_grows_with_demand(void **state)
{
	struct zone *z = setup();
	uint32_t batch = 0, grown = 0;

	(void)state;
	for (uint32_t i = 0; i < (1u << MAX_PAGE_ORDER) && i < 1000; i++) {
		if (!take(z, 0, false))
			break;
		assert_true(thread.pcp.batch >= batch);
		assert_true(thread.pcp.high >= thread.pcp.batch);
		grown += thread.pcp.batch > batch;
		batch = thread.pcp.batch;
	}
	/* A stream gets no longer batches than it begins with. */
	assert_true(grown >= (IS_TINY ? 2 : 1));
	assert_true(batch <= (IS_TINY ? 4u : 64u));
}

static void test_high_bounds_what_is_kept(void **state)
{
	enum { PAGES = 100 };
	struct zone *z = setup();
	struct page *page[PAGES];
	uint32_t drains = 0;

	(void)state;
	for (int i = 0; i < PAGES; i++)
		page[i] = take(z, 0, false);
	for (int i = 0; i < PAGES; i++) {
		uint32_t before = thread.pcp.count;
		uint32_t batch = thread.pcp.batch;

		give(z, page[i], 0);
		/* Beyond `high` a batch goes to the buddy. */
		if (thread.pcp.count != before + 1) {
			assert_int_equal(thread.pcp.count, before + 1 - batch);
			drains++;
		}
		assert_true(thread.pcp.count <= before + 1);
	}
	assert_true(drains > 0);
	assert_int_equal(thread.event[PCP_DRAIN], drains);
	assert_true(thread.pcp.count <= thread.pcp.high * 2);
}

static void test_batch_shrinks_when_only_freeing(void **state)
{
	enum { PAGES = 120 };
	struct zone *z = setup();
	struct page *page[PAGES];
	uint32_t grown;

	(void)state;
	for (int i = 0; i < PAGES; i++)
		page[i] = take(z, 0, false);
	pcp_expect(&thread, PAGES);
	grown = thread.pcp.batch;
	unit_drain(&thread);
	for (int round = 0; round < 30; round++) {
		for (int i = 0; i < PAGES; i++)
			give(z, page[i], 0);
		unit_drain(&thread);
		LOCKED(z) {
			for (int i = 0; i < PAGES; i++) {
				page[i] = rmqueue_buddy_locked(
					z, 0, MIGRATE_MOVABLE, true);
				page[i]->type = PAGE_RUN;
				page[i]->nr = 1;
			}
		}
	}
	assert_true(thread.pcp.batch < grown);
	assert_true(thread.pcp.batch >= 1);
}

static void test_hot_and_cold_ends(void **state)
{
	struct zone *z = setup();
	struct page *page[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		page[i] = take(z, 0, false);
	unit_drain(&thread);
	for (int i = 0; i < 4; i++)
		give(z, page[i], 0);
	/* The hot end has the last one freed, the cold end the first. */
	assert_ptr_equal(take(z, 0, false), page[3]);
	assert_ptr_equal(take(z, 0, true), page[0]);
	assert_ptr_equal(take(z, 0, false), page[2]);
	assert_ptr_equal(take(z, 0, true), page[1]);
}

static void test_untouched_pages_stay_clean(void **state)
{
	struct zone *z = setup();
	struct page *page = take(z, 0, true);

	(void)state;
	assert_true(page->flags & PG_CLEAN);
	unit_drain(&thread);
	assert_int_equal(thread.pcp.count, 0);
	/* Nobody had the rest of the batch. */
	assert_int_equal(z->nr_free_dirty, 0);
	unit_verify_zone(z);
	give(z, page, 0);
	assert_false(page->flags & PG_CLEAN);
	unit_drain(&thread);
	assert_int_equal(z->nr_free_dirty, 1);
	unit_verify_zone(z);
}

static void test_drain_leaves_nothing(void **state)
{
	enum { PAGES = 24 };
	struct zone *z = setup();
	struct page *page[PAGES];
	uint32_t nr_free = z->nr_free;

	(void)state;
	for (unsigned int i = 0; i < PAGES; i++)
		page[i] = take(z, i % 4, false);
	for (unsigned int i = 0; i < PAGES; i++)
		give(z, page[i], i % 4);
	unit_drain(&thread);
	unit_verify_zone(z);
	assert_int_equal(thread.pcp.count, 0);
	for (unsigned int l = 0; l < NR_PCP_LISTS; l++)
		assert_true(page_list_empty(&thread.pcp.lists[l]));
	assert_int_equal(z->nr_free, nr_free);
	assert_int_equal(z->free_area[MAX_PAGE_ORDER].nr_free, 1);
	unit_drain(&thread);
}

static void test_migratetypes_are_apart(void **state)
{
	struct zone *z = setup();
	struct page *page[MIGRATE_PCPTYPES];

	(void)state;
	for (int mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
		page[mt] =
			rmqueue_pcp(&thread, z, 0, (enum migratetype)mt, false);
		assert_non_null(page[mt]);
		page[mt]->type = PAGE_RUN;
		page[mt]->nr = 1;
		assert_int_equal(z->pageblock_type[page_index(page[mt]) >>
						   PAGEBLOCK_ORDER],
				 mt);
	}
	unit_drain(&thread);
	for (int mt = 0; mt < MIGRATE_PCPTYPES; mt++) {
		/* One may have taken another's pageblock since. */
		enum migratetype now = z->pageblock_type[page_index(page[mt]) >>
							 PAGEBLOCK_ORDER];

		give(z, page[mt], 0);
		for (int l = 0; l < MIGRATE_PCPTYPES; l++)
			assert_int_equal(page_list_empty(&thread.pcp.lists[l]),
					 l != (int)now);
		assert_ptr_equal(rmqueue_pcp(&thread, z, 0, now, false),
				 page[mt]);
		page[mt]->type = PAGE_RUN;
	}
}

static void test_pageblocks_have_a_list_too(void **state)
{
	struct zone *z = setup();
	struct page *page = take(z, PAGEBLOCK_ORDER, false);
	uint32_t before;

	(void)state;
	assert_non_null(page);
	assert_int_equal(page_index(page) % PAGEBLOCK_PAGES, 0);
	for (int i = 0; i < 60; i++)
		assert_non_null(take(z, 0, false));
	before = thread.pcp.count;
	give(z, page, PAGEBLOCK_ORDER);
	/* The largest go first when there are too many pages. */
	if (before + PAGEBLOCK_PAGES > thread.pcp.high)
		assert_int_equal(thread.pcp.count, before);
	else
		assert_ptr_equal(take(z, PAGEBLOCK_ORDER, false), page);
}

static void test_refill_does_not_grow_for_a_batch(void **state)
{
	uint32_t base, online;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		take_range_locked(z, base, (1u << MAX_PAGE_ORDER) - 1);
		mark_dirty_locked(z, base, (1u << MAX_PAGE_ORDER) - 1);
		online = z->online;
	}
	/* One page is left: it is what is asked for, and enough. */
	assert_non_null(take(z, 0, false));
	assert_int_equal(z->online, online);
	assert_int_equal(thread.pcp.count, 0);
	assert_non_null(take(z, 0, false));
	assert_true(z->online > online);
}

static void test_no_memory(void **state)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)state;
	LOCKED(z) {
		take_range_locked(z, base, 1u << MAX_PAGE_ORDER);
		mark_dirty_locked(z, base, 1u << MAX_PAGE_ORDER);
	}
	inject_arm(INJECT_COMMIT, 1, true);
	assert_null(take(z, 0, false));
	assert_null(take(z, PAGEBLOCK_ORDER, true));
	inject_disarm();
	assert_int_equal(thread.pcp.count, 0);
	assert_non_null(take(z, 0, false));
}

static void test_pages_of_two_zones(void **state)
{
	struct zone *a = setup(), *b = zone_create(1, 1);
	struct page *p, *q;

	(void)state;
	assert_non_null(b);
	p = take(a, 0, false);
	unit_drain(&thread);
	LOCKED(b) {
		q = rmqueue_buddy_locked(b, 0, MIGRATE_MOVABLE, true);
		q->type = PAGE_RUN;
		q->nr = 1;
	}
	give(a, p, 0);
	give(b, q, 0);
	assert_int_equal(thread.pcp.count, 2);
	unit_drain(&thread);
	assert_int_equal(p->type == PAGE_RUN || q->type == PAGE_RUN, 0);
	unit_verify_zone(a);
	unit_verify_zone(b);
	assert_true(bitmap_test(a->free_map, page_index(p)));
	assert_true(bitmap_test(b->free_map, page_index(q)));
}

UNIT_MAIN(TEST(test_which_orders), TEST(test_refill_takes_a_batch),
	  TEST(test_pages_come_in_rising_order),
	  TEST(test_batch_grows_with_demand),
	  TEST(test_high_bounds_what_is_kept),
	  TEST(test_batch_shrinks_when_only_freeing),
	  TEST(test_hot_and_cold_ends), TEST(test_untouched_pages_stay_clean),
	  TEST(test_drain_leaves_nothing), TEST(test_migratetypes_are_apart),
	  TEST(test_pageblocks_have_a_list_too),
	  TEST(test_refill_does_not_grow_for_a_batch), TEST(test_no_memory),
	  TEST(test_pages_of_two_zones))
