/*
 * A program to be looked at: a few blocks in known states, whose addresses it
 * prints; then its end.
 *
 *	usage: victim abort | fault | overrun | late | leak
 *
 *	abort    makes a cache of its own and ends with SIGABRT, for a core file
 *	fault    reads a huge block after it was freed
 *	overrun  writes one byte behind a block
 *	late     writes to a block after it was freed
 *	leak     loses a block
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE_SIZE ((size_t)5 << 20)
#define HUGE_SIZE ((size_t)3 << 30)

/* Found by their names in a debugger. */
char *volatile used, *volatile freed, *volatile large;

/* A cache with a name, and one object of it, if the library is there. */
static void make_cache(void)
{
	void *(*create)(const char *, size_t, size_t, unsigned, void *);
	void *(*alloc)(void *, unsigned);
	void *cache;

	*(void **)&create = dlsym(RTLD_DEFAULT, "buddy_cache_create");
	*(void **)&alloc = dlsym(RTLD_DEFAULT, "buddy_cache_alloc");
	if (!create || !alloc)
		return;
	cache = create("bystanders", 160, 16, 1, NULL); /* not to be merged */
	if (!cache || !alloc(cache, 0))
		abort();
}

static int end(const char *how)
{
	char *volatile p;

	if (!strcmp(how, "abort")) {
		make_cache();
		abort();
	}
	if (!strcmp(how, "fault")) {
		p = malloc(HUGE_SIZE);
		free(p);
		return *p;
	}
	if (!strcmp(how, "overrun"))
		used[100] = 1;
	else if (!strcmp(how, "late"))
		freed[3] = 1;
	else if (!strcmp(how, "leak"))
		used = NULL;
	else
		return 2;
	return 0;
}

int main(int argc, char **argv)
{
	int status;

	used = malloc(100);
	freed = malloc(100);
	large = malloc(LARGE_SIZE);
	memset(used, 1, 100);
	free(freed);
	printf("%p %p %p\n", (void *)used, (void *)freed, (void *)large);
	fflush(stdout);
	status = end(argc > 1 ? argv[1] : "");
	free(large);
	free(used);
	return status;
}
