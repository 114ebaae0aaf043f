/*
 * Allocation before main: in the preinit array, which runs before any
 * constructor of any library, in constructors, and after main in destructors
 * and atexit functions. And with an IFUNC of the program's own.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "family.h"

enum { PREINIT, EARLY, LATE, NR_PHASES, NR = 500 };

static unsigned char *taken[NR_PHASES][NR];

static size_t size_of(int i)
{
	return (size_t)i * i + 1 + (i % 50 ? 0 : 900000);
}

static void take(int phase)
{
	for (int i = 0; i < NR; i++) {
		unsigned char *ptr =
			i % 2 ? malloc(size_of(i)) : calloc(1, size_of(i));
		if (!ptr || (uintptr_t)ptr % 16)
			abort();
		memset(ptr, phase * 16 + i % 16, size_of(i));
		taken[phase][i] = ptr;
		free(malloc(size_of(i) / 2));
	}
}

static void check(int phase)
{
	for (int i = 0; i < NR; i++) {
		CHECK(taken[phase][i] != NULL);
		CHECK(family_owns(taken[phase][i]));
		for (size_t k = 0; k < size_of(i); k++)
			CHECK_EQ(taken[phase][i][k], phase * 16 + i % 16);
		taken[phase][i] = realloc(taken[phase][i], size_of(i) + 9);
		CHECK(taken[phase][i] != NULL);
		free(taken[phase][i]);
	}
}

static void in_preinit(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	take(PREINIT);
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const preinit)(int, char **,
						   char **) = in_preinit;

__attribute__((constructor(102))) static void early(void)
{
	take(EARLY);
}

__attribute__((constructor)) static void late(void)
{
	take(LATE);
}

static int chosen(int value)
{
	return value + 1;
}

__attribute__((used)) static int (*resolve(void))(int)
{
	return chosen;
}

int through_ifunc(int value) __attribute__((ifunc("resolve")));

static void blocks_of_the_preinit_array(void)
{
	check(PREINIT);
}

static void blocks_of_an_early_constructor(void)
{
	check(EARLY);
}

static void blocks_of_a_constructor(void)
{
	check(LATE);
}

static void an_ifunc_works(void)
{
	volatile int value = 41;

	CHECK_EQ(through_ifunc(value), 42);
}

static void *left_over[10];

/* Runs after libbuddy's own destructors may have run. */
__attribute__((destructor(101))) static void at_the_end(void)
{
	for (int i = 0; i < 10; i++)
		free(left_over[i]);
	for (size_t size = 1; size < 4 << 20; size *= 2) {
		char *ptr = malloc(size);
		if (!ptr)
			abort();
		memset(ptr, 1, size);
		free(ptr);
	}
}

static void at_exit(void)
{
	for (int i = 0; i < 10; i++) {
		left_over[i] = malloc((size_t)1 << 2 * i);
		if (!left_over[i])
			abort();
	}
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(blocks_of_the_preinit_array),
		CHECK_TEST(blocks_of_an_early_constructor),
		CHECK_TEST(blocks_of_a_constructor),
		CHECK_TEST(an_ifunc_works),
	};

	if (atexit(at_exit))
		return 1;
	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
