/* os/inject: the nth call fails, and what refuses then changes nothing. */
#include <string.h>

#include "unit.h"

#define LEN ((size_t)1 << 16)

static void test_nth_only(void **state)
{
	(void)state;
	for (int k = 0; k < NR_INJECT_KINDS; k++) {
		inject_arm((enum inject_kind)k, 3, false);
		for (int i = 1; i <= 6; i++)
			assert_int_equal(inject_fails((enum inject_kind)k),
					 i == 3);
		assert_int_equal(inject_count((enum inject_kind)k), 6);
		inject_disarm();
		assert_int_equal(inject_count((enum inject_kind)k), 0);
	}
}

static void test_nth_and_all_later(void **state)
{
	(void)state;
	inject_arm(INJECT_COMMIT, 2, true);
	for (int i = 1; i <= 6; i++)
		assert_int_equal(inject_fails(INJECT_COMMIT), i >= 2);
	inject_disarm();
	assert_false(inject_fails(INJECT_COMMIT));
}

static void test_n_counts_from_arming(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_false(inject_fails(INJECT_MAP));
	inject_arm(INJECT_MAP, 1, false);
	assert_true(inject_fails(INJECT_MAP));
	assert_false(inject_fails(INJECT_MAP));
	inject_disarm();
}

static void test_kinds_are_apart(void **state)
{
	(void)state;
	inject_arm(INJECT_PURGE, 1, true);
	assert_false(inject_fails(INJECT_MAP));
	assert_false(inject_fails(INJECT_COMMIT));
	assert_false(inject_fails(INJECT_MOVE));
	assert_true(inject_fails(INJECT_PURGE));
	inject_disarm();
}

static void test_each_call_refuses(void **state)
{
	unsigned char *p = os_reserve(2 * LEN);
	unsigned char *q = os_reserve(2 * LEN);

	(void)state;
	assert_int_equal(os_commit(p, 2 * LEN), 0);
	assert_int_equal(os_commit(q, LEN), 0);
	inject_disarm();
	memset(p, 1, 2 * LEN);
	for (int k = 0; k < NR_INJECT_KINDS; k++)
		inject_arm((enum inject_kind)k, 1, true);
	assert_null(os_reserve(LEN));
	assert_int_not_equal(os_commit(q + LEN, LEN), 0);
	assert_int_not_equal(os_decommit(p, LEN), 0);
	assert_int_not_equal(os_purge(p, LEN), 0);
	assert_int_not_equal(os_move(q, p, LEN), 0);
	assert_int_not_equal(os_resize(q, LEN, 2 * LEN), 0);
	assert_int_not_equal(os_relocate(q, p, LEN, LEN), 0);
	for (size_t i = 0; i < 2 * LEN; i++)
		assert_int_equal(p[i], 1);
	assert_int_equal(q[0], 0);
	assert_true(unit_faults(q + LEN));
	assert_int_equal(inject_count(INJECT_MAP), 1);
	assert_int_equal(inject_count(INJECT_COMMIT), 1);
	assert_int_equal(inject_count(INJECT_PURGE), 2);
	assert_int_equal(inject_count(INJECT_MOVE), 3);
	inject_disarm();
	assert_int_equal(os_purge(p, LEN), 0);
	assert_int_equal(p[0], 0);
}

UNIT_MAIN(TEST(test_nth_only), TEST(test_nth_and_all_later),
	  TEST(test_n_counts_from_arming), TEST(test_kinds_are_apart),
	  TEST(test_each_call_refuses))
