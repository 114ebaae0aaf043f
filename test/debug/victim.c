/*
 * A program to be looked at: a few blocks in known states, whose addresses it
 * prints; then its end.
 *
 *	usage: victim abort | fault | overrun | late | leak
 *
 *	abort    ends with SIGABRT, for a core file
 *	fault    reads a huge block after it was freed
 *	overrun  writes one byte behind a block
 *	late     writes to a block after it was freed
 *	leak     loses a block
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE_SIZE ((size_t)5 << 20)
#define HUGE_SIZE ((size_t)3 << 30)

/* Found by their names in a debugger. */
char *volatile used, *volatile freed, *volatile large;

static int end(const char *how)
{
	char *volatile p;

	if (!strcmp(how, "abort"))
		abort();
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
