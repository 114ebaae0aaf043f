/*
 * Allocation before and after everything: in the program's preinit array, in
 * first constructors, in exit handlers, and in last destructors.
 */
#include "stress.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static uintptr_t in_preinit, in_constructor;
static struct prng dice = {42};
static struct pool pool;

static void step(void)
{
	for (int i = 0; i < 50; i++)
		pool_step(&pool, &dice, 2 * MIB);
}

static void first(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	step();
	in_preinit = block_new(&dice, 500 * KIB);
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const early)(int, char **, char **) = first;

__attribute__((constructor(101))) static void construct(void)
{
	step();
	block_check(in_preinit);
	MUST(dlsym(RTLD_DEFAULT, "printf"));
	MUST(!dlsym(RTLD_DEFAULT, "no_such_symbol"));
	MUST(dlerror());
	in_constructor = block_new(&dice, 1000);
}

/* The last of the program's; the libraries' follow. */
__attribute__((destructor(101))) static void destruct(void)
{
	step();
	pool_drain(&pool);
	stress_verify();
}

static void at_the_end(void)
{
	step();
}

int main(int argc, char **argv)
{
	stress_start(argc, argv, 60, 60);
	atexit(at_the_end);
	block_free(in_preinit);
	block_free(in_constructor);
	step();
	return stress_end();
}
