/* os/vm: address space, as the kernel gives it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define LEN ((size_t)1 << 20)

static unsigned char *reserve(size_t len)
{
	unsigned char *p = os_reserve(len);

	assert_non_null(p);
	return p;
}

static unsigned char *commit(size_t len)
{
	unsigned char *p = reserve(len);

	assert_int_equal(os_commit(p, len), 0);
	return p;
}

static void assert_filled(const unsigned char *p, int c, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != c)
			fail_msg("byte %zu is %d, not %d", i, p[i], c);
}

static void test_page_size(void **state)
{
	(void)state;
	assert_int_equal(os_page_size(), (size_t)sysconf(_SC_PAGESIZE));
	assert_int_equal(os_page_size(), (size_t)sysconf(_SC_PAGESIZE));
}

static void test_reserved_memory_faults(void **state)
{
	unsigned char *p = reserve(LEN);

	(void)state;
	assert_true(unit_faults(p));
	assert_true(unit_faults(p + LEN - 1));
	assert_int_equal(os_commit(p, LEN / 2), 0);
	assert_false(unit_faults(p + LEN / 2 - 1));
	assert_true(unit_faults(p + LEN / 2));
	assert_filled(p, 0, LEN / 2);
	memset(p, 7, LEN / 2);
	os_release(p, LEN);
	assert_true(unit_faults(p));
}

static void test_hint_is_kept_or_refused(void **state)
{
	unsigned char *p = reserve(LEN);

	(void)state;
	assert_int_equal(os_reserve_at(p, LEN), -EEXIST);
	assert_int_equal(os_reserve_at(p + LEN / 2, LEN), -EEXIST);
	os_release(p, LEN);
	assert_int_equal(os_reserve_at(p, LEN), 0);
	os_release(p, LEN);
}

static void test_too_much_is_refused(void **state)
{
	(void)state;
	errno = 77;
	assert_null(os_reserve((size_t)1 << 60));
	assert_int_not_equal(os_commit((void *)(uintptr_t)os_page_size(), LEN),
			     0);
	assert_int_equal(errno, 77);
}

static void test_decommit_drops_and_closes(void **state)
{
	unsigned char *p = commit(LEN);

	(void)state;
	memset(p, 5, LEN);
	assert_int_equal(os_decommit(p, LEN), 0);
	assert_true(unit_faults(p));
	assert_int_equal(os_commit(p, LEN), 0);
	assert_filled(p, 0, LEN);
}

static void test_protect_keeps_contents(void **state)
{
	unsigned char *p = commit(LEN);

	(void)state;
	memset(p, 9, LEN);
	assert_int_equal(os_protect(p, LEN, false), 0);
	assert_true(unit_faults(p));
	assert_int_equal(os_protect(p, LEN, true), 0);
	assert_filled(p, 9, LEN);
}

static void test_purge_gives_memory_back(void **state)
{
	unsigned char *p = commit(LEN);

	(void)state;
	memset(p, 1, LEN);
	assert_int_equal(unit_resident(p, LEN), LEN);
	assert_int_equal(os_purge(p, LEN), 0);
	assert_int_equal(unit_resident(p, LEN), 0);
	assert_filled(p, 0, LEN);
}

static void test_fresh_is_zero(void **state)
{
	unsigned char *p = commit(LEN);

	(void)state;
	memset(p, 1, LEN);
	assert_int_equal(os_fresh(p + LEN / 4, LEN / 2), 0);
	assert_filled(p, 1, LEN / 4);
	assert_filled(p + LEN / 4, 0, LEN / 2);
	assert_filled(p + LEN / 4 * 3, 1, LEN / 4);
}

static void test_move(void **state)
{
	unsigned char *from = commit(LEN), *to = commit(LEN);

	(void)state;
	if (!os_advice_is_followed())
		skip(); /* an emulator */
	memset(from, 3, LEN);
	memset(to, 4, LEN);
	assert_int_equal(os_move(to, from, LEN / 2), 0);
	assert_filled(to, 3, LEN / 2);
	assert_filled(to + LEN / 2, 4, LEN / 2);
	/* What was moved from can be used again, and is zero. */
	assert_filled(from, 0, LEN / 2);
	assert_filled(from + LEN / 2, 3, LEN / 2);
	memset(from, 8, LEN);
	assert_filled(to, 3, LEN / 2);
}

static void test_resize_in_place(void **state)
{
	unsigned char *p = commit(2 * LEN);

	(void)state;
	memset(p, 6, LEN);
	assert_int_equal(os_resize(p, 2 * LEN, LEN), 0);
	assert_true(unit_faults(p + LEN));
	assert_int_equal(os_resize(p, LEN, 2 * LEN), 0);
	assert_filled(p, 6, LEN);
	assert_filled(p + LEN, 0, LEN);
	/* Something is in the way. */
	assert_int_equal(os_resize(p, 2 * LEN, LEN), 0);
	assert_int_equal(os_reserve_at(p + LEN, LEN), 0);
	assert_int_not_equal(os_resize(p, LEN, 2 * LEN), 0);
	assert_filled(p, 6, LEN);
}

static void test_relocate(void **state)
{
	unsigned char *from = commit(LEN), *to = reserve(2 * LEN);

	(void)state;
	memset(from, 2, LEN);
	assert_int_equal(os_relocate(to, from, LEN, 2 * LEN), 0);
	assert_filled(to, 2, LEN);
	assert_filled(to + LEN, 0, LEN);
	assert_true(unit_faults(from));
}

static void test_advice_changes_nothing(void **state)
{
	unsigned char *p = commit(LEN);

	(void)state;
	memset(p, 2, LEN / 2);
	os_small_pages(p, LEN);
	os_populate(p, LEN);
	os_populate_huge(p, LEN);
	assert_filled(p, 2, LEN / 2);
	assert_filled(p + LEN / 2, 0, LEN / 2);
	errno = 5;
	os_populate((void *)(uintptr_t)os_page_size(), LEN);
	os_populate_huge((void *)(uintptr_t)os_page_size(), LEN);
	os_small_pages((void *)(uintptr_t)os_page_size(), LEN);
	assert_int_equal(errno, 5);
}

UNIT_MAIN(TEST(test_page_size), TEST(test_reserved_memory_faults),
	  TEST(test_hint_is_kept_or_refused), TEST(test_too_much_is_refused),
	  TEST(test_decommit_drops_and_closes),
	  TEST(test_protect_keeps_contents), TEST(test_purge_gives_memory_back),
	  TEST(test_fresh_is_zero), TEST(test_move), TEST(test_resize_in_place),
	  TEST(test_relocate), TEST(test_advice_changes_nothing))
