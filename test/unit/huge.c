/* mm/huge: runs in mappings of their own. */
#include <string.h>

#include "unit.h"

#define GIB ((size_t)1 << 30)
#define SIZE (5 * GIB + 12345)

static char *start(const struct page *page)
{
	return page_to_addr(page);
}

static void mark(struct page *page, size_t at, char c)
{
	start(page)[at] = c;
}

static struct page *alloc(size_t size)
{
	struct page *page = huge_alloc(size, 0);

	assert_non_null(page);
	assert_int_equal(page->type, PAGE_RUN);
	assert_true(page->flags & PG_HUGE);
	assert_true(huge_usable(page) >= size);
	assert_true(huge_usable(page) < size + PAGE_SIZE);
	return page;
}

static void test_all_of_it_is_there(void **state)
{
	struct page *page = alloc(SIZE);
	char *p = start(page);
	size_t usable = huge_usable(page);

	(void)state;
	for (size_t at = 0; at < usable; at += GIB / 2) {
		assert_int_equal(p[at], 0);
		p[at] = 1;
	}
	p[usable - 1] = 1;
	/* Nothing of ours, at least, is behind it. */
	assert_null(page_of(p + usable));
	huge_free(page);
	assert_true(unit_faults(p));
}

static void test_gate(void **state)
{
	struct page *page = alloc(SIZE);
	char *p = start(page);

	(void)state;
	assert_ptr_equal(page_of(p), page);
	assert_ptr_equal(page_of(p + PAGE_SIZE - 1), page);
	/* Only its first page has a struct page. */
	assert_null(page_of(p + PAGE_SIZE));
	assert_null(page_of(p - 1));
	assert_null(page_of(p + ZONE_SIZE));
	assert_int_equal(slot_of(p), SLOT_HUGE);
	assert_int_equal(slot_of(p + ZONE_SIZE), SLOT_HUGE_TAIL);
	huge_free(page);
	assert_int_equal(slot_of(p), SLOT_HUGE_GONE);
	assert_int_equal(slot_of(p + ZONE_SIZE), SLOT_NONE);
	assert_null(page_of(p));
}

static void test_alignment(void **state)
{
	(void)state;
	for (unsigned int order = 0; order < ZONE_PAGE_BITS; order++) {
		struct page *page = huge_alloc(3 * PAGE_SIZE, order);
		char *p;

		assert_non_null(page);
		p = start(page);
		assert_int_equal((uintptr_t)p & ((PAGE_SIZE << order) - 1), 0);
		p[0] = 1;
		p[huge_usable(page) - 1] = 1;
		assert_ptr_equal(page_of(p), page);
		huge_free(page);
	}
}

static void test_too_much(void **state)
{
	(void)state;
	assert_null(huge_alloc(SIZE_MAX, 0));
	assert_null(huge_alloc(SIZE_MAX - PAGE_SIZE, 5));
	assert_null(huge_alloc((size_t)1 << 47, 0));
	assert_null(huge_alloc(PAGE_SIZE, ZONE_PAGE_BITS));
	assert_int_equal(huge_stat().nr, 0);
	assert_int_equal(huge_stat().bytes, 0);
}

static void test_statistics(void **state)
{
	struct page *a = alloc(SIZE), *b = alloc(PAGE_SIZE);
	struct huge_stat s = huge_stat();

	(void)state;
	assert_int_equal(s.nr, 2);
	assert_true(s.bytes >= SIZE + PAGE_SIZE);
	assert_true(s.bytes < SIZE + 10 * PAGE_SIZE);
	a = huge_resize(a, 2 * SIZE);
	assert_non_null(a);
	assert_int_equal(huge_stat().nr, 2);
	assert_true(huge_stat().bytes >= s.bytes + SIZE - PAGE_SIZE);
	huge_free(a);
	huge_free(b);
	assert_int_equal(huge_stat().nr, 0);
	assert_int_equal(huge_stat().bytes, 0);
}

static void test_addresses_are_given_back(void **state)
{
	size_t before;

	(void)state;
	huge_free(alloc(SIZE));
	before = unit_address_space();
	for (int i = 0; i < 20; i++) {
		struct page *page = alloc(SIZE);

		page = huge_resize(page, 2 * SIZE);
		assert_non_null(page);
		page = huge_resize(page, SIZE / 2);
		assert_non_null(page);
		huge_free(page);
	}
	assert_int_equal(unit_address_space(), before);
}

static void test_resize_keeps_contents(void **state)
{
	static const size_t sizes[] = {3 * GIB,	    3 * GIB + 1, 4 * GIB,
				       9 * GIB,	    8 * GIB,	 5 * GIB,
				       5 * GIB + 1, 2 * GIB,	 12 * GIB};
	struct page *page = alloc(3 * GIB);
	size_t at = 0, smallest = 3 * GIB;

	(void)state;
	for (; at < smallest; at += GIB / 4)
		mark(page, at, (char)(at >> 24));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		page = huge_resize(page, sizes[i]);
		assert_non_null(page);
		assert_true(huge_usable(page) >= sizes[i]);
		assert_ptr_equal(page_of(start(page)), page);
		if (sizes[i] < smallest)
			smallest = sizes[i];
		for (at = 0; at < smallest; at += GIB / 4)
			assert_int_equal(start(page)[at], (char)(at >> 24));
		mark(page, huge_usable(page) - 1, 1);
	}
	huge_free(page);
}

static void test_slots_follow_the_size(void **state)
{
	struct page *page = alloc(13 * GIB);
	char *p = start(page);

	(void)state;
	assert_int_equal(slot_of(p + 3 * ZONE_SIZE), SLOT_HUGE_TAIL);
	page = huge_resize(page, 5 * GIB);
	assert_ptr_equal(start(page), p);
	assert_int_equal(slot_of(p + ZONE_SIZE), SLOT_HUGE_TAIL);
	assert_int_equal(slot_of(p + 2 * ZONE_SIZE), SLOT_NONE);
	assert_int_equal(slot_of(p + 3 * ZONE_SIZE), SLOT_NONE);
	assert_true(unit_faults(p + 6 * GIB));
}

static void test_small_growth_stays_in_place(void **state)
{
	struct page *page = alloc(3 * GIB);
	char *p = start(page);

	(void)state;
	/* Nothing else is in its slot. */
	for (size_t size = 3 * GIB; size < 3 * GIB + 20 * PAGE_SIZE;
	     size += PAGE_SIZE / 2) {
		page = huge_resize(page, size);
		assert_non_null(page);
		assert_ptr_equal(start(page), p);
		p[size - 1] = 1;
	}
}

/* ---- refusals ---------------------------------------------------------- */

static void test_alloc_is_refused(void **state)
{
	size_t before;

	(void)state;
	(void)fork_epoch();
	before = unit_address_space();
	for (int kind = INJECT_MAP; kind <= INJECT_COMMIT; kind++) {
		for (unsigned long n = 1; n <= 3; n++) {
			struct page *page;

			inject_arm((enum inject_kind)kind, n, true);
			page = huge_alloc(SIZE, 0);
			inject_disarm();
			if (kind == INJECT_COMMIT || n == 1)
				assert_null(page);
			if (page)
				huge_free(page);
			assert_int_equal(unit_address_space(), before);
			assert_int_equal(huge_stat().nr, 0);
		}
	}
}

static void test_resize_is_refused(void **state)
{
	struct page *page = alloc(3 * GIB);
	char *p = start(page);

	(void)state;
	p[0] = 42;
	p[3 * GIB - 1] = 43;
	for (int kind = INJECT_MAP; kind < NR_INJECT_KINDS; kind++) {
		size_t before = unit_address_space();

		if (kind == INJECT_PURGE || kind == INJECT_PROTECT)
			continue;
		inject_arm((enum inject_kind)kind, 1, true);
		assert_null(huge_resize(page, 9 * GIB));
		inject_disarm();
		assert_int_equal(unit_address_space(), before);
		assert_ptr_equal(page_of(p), page);
		assert_true(huge_usable(page) >= 3 * GIB);
		assert_true(huge_usable(page) < 3 * GIB + PAGE_SIZE);
		assert_int_equal(p[0], 42);
		assert_int_equal(p[3 * GIB - 1], 43);
	}
	page = huge_resize(page, 9 * GIB);
	assert_non_null(page);
	assert_int_equal(start(page)[3 * GIB - 1], 43);
	huge_free(page);
	assert_int_equal(huge_stat().nr, 0);
}

UNIT_MAIN(TEST(test_all_of_it_is_there), TEST(test_gate), TEST(test_alignment),
	  TEST(test_too_much), TEST(test_statistics),
	  TEST(test_addresses_are_given_back), TEST(test_resize_keeps_contents),
	  TEST(test_slots_follow_the_size),
	  TEST(test_small_growth_stays_in_place), TEST(test_alloc_is_refused),
	  TEST(test_resize_is_refused))
