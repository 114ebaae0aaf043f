/* os/sigmask: what is masked and what stays open. */
#include <pthread.h>
#include <signal.h>

#include "unit.h"

static const int synchronous[] = {SIGSEGV, SIGBUS,  SIGFPE,
				  SIGILL,  SIGTRAP, SIGSYS};

static bool is_synchronous(int sig)
{
	for (size_t i = 0; i < ARRAY_SIZE(synchronous); i++)
		if (synchronous[i] == sig)
			return true;
	return false;
}

static void test_masks_all_but_the_synchronous(void **state)
{
	sigset_t now;
	uint64_t old;

	(void)state;
	old = sigmask_save();
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	for (int sig = 1; sig < 65; sig++) {
		bool possible = sig != SIGKILL && sig != SIGSTOP;

		/* The C library keeps two of the realtime signals to itself. */
		if (sig >= 32 && sig < SIGRTMIN)
			continue;
		assert_int_equal(sigismember(&now, sig),
				 possible && !is_synchronous(sig));
	}
	sigmask_restore(old);
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	for (int sig = 1; sig < 32; sig++)
		assert_int_equal(sigismember(&now, sig), 0);
}

static void test_restores_what_was_masked(void **state)
{
	sigset_t before, after;
	uint64_t outer, inner;

	(void)state;
	sigemptyset(&before);
	sigaddset(&before, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	outer = sigmask_save();
	assert_true(outer & SIGNAL_BIT(SIGUSR2));
	inner = sigmask_save();
	assert_true(inner == (~SYNCHRONOUS_SIGNALS & ~SIGNAL_BIT(SIGKILL) &
			      ~SIGNAL_BIT(SIGSTOP)));
	sigmask_restore(inner);
	sigmask_restore(outer);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(sigismember(&after, SIGUSR2), 1);
	assert_int_equal(sigismember(&after, SIGUSR1), 0);
}

static void test_a_fault_is_seen_while_masked(void **state)
{
	void *p = os_reserve(os_page_size());
	uint64_t old;
	bool faulted;

	(void)state;
	assert_non_null(p);
	old = sigmask_save();
	faulted = unit_faults(p);
	sigmask_restore(old);
	assert_true(faulted);
}

UNIT_MAIN(TEST(test_masks_all_but_the_synchronous),
	  TEST(test_restores_what_was_masked),
	  TEST(test_a_fault_is_seen_while_masked))
