/* os/lock: exclusion, masking, sleeping, ranks; and forks that break it. */
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

static struct lock lock = LOCK_INIT(RANK_ZONE);

/* The thread that holds the lock until told to stop. */
static struct holder {
	pthread_t thread;
	bool holds, stop;
} holder;

static void nap(long ms)
{
	struct timespec t = {.tv_nsec = ms * 1000000};

	nanosleep(&t, NULL);
}

static void wait_for(const bool *flag)
{
	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
		nap(1);
}

static void set(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

static void *hold(void *arg)
{
	uint64_t flags;

	(void)arg;
	if (lock_irqsave(&lock, &flags))
		return &lock;
	set(&holder.holds);
	wait_for(&holder.stop);
	unlock_irqrestore(&lock, flags);
	return NULL;
}

static void start_holder(void)
{
	assert_int_equal(pthread_create(&holder.thread, NULL, hold, NULL), 0);
	wait_for(&holder.holds);
}

/* Those who wait for the lock may have it at once. */
static void end_holder(void)
{
	void *broken;

	set(&holder.stop);
	pthread_join(holder.thread, &broken);
	assert_null(broken);
}

static void stop_holder(void)
{
	end_holder();
	assert_false(lock_is_held(&lock));
}

static void test_lock_and_unlock(void **state)
{
	uint64_t flags;

	(void)state;
	assert_false(lock_is_held(&lock));
	for (int i = 0; i < 3; i++) {
		assert_false(lock_irqsave(&lock, &flags));
		assert_true(lock_is_held(&lock));
		unlock_irqrestore(&lock, flags);
		assert_false(lock_is_held(&lock));
	}
	assert_int_equal(lock.contended, 0);
}

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void test_signals_wait_for_the_unlock(void **state)
{
	uint64_t flags;

	(void)state;
	signal(SIGUSR1, on_signal);
	assert_false(lock_irqsave(&lock, &flags));
	raise(SIGUSR1);
	assert_int_equal(signals, 0);
	unlock_irqrestore(&lock, flags);
	assert_int_equal(signals, 1);
}

enum { ADDERS = 4, ADDITIONS = 20000 };

static long sum;

static void *add(void *arg)
{
	uint64_t flags;

	for (int i = 0; i < ADDITIONS; i++) {
		long old;

		if (lock_irqsave(&lock, &flags))
			return &lock;
		old = READ_ONCE(sum);
		if (!(i % 100))
			sched_yield();
		WRITE_ONCE(sum, old + 1);
		unlock_irqrestore(&lock, flags);
	}
	return arg;
}

static void test_one_at_a_time(void **state)
{
	pthread_t threads[ADDERS];
	void *broken;

	(void)state;
	for (int i = 0; i < ADDERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add, NULL),
				 0);
	for (int i = 0; i < ADDERS; i++) {
		pthread_join(threads[i], &broken);
		assert_null(broken);
	}
	assert_int_equal(sum, ADDERS * ADDITIONS);
	assert_false(lock_is_held(&lock));
	assert_true(lock.contended > 0);
}

static void *wait_and_measure(void *arg)
{
	struct timespec *cpu = arg;
	uint64_t flags;

	if (lock_irqsave(&lock, &flags))
		return &lock;
	unlock_irqrestore(&lock, flags);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, cpu);
	return NULL;
}

static void test_waiting_costs_no_time(void **state)
{
	struct timespec cpu = {.tv_sec = 9};
	pthread_t waiter;
	void *broken;

	(void)state;
	start_holder();
	pthread_create(&waiter, NULL, wait_and_measure, &cpu);
	nap(300);
	end_holder();
	pthread_join(waiter, &broken);
	assert_null(broken);
	/* It spun for a moment and then slept for about 300 ms. */
	assert_int_equal(cpu.tv_sec, 0);
	assert_true(cpu.tv_nsec < 100 * 1000 * 1000);
}

/* ---- forks ------------------------------------------------------------- */

static int finds_it_broken_once(void *arg)
{
	uint64_t flags;

	(void)arg;
	CHILD_CHECK(lock_irqsave(&lock, &flags));
	unlock_irqrestore(&lock, flags);
	CHILD_CHECK(!lock_irqsave(&lock, &flags));
	unlock_irqrestore(&lock, flags);
	return 0;
}

static void test_child_takes_a_broken_lock_over(void **state)
{
	(void)state;
	start_holder();
	unit_child_passes(finds_it_broken_once, NULL);
	/* In the parent the holder holds it as before. */
	assert_true(lock_is_held(&lock));
	stop_holder();
}

static int grandchild_too(void *arg)
{
	struct unit_child c = unit_child(finds_it_broken_once, arg);

	CHILD_CHECK(!c.status);
	/* It is still the first generation's here. */
	return finds_it_broken_once(arg);
}

static void test_grandchild_takes_it_over(void **state)
{
	(void)state;
	start_holder();
	unit_child_passes(grandchild_too, NULL);
	stop_holder();
}

static void test_child_takes_it_with_waiters(void **state)
{
	struct timespec cpu[2];
	pthread_t waiters[2];

	(void)state;
	start_holder();
	for (int i = 0; i < 2; i++)
		pthread_create(&waiters[i], NULL, wait_and_measure, &cpu[i]);
	nap(50);
	unit_child_passes(finds_it_broken_once, NULL);
	end_holder();
	for (int i = 0; i < 2; i++)
		pthread_join(waiters[i], NULL);
	assert_false(lock_is_held(&lock));
}

static int times_broken;

static void *count_broken(void *arg)
{
	uint64_t flags;

	for (int i = 0; i < 100; i++) {
		if (lock_irqsave(&lock, &flags))
			times_broken++;
		unlock_irqrestore(&lock, flags);
	}
	return arg;
}

static int one_thread_is_told(void *arg)
{
	pthread_t threads[ADDERS];

	(void)arg;
	for (int i = 0; i < ADDERS; i++)
		CHILD_CHECK(
			!pthread_create(&threads[i], NULL, count_broken, NULL));
	for (int i = 0; i < ADDERS; i++)
		pthread_join(threads[i], NULL);
	CHILD_CHECK(times_broken == 1);
	return 0;
}

static void test_one_thread_of_the_child_repairs(void **state)
{
	(void)state;
	start_holder();
	for (int i = 0; i < 20; i++)
		unit_child_passes(one_thread_is_told, NULL);
	stop_holder();
}

static int finds_it_whole(void *arg)
{
	uint64_t flags;

	(void)arg;
	CHILD_CHECK(!lock_irqsave(&lock, &flags));
	unlock_irqrestore(&lock, flags);
	return 0;
}

static void test_a_free_lock_is_not_broken(void **state)
{
	uint64_t flags;

	(void)state;
	assert_false(lock_irqsave(&lock, &flags));
	unlock_irqrestore(&lock, flags);
	unit_child_passes(finds_it_whole, NULL);
}

/* ---- ranks ------------------------------------------------------------- */

static int take_in_order(void *arg)
{
	struct lock low = LOCK_INIT(RANK_ZONES), high = LOCK_INIT(RANK_ZONE);
	uint64_t flags, inner;
	bool reverse = *(bool *)arg;

	CHILD_CHECK(!lock_irqsave(reverse ? &high : &low, &flags));
	CHILD_CHECK(!lock_irqsave(reverse ? &low : &high, &inner));
	unlock_irqrestore(reverse ? &low : &high, inner);
	unlock_irqrestore(reverse ? &high : &low, flags);
	return 0;
}

static void test_debug_builds_see_the_wrong_order(void **state)
{
	bool reverse = false;
	struct unit_child c;

	(void)state;
	unit_child_passes(take_in_order, &reverse);
	reverse = true;
	c = unit_child(take_in_order, &reverse);
#ifdef BUDDY_DEBUG
	assert_int_not_equal(c.status, 0);
#else
	assert_int_equal(c.status, 0);
#endif
}

UNIT_MAIN(TEST(test_lock_and_unlock), TEST(test_signals_wait_for_the_unlock),
	  TEST(test_one_at_a_time), TEST(test_waiting_costs_no_time),
	  TEST(test_child_takes_a_broken_lock_over),
	  TEST(test_grandchild_takes_it_over),
	  TEST(test_child_takes_it_with_waiters),
	  TEST(test_one_thread_of_the_child_repairs),
	  TEST(test_a_free_lock_is_not_broken),
	  TEST(test_debug_builds_see_the_wrong_order))
