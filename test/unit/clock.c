/* os/clock: milliseconds without a system call. */
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#include "os/vdso.h"

#define TICK_MS 10u /* a kernel's longest, at 100 Hz */

static uint64_t kernel_milliseconds(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void test_goes_forward(void **state)
{
	uint64_t start = os_milliseconds();
	struct timespec t = {.tv_nsec = 30 * 1000 * 1000};
	uint64_t passed;

	(void)state;
	nanosleep(&t, NULL);
	passed = os_milliseconds() - start;
	assert_true(passed >= 30 - TICK_MS && passed < 20000);
}

/* It may be a tick behind, and never ahead. */
static void test_agrees_with_the_kernel(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t before = kernel_milliseconds();
		uint64_t now = os_milliseconds();
		uint64_t after = kernel_milliseconds();

		assert_in_range(now, before - TICK_MS, after);
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
	start = kernel_milliseconds();
	for (unsigned int i = 0; i < calls; i++)
		(void)os_milliseconds();
	fast = kernel_milliseconds() - start;
	start = kernel_milliseconds();
	for (unsigned int i = 0; i < calls; i++)
		(void)kernel_milliseconds();
	slow = kernel_milliseconds() - start;
	assert_true(fast < slow);
}

UNIT_MAIN(TEST(test_goes_forward), TEST(test_agrees_with_the_kernel),
	  TEST(test_costs_no_system_call))
