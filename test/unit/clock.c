/* os/clock: milliseconds without a system call, and a thread's own time. */
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#include "os/vdso.h"

static uint64_t kernel_milliseconds(clockid_t id)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, id, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* How late the kernel's ticks are is the machine's affair. */
static void test_goes_forward(void **state)
{
	uint64_t start = os_milliseconds(), last = start;
	struct timespec ms = {.tv_nsec = 1000 * 1000};

	(void)state;
	for (unsigned int i = 0; i < 20000 && last < start + 20; i++) {
		uint64_t now;

		nanosleep(&ms, NULL);
		now = os_milliseconds();
		assert_true(now >= last);
		last = now;
	}
	assert_in_range(last, start + 20, start + 20000);
}

static void test_agrees_with_the_kernel(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t before = kernel_milliseconds(CLOCK_MONOTONIC_COARSE);
		uint64_t now = os_milliseconds();
		uint64_t after = kernel_milliseconds(CLOCK_MONOTONIC_COARSE);

		assert_in_range(now, before, after);
	}
}

/* With a system call it takes hundreds of ns even where these are cheap. */
static void test_costs_no_system_call(void **state)
{
	const unsigned int calls = 1000000;
	uint64_t start, fast, slow;

	(void)state;
	if (!vdso_image())
		skip();
	start = kernel_milliseconds(CLOCK_MONOTONIC);
	for (unsigned int i = 0; i < calls; i++)
		(void)os_milliseconds();
	fast = kernel_milliseconds(CLOCK_MONOTONIC) - start;
	start = kernel_milliseconds(CLOCK_MONOTONIC);
	for (unsigned int i = 0; i < calls; i++)
		(void)kernel_milliseconds(CLOCK_MONOTONIC);
	slow = kernel_milliseconds(CLOCK_MONOTONIC) - start;
	assert_true(fast < slow);
}

/* The time of others, and that of sleep, is not this thread's. */
static void test_thread_time(void **state)
{
	struct timespec ms = {.tv_nsec = 50 * 1000 * 1000};
	uint64_t start = os_thread_ns(), wall, now;

	(void)state;
	if (!start)
		skip();
	wall = kernel_milliseconds(CLOCK_MONOTONIC);
	while (os_thread_ns() < start + 5 * 1000 * 1000)
		;
	now = os_thread_ns();
	assert_true(kernel_milliseconds(CLOCK_MONOTONIC) >= wall + 4);
	nanosleep(&ms, NULL);
	assert_in_range(os_thread_ns() - now, 1, 49 * 1000 * 1000);
}

UNIT_MAIN(TEST(test_goes_forward), TEST(test_agrees_with_the_kernel),
	  TEST(test_costs_no_system_call), TEST(test_thread_time))
