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
		stash_drain(zone_of(page));
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
	/* But for a page more it is of no use. */
	run = alloc_run(NULL, GFP_MOVABLE, (1u << SMALLEST) + 1);
	assert_ptr_not_equal(run, page);
	free_run(NULL, run);
	assert_int_equal(stash_pages(zone_of(page)), 1u << SMALLEST);
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

/* The newest stays, and never more than there may be. */
static void test_limit(void **state)
{
	struct page *page[3 * STASH_PAGES >> SMALLEST];
	struct zone *z;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = take(SMALLEST);
	z = zone_of(page[0]);
	for (size_t i = 0; i < ARRAY_SIZE(page); i++) {
		give(page[i], SMALLEST);
		assert_true(stash_pages(z) <= STASH_PAGES);
		assert_int_equal(page[i]->type, PAGE_PCP);
	}
	page[0] = take(MAX_STASH_ORDER);
	give(page[0], MAX_STASH_ORDER);
	assert_int_equal(page[0]->type, PAGE_PCP);
	assert_true(stash_pages(z) <= STASH_PAGES);
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
	set_pageblock_type_locked(zone_of(page), page_index(page),
				  MIGRATE_RECLAIMABLE);
	free_pages(NULL, page, SMALLEST);
	assert_int_equal(stash_pages(zone_of(page)), 0);
}

#define ROUNDS 20000u

/* Nobody else has any page of a block that was handed out. */
static void *contend(void *arg)
{
	uint32_t me = (uint32_t)(uintptr_t)arg;
	uint64_t random = unit_seed() + me;

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
	  TEST(test_threads))
