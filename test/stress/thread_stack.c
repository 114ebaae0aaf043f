/*
 * Every entry point on stacks of PTHREAD_STACK_MIN. The stack is painted
 * first, so that the test can tell how deep the calls went.
 */
#include "stress.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAINT 0xa7
#define SPARE 2048 /* must stay untouched at the far end */

static void *call_all(void *arg)
{
	static const size_t sizes[] = {8,	  100,	   3000,   30 * KIB,
				       300 * KIB, 3 * MIB, 3 * GIB};
	void *p, *q;

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = malloc(sizes[i]);
		q = calloc(1, sizes[i] / 4 + 1);
		if (sizes[i] < GIB) {
			p = realloc(p, sizes[i] + sizes[i] / 2);
			MUST(p && q);
			MUST(malloc_usable_size(p) >= sizes[i]);
		}
		free(q);
		if (posix_memalign(&q, 256, sizes[i]) == 0)
			free(q);
		free(p);
	}
	malloc_trim(0);
	stress_verify();
	return NULL;
}

static size_t untouched(const unsigned char *stack, size_t size)
{
	size_t n = 0;

	while (n < size && stack[n] == PAINT)
		n++;
	return n;
}

int main(int argc, char **argv)
{
	size_t size = (size_t)sysconf(_SC_THREAD_STACK_MIN), left = 0;
	pthread_attr_t attr;
	unsigned char *stack;
	pthread_t thread;

	stress_start(argc, argv, 120, 120);
	stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(stack != MAP_FAILED);
	for (unsigned long n = 0; n < stress_count(20, 1000); n++) {
		memset(stack, PAINT, size);
		pthread_attr_init(&attr);
		MUST(pthread_attr_setstack(&attr, stack, size) == 0);
		MUST(pthread_create(&thread, &attr, call_all, NULL) == 0);
		pthread_join(thread, NULL);
		left = untouched(stack, size);
		if (left < SPARE)
			stress_fail("only %zu of %zu bytes of stack left", left,
				    size);
	}
	printf("%zu of %zu bytes of stack untouched\n", left, size);
	return stress_end();
}
