/*
 * The process ends while others allocate: exit() with handlers that allocate,
 * quick_exit(), and a main thread that leaves by pthread_exit() first. Each
 * is tried in many children, whose exit status must be the one given.
 */
#include "stress.h"

#include <stdlib.h>
#include <unistd.h>

#define THREADS 4
#define STATUS 3

static struct pool pool;
static uint64_t part;

static void *work(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg + part)};

	for (;;)
		pool_step(&pool, &r, 300 * KIB);
	return NULL;
}

static void at_the_end(void)
{
	struct prng r = {stress_seed(77)};

	for (int i = 0; i < 20; i++)
		pool_step(&pool, &r, 300 * KIB);
}

__attribute__((destructor)) static void in_destructor(void)
{
	at_the_end();
}

static void *end_process(void *arg)
{
	(void)arg;
	usleep(300);
	exit(STATUS);
}

_Noreturn static void live(unsigned long n)
{
	struct prng r = {stress_seed(n)};

	part = n * 10;
	atexit(at_the_end);
	at_quick_exit(at_the_end);
	if (n % 3 == 2)
		stress_spawn(end_process, NULL, 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		stress_spawn(work, (void *)(i + 1), 0);
	usleep((useconds_t)prng_below(&r, 1000));
	switch (n % 3) {
	case 0:
		exit(STATUS);
	case 1:
		quick_exit(STATUS);
	}
	pthread_exit(NULL);
}

int main(int argc, char **argv)
{
	unsigned long rounds;

	stress_start(argc, argv, 120, 600);
	rounds = stress_count(200, 10000);
	stress_at("processes that end");
	for (unsigned long n = 0; n < rounds; n++) {
		pid_t pid = stress_fork(fork);

		if (pid == 0)
			live(n);
		stress_reap(pid, STATUS);
	}
	return stress_end();
}
