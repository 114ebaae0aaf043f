/*
 * A library for an LD_PRELOAD chain, of the kind that counts: it wraps malloc
 * and free, finds the next ones with dlsym at their first use, and allocates
 * in its constructor. With API_CHAIN_REPORT set it says at exit how many
 * calls came through.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *(*next_malloc)(size_t);
static void (*next_free)(void *);
static atomic_ulong mallocs, frees;

/* Before main, a library's constructor, and from here on. */
static void *kept;

void *malloc(size_t size)
{
	if (!next_malloc)
		*(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
	atomic_fetch_add(&mallocs, 1);
	return next_malloc(size);
}

void free(void *ptr)
{
	if (!next_free)
		*(void **)&next_free = dlsym(RTLD_NEXT, "free");
	atomic_fetch_add(&frees, 1);
	next_free(ptr);
}

__attribute__((constructor)) static void start(void)
{
	free(malloc(100000));
	kept = calloc(3, 1000);
	kept = realloc(kept, 5000);
}

__attribute__((destructor)) static void end(void)
{
	free(kept);
	free(malloc(10));
	if (getenv("API_CHAIN_REPORT"))
		dprintf(STDERR_FILENO, "chain: %d %d\n",
			atomic_load(&mallocs) > 2, atomic_load(&frees) > 2);
}
