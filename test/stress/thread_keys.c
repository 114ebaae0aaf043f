/*
 * The program takes every pthread key there is before any library's
 * constructor has run. Threads must work all the same, the memory of dead
 * ones must come back, and key 0..n must be the program's own.
 */
#include "stress.h"

#include <limits.h>
#include <stdio.h>

#define SLACK (6 * MIB)

static pthread_key_t keys[PTHREAD_KEYS_MAX];
static size_t nr_keys;

static void take_all(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	while (nr_keys < PTHREAD_KEYS_MAX &&
	       pthread_key_create(&keys[nr_keys], NULL) == 0)
		nr_keys++;
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const early)(int, char **,
						 char **) = take_all;

static void *live(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};
	uintptr_t block[40];
	size_t i;

	for (i = 0; i < nr_keys; i += 7)
		MUST(pthread_setspecific(keys[i], &keys[i]) == 0);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = block_new(&r, prng_size(&r, 64 * KIB));
	for (i = 0; i < nr_keys; i += 7)
		MUST(pthread_getspecific(keys[i]) == &keys[i]);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block_free(block[i]);
	return NULL;
}

static void churn(unsigned long threads)
{
	for (unsigned long n = 0; n < threads; n++)
		pthread_join(stress_spawn(live, (void *)n, 64 * KIB), NULL);
}

int main(int argc, char **argv)
{
	unsigned long threads;
	size_t before, after;
	pthread_key_t one_more;

	stress_start(argc, argv, 120, 600);
	MUST(pthread_key_create(&one_more, NULL) != 0);
	threads = stress_count(2000, 50000);
	stress_at("threads without keys");
	churn(threads / 4);
	before = stress_rss();
	churn(threads);
	after = stress_rss();
	printf("%zu keys taken; resident: %zu KiB, then %zu KiB\n", nr_keys,
	       before / KIB, after / KIB);
	if (after > before + SLACK)
		stress_fail("%zu KiB more resident", (after - before) / KIB);
	return stress_end();
}
