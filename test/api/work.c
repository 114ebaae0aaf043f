/*
 * An ordinary program: some of everything from the heap, in two threads, and
 * a digest of the contents on fd 1 that must not depend on any option.
 *
 * usage: work [secure | xml | stats]
 */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

enum { SLOTS = 400, STEPS = 20000 };

static uint64_t work(uint64_t state)
{
	unsigned char *slot[SLOTS] = {NULL};
	size_t size[SLOTS] = {0};
	uint64_t digest = 0;

	for (int i = 0; i < STEPS; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		size_t k = state >> 40 & 0xffff, n;
		k %= SLOTS;
		n = 1 + (state >> 33) % (state & 1023 ? 3000 : 700000);
		if (state >> 20 & 1) {
			slot[k] = realloc(slot[k], n);
			if (slot[k] && size[k])
				digest = digest * 31 + slot[k][0];
		} else {
			free(slot[k]);
			slot[k] = calloc(1, n);
			if (slot[k])
				digest = digest * 31 + slot[k][n / 2];
		}
		if (!slot[k])
			abort();
		size[k] = n;
		memset(slot[k], (int)(state >> 8 & 255), n);
	}
	for (int k = 0; k < SLOTS; k++) {
		if (slot[k])
			digest = digest * 31 + slot[k][size[k] - 1];
		free(slot[k]);
	}
	return digest;
}

static void *work_thread(void *digest)
{
	*(uint64_t *)digest = work(2);
	return NULL;
}

static int work_and_print(void)
{
	uint64_t here, there = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, work_thread, &there))
		return 1;
	here = work(1);
	pthread_join(thread, NULL);
	printf("%016llx %016llx\n", (unsigned long long)here,
	       (unsigned long long)there);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "secure"))
		printf("secure %lu\n", getauxval(AT_SECURE));
	if (work_and_print())
		return 1;
	if (!strcmp(what, "xml"))
		return malloc_info(0, stdout);
	if (!strcmp(what, "stats"))
		malloc_stats();
	return 0;
}
