/* os/bug: assertions fire in debug builds, and cost nothing in others. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "unit.h"

#ifdef BUDDY_DEBUG
#define IS_DEBUG true
#else
#define IS_DEBUG false
#endif

static int fails(void *arg)
{
	VM_BUG_ON(arg != NULL);
	return 0;
}

static void test_fires_in_debug_builds(void **state)
{
	static char there;

	(void)state;
	unit_child_passes(fails, NULL);
	if (IS_DEBUG)
		unit_child_aborts(fails, &there,
				  "libbuddy: BUG in fails (bug.c:");
	else
		unit_child_passes(fails, &there);
}

static void test_is_evaluated_in_debug_builds_only(void **state)
{
	unsigned int evaluated = 0;

	(void)state;
	VM_BUG_ON(evaluated++ > 0);
	assert_int_equal(evaluated, IS_DEBUG);
}

static int bug(void *arg)
{
	(void)arg;
	report_bug("a == b", "/some/where/file.c", 12, "function");
}

static void test_what_it_says(void **state)
{
	struct unit_child c = unit_child(bug, NULL);

	(void)state;
	assert_true(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGABRT);
	assert_string_equal(c.output,
			    "libbuddy: BUG in function (file.c:12): a == b\n");
}

/* ---- what the layers assert of locks ------------------------------------ */

static struct lock first = LOCK_INIT(RANK_ZONES);
static struct lock second = LOCK_INIT(RANK_ZONE);

static int locks_out_of_order(void *arg)
{
	uint64_t flags = sigmask_save();

	(void)arg;
	CHILD_CHECK(!lock_masked(&second));
	CHILD_CHECK(!lock_masked(&first));
	unlock_masked(&first);
	unlock_masked(&second);
	sigmask_restore(flags);
	return 0;
}

static int locks_with_signals_open(void *arg)
{
	(void)arg;
	CHILD_CHECK(!lock_masked(&first));
	unlock_masked(&first);
	return 0;
}

static int unlocks_what_it_does_not_hold(void *arg)
{
	(void)arg;
	unlock_masked(&first);
	return 0;
}

/* In a release build they pass: nothing looks. */
static void test_locks(void **state)
{
	static const struct {
		int (*fn)(void *arg);
		const char *says;
	} bugs[] = {
		{locks_out_of_order, "held_ranks >> l->rank"},
		{locks_with_signals_open, "!sigmask_is_set()"},
		{unlocks_what_it_does_not_hold, "!lock_is_mine(l)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (IS_DEBUG)
			unit_child_aborts(bugs[i].fn, NULL, bugs[i].says);
		else
			unit_child_passes(bugs[i].fn, NULL);
	}
}

static void test_mine_and_held(void **state)
{
	uint64_t flags;

	(void)state;
	assert_false(lock_is_mine(&first));
	assert_false(lock_irqsave(&first, &flags));
	assert_true(lock_is_mine(&first));
	unlock_irqrestore(&first, flags);
	assert_false(lock_is_mine(&first));
}

UNIT_MAIN(TEST(test_fires_in_debug_builds),
	  TEST(test_is_evaluated_in_debug_builds_only), TEST(test_what_it_says),
	  TEST(test_locks), TEST(test_mine_and_held))
