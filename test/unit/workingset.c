/* mm/workingset: what is learnt from a purge. */
#include "unit.h"

#define NOW 1000u
#define LEFT 500u
#define PURGED 100u

/* A purge of PURGED pages that left LEFT, `resident` at the next one. */
static bool purge(struct workingset *w, uint32_t resident, uint64_t later)
{
	workingset_purged(w, PURGED, LEFT, NOW);
	return workingset_refaulted(w, resident, NOW + later);
}

static void test_nothing_is_learnt_from_no_purge(void **state)
{
	struct workingset w = {0};

	(void)state;
	assert_false(workingset_refaulted(&w, UINT32_MAX, NOW));
	assert_int_equal(w.patience, 0);
}

static void test_patience_grows_to_its_limit(void **state)
{
	struct workingset w = {0};

	(void)state;
	for (uint32_t i = 1; i < 2 * MAX_PATIENCE; i++) {
		assert_true(purge(&w, LEFT + PURGED, 1));
		assert_int_equal(w.patience,
				 i < MAX_PATIENCE ? i : MAX_PATIENCE);
	}
}

static void test_half_of_it_is_enough(void **state)
{
	struct workingset w = {0};

	(void)state;
	assert_false(purge(&w, LEFT + PURGED / 2 - 1, 1));
	assert_true(purge(&w, LEFT + PURGED / 2, 1));
}

static void test_a_purge_is_looked_at_once(void **state)
{
	struct workingset w = {0};

	(void)state;
	assert_true(purge(&w, LEFT + PURGED, 1));
	assert_false(workingset_refaulted(&w, LEFT + PURGED, NOW + 2));
	assert_int_equal(w.patience, 1);
}

static void test_who_misses_nothing_loses_patience(void **state)
{
	struct workingset w = {0};

	(void)state;
	assert_true(purge(&w, LEFT + PURGED, 1));
	assert_true(purge(&w, LEFT + PURGED, 1));
	assert_false(purge(&w, LEFT, 1));
	assert_int_equal(w.patience, 0);
}

static void test_what_comes_back_late_was_not_missed(void **state)
{
	struct workingset w = {0};

	(void)state;
	assert_true(purge(&w, LEFT + PURGED, 4000));
	assert_false(purge(&w, LEFT + PURGED, 60 * 1000));
	assert_int_equal(w.patience, 0);
}

UNIT_MAIN(TEST(test_nothing_is_learnt_from_no_purge),
	  TEST(test_patience_grows_to_its_limit),
	  TEST(test_half_of_it_is_enough), TEST(test_a_purge_is_looked_at_once),
	  TEST(test_who_misses_nothing_loses_patience),
	  TEST(test_what_comes_back_late_was_not_missed))
