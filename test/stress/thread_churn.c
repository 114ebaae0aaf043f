/*
 * Short threads by the thousand, half of them on the smallest stack there
 * is: what a thread leaves behind must not add up.
 */
#include "stress.h"

#include <stdio.h>
#include <unistd.h>

#define AT_ONCE 4
#define SLACK (4 * MIB)

static void *live(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};
	uintptr_t block[12];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = block_new(&r, prng_size(&r, 64 * KIB));
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block_free(block[i]);
	return NULL;
}

static void churn(unsigned long threads)
{
	size_t stack[2] = {256 * KIB, (size_t)sysconf(_SC_THREAD_STACK_MIN)};
	pthread_t thread[AT_ONCE];

	for (unsigned long n = 0; n < threads; n += AT_ONCE) {
		for (size_t i = 0; i < AT_ONCE; i++)
			thread[i] = stress_spawn(live, (void *)(n + i),
						 stack[i % 2]);
		for (size_t i = 0; i < AT_ONCE; i++)
			pthread_join(thread[i], NULL);
	}
}

int main(int argc, char **argv)
{
	unsigned long threads;
	size_t before, after;

	stress_start(argc, argv, 120, 300);
	threads = stress_count(6000, 100000);
	stress_at("the first threads");
	churn(threads / 4);
	before = stress_rss();
	stress_at("more threads");
	churn(threads);
	after = stress_rss();
	printf("resident: %zu KiB, after %lu more threads %zu KiB\n",
	       before / KIB, threads, after / KIB);
	if (after > before + SLACK)
		stress_fail("%zu KiB more resident", (after - before) / KIB);
	return stress_end();
}
