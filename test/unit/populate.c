/* mm/populate: what is brought in where the kernel makes huge pages of itself.
 */
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define NR (2u * PAGEBLOCK_PAGES) /* 4 MiB */
#define BYTES ((size_t)NR * PAGE_SIZE)

/* Of 4 MiB: dear ones, and such as were ready. */
#define DEAR_NS 9600000u
#define CHEAP_NS 180000u

/* The first run that is left to the policy, which is "always". */
static struct page *run_of_huge_pages(void)
{
	struct page *page;

	inject_huge_policy(HUGE_ALWAYS);
	do
		page = alloc_run(NULL, GFP_MOVABLE, NR);
	while (page && run_is_of_small_pages(page));
	assert_non_null(page);
	return page;
}

static void populate(const struct page *page, uint64_t ns)
{
	inject_slow_thread(ns);
	populate_pages(page, BYTES);
	assert_int_equal(unit_resident(page_to_addr(page), BYTES), BYTES);
}

static void grow(struct zone *z)
{
	uint32_t online = z->online;

	LOCKED(z) {
		assert_int_equal(zone_grow_locked(z, 1), 0);
	}
	assert_true(z->online > online);
}

static void test_cheap_ones_change_nothing(void **state)
{
	const struct page *page = run_of_huge_pages();
	struct zone *z = zone_of(page);
	uint32_t end = z->small_end;

	(void)state;
	/* What this machine's take is not known, so none is brought in. */
	assert_false(os_huge_took(CHEAP_NS, BYTES));
	grow(z);
	assert_int_equal(z->small_end, end);
}

static void test_a_dear_one_makes_the_rest_small(void **state)
{
	const struct page *page = run_of_huge_pages();
	struct zone *z = zone_of(page);
	uint64_t ms = os_milliseconds();
	uint32_t end;

	(void)state;
	populate(page, DEAR_NS);
	assert_int_equal(z->small_end, z->online);
	assert_true(run_is_of_small_pages(page));
	/* And what comes next, as long as there are none. */
	assert_true(os_huge_are_dear());
	grow(z);
	assert_int_equal(z->small_end, z->online);
	unit_verify_zone(z);
	while (os_huge_are_dear())
		assert_true(os_milliseconds() < ms + PATIENCE_MS);
	end = z->small_end;
	grow(z);
	assert_int_equal(z->small_end, end);
}

/* A clock that says they are dear is not looked at. */
static void test_small_ones_are_not_timed(void **state)
{
	struct page *page;
	uint32_t end;

	(void)state;
	inject_huge_policy(HUGE_ALWAYS);
	page = alloc_run(NULL, GFP_MOVABLE, NR);
	assert_non_null(page);
	end = zone_of(page)->small_end;
	populate(page, DEAR_NS);
	assert_int_equal(zone_of(page)->small_end, end);
	assert_false(os_huge_are_dear());
}

static void test_another_policy_is_not_timed(void **state)
{
	struct page *page;

	(void)state;
	inject_huge_policy(HUGE_NEVER);
	page = alloc_run(NULL, GFP_MOVABLE, NR);
	assert_non_null(page);
	assert_false(run_is_of_small_pages(page));
	populate(page, DEAR_NS);
	assert_int_equal(zone_of(page)->small_end, 0);
	assert_false(os_huge_are_dear());
}

/* One that is as far already stays so. */
static void test_small_memory_never_shrinks(void **state)
{
	const struct page *page = run_of_huge_pages();
	struct zone *z = zone_of(page);
	uint32_t online = z->online;

	(void)state;
	zone_keep_small(z);
	assert_int_equal(z->small_end, online);
	zone_keep_small(z);
	assert_int_equal(z->small_end, online);
	z->small_end = z->span;
	zone_keep_small(z);
	assert_int_equal(z->small_end, z->span);
}

/* The kernel is told so, in one mapping with what was small before. */
static void test_the_kernel_knows(void **state)
{
	const struct page *page = run_of_huge_pages();
	struct zone *z = zone_of(page);
	uint32_t end = z->small_end;
	struct unit_mapping low, high;

	(void)state;
	if (access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK))
		skip();
	zone_keep_small(z);
	low = unit_mapping_of(page_to_addr(zone_page(z, end - 1)));
	high = unit_mapping_of(page_to_addr(zone_page(z, z->online - 1)));
	assert_non_null(strstr(high.flags, " nh"));
	assert_int_equal(low.start, high.start);
}

UNIT_MAIN(TEST(test_cheap_ones_change_nothing),
	  TEST(test_a_dear_one_makes_the_rest_small),
	  TEST(test_small_ones_are_not_timed),
	  TEST(test_another_policy_is_not_timed),
	  TEST(test_small_memory_never_shrinks), TEST(test_the_kernel_knows))
