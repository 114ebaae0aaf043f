/* mm/stash: the large free blocks that a zone keeps for any thread. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define SMALLEST (PAGEBLOCK_ORDER + 1)

static uint64_t holds(void)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < nr_zones_now(); i++)
		n += zones[i]->event[ZONE_LOCKED];
	return n;
}

static struct page *take(unsigned int order)
{
	struct page *page = alloc_pages(NULL, GFP_MOVABLE, order);

	assert_non_null(page);
	assert_int_equal(page->type, PAGE_RUN);
	assert_int_equal(page->nr, 1u << order);
	assert_false(page_index(page) & (page->nr - 1));
	assert_int_equal(verify_zones(), 0);
	return page;
}

static void give(struct page *page, unsigned int order)
{
	free_pages(NULL, page, order);
	assert_int_equal(verify_zones(), 0);
}

static void test_which_orders(void **state)
{
	(void)state;
	for (unsigned int o = 0; o <= MAX_PAGE_ORDER; o++) {
		assert_int_equal(stash_allowed_order(o),
				 o > PAGEBLOCK_ORDER && o <= MAX_STASH_ORDER);
		assert_false(stash_allowed_order(o) && pcp_allowed_order(o));
	}
}

static void test_a_pair_takes_no_lock(void **state)
{
	(void)state;
	for (unsigned int o = SMALLEST; o <= MAX_STASH_ORDER; o++) {
		struct page *page = take(o), *again;
		uint64_t before;

		free_pages(NULL, page, o);
		assert_int_equal(stash_pages(zone_of(page)), 1u << o);
		before = holds();
		again = alloc_pages(NULL, GFP_MOVABLE, o);
		assert_ptr_equal(again, page);
		free_pages(NULL, again, o);
		assert_int_equal(holds(), before);
		purge_zone(zone_of(page), 0);
	}
}

/* A run that happens to be such a block is one. */
static void test_runs(void **state)
{
	struct page *page = take(SMALLEST), *run;

	(void)state;
	give(page, SMALLEST);
	run = alloc_run(NULL, GFP_MOVABLE, 1u << SMALLEST);
	assert_ptr_equal(run, page);
	free_run(NULL, run);
	assert_int_equal(stash_pages(zone_of(run)), 1u << SMALLEST);
	/* A page more: it is but memory that needs not be fresh. */
	run = alloc_run(NULL, GFP_MOVABLE, (1u << SMALLEST) + 1);
	free_run(NULL, run);
	assert_int_equal(stash_pages(zone_of(page)), 0);
	assert_int_equal(verify_zones(), 0);
}

static void test_zeroes(void **state)
{
	struct page *page = take(SMALLEST);
	size_t len = (size_t)PAGE_SIZE << SMALLEST;
	char *p = page_to_addr(page);

	(void)state;
	memset(p, 0x55, len);
	give(page, SMALLEST);
	page = alloc_pages(NULL, GFP_MOVABLE | GFP_ZERO, SMALLEST);
	assert_non_null(page);
	p = page_to_addr(page);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(p[i], 0);
}

/* What free_pages() does, without reclaim. */
static void keep(struct page *page)
{
	page->order = (uint8_t)lowest_bit(page->nr);
	page->flags = 0;
	page->next = PFN_NONE;
	page->type = PAGE_PCP;
	assert_true(stash_put(zone_of(page), page, MIGRATE_MOVABLE, page->nr));
}

/* The newest stays, and never more than there may be. */
static void test_limit(void **state)
{
	struct page *largest = take(MAX_STASH_ORDER);
	struct page *page[3 * STASH_PAGES >> SMALLEST];
	struct zone *z;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = take(SMALLEST);
	z = zone_of(page[0]);
	for (size_t i = 0; i < ARRAY_SIZE(page); i++) {
		keep(page[i]);
		assert_true(stash_pages(z) <= STASH_PAGES);
		assert_int_equal(page[i]->type, PAGE_PCP);
	}
	keep(largest);
	assert_int_equal(largest->type, PAGE_PCP);
	assert_int_equal(stash_pages(z), STASH_PAGES);
	assert_int_equal(verify_zones(), 0);
}

static void test_drain(void **state)
{
	struct page *page = take(SMALLEST);
	struct zone *z = zone_of(page);
	uint32_t nr_free = z->nr_free;

	(void)state;
	give(page, SMALLEST);
	assert_int_equal(z->nr_free, nr_free);
	assert_int_equal(stash_drain(z), 1u << SMALLEST);
	assert_int_equal(z->nr_free, nr_free + (1u << SMALLEST));
	assert_int_equal(stash_drain(z), 0);
	assert_int_equal(verify_zones(), 0);
}

/* Memory that is given back includes it. */
static void test_purge(void **state)
{
	struct page *page = take(SMALLEST);
	struct zone *z = zone_of(page);

	(void)state;
	memset(page_to_addr(page), 1, (size_t)PAGE_SIZE << SMALLEST);
	give(page, SMALLEST);
	assert_true(purge_zone(z, 0) >= 1u << SMALLEST);
	assert_int_equal(stash_pages(z), 0);
	assert_int_equal(zone_dirty_hint(z), 0);
}

/* Pages of other kinds, and those of the reserve, are not kept. */
static void test_only_movable(void **state)
{
	struct page *page = alloc_pages(NULL, GFP_RECLAIMABLE, SMALLEST);

	(void)state;
	assert_non_null(page);
	LOCKED(zone_of(page))
		set_pageblock_type_locked(zone_of(page), page_index(page),
					  MIGRATE_RECLAIMABLE);
	free_pages(NULL, page, SMALLEST);
	assert_int_equal(stash_pages(zone_of(page)), 0);
}

/* ---- chains ------------------------------------------------------------ */

static struct mm_thread thread;

/* Makes a thread's pcp give pages away; they must be in the stash then. */
static struct zone *fill_with_chains(uint32_t nr, void **array)
{
	struct zone *z;

	assert_int_equal(alloc_pages_bulk(&thread, GFP_MOVABLE, nr, array), nr);
	z = zone_of(array[0]);
	for (uint32_t i = 0; i < nr; i++)
		free_pages(&thread, pfn_to_page(addr_to_pfn(array[i])), 0);
	assert_int_equal(verify_zones(), 0);
	return z;
}

static void test_what_one_thread_gives_another_takes(void **state)
{
	struct mm_thread other = {0};
	void *array[STASH_PAGES / 2];
	struct zone *z = fill_with_chains(ARRAY_SIZE(array), array);
	uint32_t kept, gave;

	(void)state;
	drain_pcp(&thread);
	kept = stash_pages(z);
	assert_true(kept > 0);
	gave = (uint32_t)z->event[ZONE_LOCKED];
	for (uint32_t i = 0; i < kept; i++)
		array[i] = alloc_pages(&other, GFP_MOVABLE, 0);
	assert_int_equal(z->event[ZONE_LOCKED], gave);
	assert_int_equal(stash_pages(z), 0);
	for (uint32_t i = 0; i < kept; i++)
		for (uint32_t k = 0; k < i; k++)
			assert_ptr_not_equal(array[i], array[k]);
}

/* Each kind has its own, and an order's pages are not another's. */
static void test_kinds(void **state)
{
	void *array[STASH_PAGES / 2];
	struct zone *z = fill_with_chains(ARRAY_SIZE(array), array);
	struct page *chain;
	uint32_t nr = 0;

	(void)state;
	drain_pcp(&thread);
	nr = stash_pages(z);
	assert_true(nr > 0);
	assert_null(stash_take(z, 1, MIGRATE_MOVABLE));
	assert_null(stash_take(z, 0, MIGRATE_UNMOVABLE));
	assert_null(stash_take(z, 0, MIGRATE_RECLAIMABLE));
	while ((chain = stash_take(z, 0, MIGRATE_MOVABLE))) {
		uint32_t before = stash_pages(z);

		for (struct page *p = chain; p; p = page_list_next(p)) {
			assert_int_equal(p->type, PAGE_PCP);
			assert_int_equal(p->order, 0);
			nr--;
		}
		assert_int_equal(before, nr);
		free_chain(z, chain);
	}
	assert_int_equal(nr, 0);
	assert_int_equal(verify_zones(), 0);
}

/* Before fresh memory is touched, what it keeps is used. */
static void test_dirty_pages_first(void **state)
{
	void *array[STASH_PAGES / 2];
	struct zone *z = fill_with_chains(ARRAY_SIZE(array), array);
	struct page *page;

	(void)state;
	drain_pcp(&thread);
	assert_true(stash_pages(z) > 0);
	assert_true(zone_dirty_hint(z) < STASH_PAGES);
	page = alloc_pages(NULL, GFP_MOVABLE, MAX_STASH_ORDER);
	assert_non_null(page);
	assert_int_equal(stash_pages(z), 0);
}

/* ---- threads ----------------------------------------------------------- */

#define ROUNDS 20000u

static uint64_t seed;

/* Nobody else has any page of a block that was handed out. */
static void *contend(void *arg)
{
	uint32_t me = (uint32_t)(uintptr_t)arg;
	uint64_t random = seed + me;

	for (uint32_t i = 0; i < unit_steps(ROUNDS); i++) {
		unsigned int order =
			SMALLEST +
			unit_below(&random, MAX_STASH_ORDER - SMALLEST + 1);
		struct page *page = alloc_pages(NULL, GFP_MOVABLE, order);
		uint64_t *p;

		if (!page)
			abort();
		p = page_to_addr(page);
		for (uint32_t n = 0; n < 1u << order; n++)
			p[n * (PAGE_SIZE / sizeof(*p))] = me;
		for (uint32_t n = 0; n < 1u << order; n++)
			if (p[n * (PAGE_SIZE / sizeof(*p))] != me)
				abort();
		free_pages(NULL, page, order);
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t id[4];

	(void)state;
	seed = unit_seed();
	for (uintptr_t i = 0; i < ARRAY_SIZE(id); i++)
		assert_int_equal(
			pthread_create(&id[i], NULL, contend, (void *)(i + 1)),
			0);
	for (size_t i = 0; i < ARRAY_SIZE(id); i++)
		pthread_join(id[i], NULL);
	assert_int_equal(verify_zones(), 0);
	assert_true(stash_pages(zones[0]) <= 2 * STASH_PAGES);
}

UNIT_MAIN(TEST(test_which_orders), TEST(test_a_pair_takes_no_lock),
	  TEST(test_runs), TEST(test_zeroes), TEST(test_limit),
	  TEST(test_drain), TEST(test_purge), TEST(test_only_movable),
	  TEST(test_what_one_thread_gives_another_takes), TEST(test_kinds),
	  TEST(test_dirty_pages_first), TEST(test_threads))
