/*
 * Allocation in an IFUNC resolver of the program. It runs while the program is
 * being relocated: the libraries are bound by then, but the loader has not yet
 * copied the thread-locals' initial values, which all read as zeroes.
 */
#include "stress.h"

#include <stdlib.h>

#define SIZE 100

static unsigned char *in_resolver;

static int answer(void)
{
	return 42;
}

/* Calls malloc and free only: no other symbol is sure to be bound. */
__attribute__((used)) static int (*resolve(void))(void)
{
	in_resolver = malloc(SIZE);
	if (in_resolver)
		for (int i = 0; i < SIZE; i++)
			in_resolver[i] = (unsigned char)i;
	free(malloc(3000));
	return answer;
}

static int question(void) __attribute__((ifunc("resolve")));

int main(int argc, char **argv)
{
	stress_start(argc, argv, 120, 120);
	MUST(question() == 42);
	MUST(in_resolver);
	for (int i = 0; i < SIZE; i++)
		MUST(in_resolver[i] == i);
	free(in_resolver);
	return stress_end();
}
