/* heap/fault_ahead: which large blocks are brought in before they are used. */
#include <string.h>
#include <time.h>

#include "own_cache.h"

#define NR 64u /* pages: 4 MiB */
#define BYTES(nr) ((size_t)(nr) << PAGE_SHIFT)

/* All that is free is untouched. */
static void purge(void)
{
	thread_cache_drain(own);
	for (uint32_t i = 0; i < nr_zones_now(); i++)
		purge_zone(zones[i], 0);
}

static struct page *alloc(uint32_t nr)
{
	struct page *page;

	purge();
	page = page_of(large_alloc(own, BYTES(nr), false));
	assert_int_equal(page->nr, nr);
	return page;
}

static size_t resident(const struct page *page)
{
	return unit_resident(page_to_addr(page), BYTES(page->nr));
}

static void use(struct page *page, uint32_t nr)
{
	memset(page_to_addr(page), 1, BYTES(nr));
}

/* A run of nr pages that was used as a whole has come and gone. */
static void teach(uint32_t nr)
{
	struct page *page = alloc(nr);

	use(page, nr);
	large_free(own, page);
}

static void test_learns_when_one_is_freed(void **state)
{
	struct page *page;

	(void)state;
	setup();
	page = alloc(NR);
	assert_true(page->flags & PG_LEARN);
	assert_int_equal(resident(page), 0);
	use(page, NR);
	large_free(own, page);
	page = alloc(NR);
	assert_int_equal(page->flags, 0);
	assert_int_equal(resident(page), BYTES(NR));
	large_free(own, page);
	teardown();
}

static void test_learns_from_the_one_before(void **state)
{
	struct page *first, *second, *third;

	(void)state;
	setup();
	first = alloc(NR);
	use(first, NR);
	second = alloc(NR);
	assert_int_equal(resident(second), BYTES(NR));
	third = alloc(NR / 2);
	assert_int_equal(resident(third), BYTES(NR / 2));
	large_free(own, first);
	large_free(own, second);
	large_free(own, third);
	teardown();
}

static void test_nothing_from_one_used_in_part(void **state)
{
	struct page *first, *second;

	(void)state;
	setup();
	first = alloc(NR);
	use(first, NR / 2);
	second = alloc(NR);
	assert_true(second->flags & PG_LEARN);
	assert_int_equal(resident(second), 0);
	large_free(own, first);
	large_free(own, second);
	second = alloc(NR);
	assert_int_equal(resident(second), 0);
	large_free(own, second);
	teardown();
}

/* One in sixteen shows whether it still holds. */
static void test_forgets(void **state)
{
	struct page *page;
	unsigned int left = 0;

	(void)state;
	setup();
	teach(NR);
	for (unsigned int i = 0; i < 32 && !left; i++) {
		page = alloc(NR);
		left += !resident(page);
		assert_int_equal(!resident(page), !!(page->flags & PG_LEARN));
		large_free(own, page);
	}
	assert_int_equal(left, 1);
	page = alloc(NR);
	assert_true(resident(page) < BYTES(NR));
	large_free(own, page);
	page = alloc(NR / 2);
	assert_int_equal(resident(page), BYTES(NR / 2));
	large_free(own, page);
	teardown();
}

/* Huge pages that were dear are none for a while. */
static struct page *alloc_advised(uint32_t nr)
{
	struct timespec ms = {.tv_nsec = 1000 * 1000};

	for (unsigned int i = 0; i < 30000; i++) {
		struct page *page = alloc(nr);

		if (page->flags & PG_ADVISED)
			return page;
		large_free(own, page);
		nanosleep(&ms, NULL);
	}
	fail();
	return NULL;
}

/* Of a longer one, but not much longer, each touch brings a huge page in. */
static void test_advice_for_what_may_have_doubled(void **state)
{
	struct page *page;

	(void)state;
	setup();
	if (os_huge_policy() == HUGE_NEVER)
		skip();
	teach(NR);
	page = alloc(5 * NR);
	assert_int_equal(page->flags, PG_LEARN);
	large_free(own, page);
	page = alloc_advised(2 * NR);
	assert_int_equal(page->flags, PG_LEARN | PG_ADVISED);
	assert_true(resident(page) < BYTES(NR));
	use(page, 2 * NR);
	large_free(own, page);
	assert_false(page->flags & PG_ADVISED);
	page = alloc_advised(3 * NR);
	page = page_of(large_resize(own, page, BYTES(2 * NR)));
	assert_false(page->flags & PG_ADVISED);
	large_free(own, page);
	teardown();
}

static void test_short_ones_are_left_alone(void **state)
{
	struct page *page;

	(void)state;
	setup();
	teach(NR);
	page = alloc(7);
	assert_int_equal(page->flags, 0);
	assert_int_equal(resident(page), 0);
	large_free(own, page);
	teardown();
}

UNIT_MAIN(TEST(test_learns_when_one_is_freed),
	  TEST(test_learns_from_the_one_before),
	  TEST(test_nothing_from_one_used_in_part), TEST(test_forgets),
	  TEST(test_advice_for_what_may_have_doubled),
	  TEST(test_short_ones_are_left_alone))
