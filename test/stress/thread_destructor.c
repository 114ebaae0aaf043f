/*
 * Threads whose last breath allocates: destructors of pthread keys, in as
 * many rounds as there are, and of C++ thread-locals, all run after (and
 * before) the allocator's own. What they allocate must work, and must not
 * pile up over many threads.
 */
#include "stress.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>

#define KEYS 6
/* Caches and partly used slabs come and go by some MiB; a leak grows. */
#define SLACK (8 * MIB)

extern void *__dso_handle;

static struct pool pool;
static pthread_key_t key[KEYS];
static _Atomic uint64_t dice;
static _Atomic unsigned long rounds;
static int (*at_thread_exit)(void (*)(void *), void *, void *);

/* A thread-local that survives its own destructor's rounds. */
static _Thread_local unsigned int my_rounds;

static void step(void)
{
	struct prng r = {atomic_fetch_add(&dice, 0x9e3779b97f4a7c15u)};

	for (int i = 0; i < 8; i++)
		pool_step(&pool, &r, 64 * KIB);
}

static void on_key(void *arg)
{
	struct prng r = {atomic_fetch_add(&dice, 0x9e3779b97f4a7c15u)};
	pthread_key_t *self = arg;

	step();
	atomic_fetch_add(&rounds, 1);
	block_free(block_new(&r, 100));
	/* glibc gives up after a fixed number of rounds */
	if (my_rounds++ < KEYS * PTHREAD_DESTRUCTOR_ITERATIONS)
		pthread_setspecific(*self, self);
}

static void on_object(void *arg)
{
	step();
	block_free((uintptr_t)arg);
	atomic_fetch_add(&rounds, 1);
}

static void *live(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	/* some threads first allocate in a destructor */
	if ((uintptr_t)arg % 3 && at_thread_exit)
		at_thread_exit(on_object, (void *)block_new(&r, 200),
			       &__dso_handle);
	for (int i = 0; i < KEYS; i++)
		pthread_setspecific(key[i], &key[i]);
	if ((uintptr_t)arg % 3 == 1)
		step();
	return NULL;
}

static void run(unsigned long threads)
{
	pthread_t pair[2];

	for (unsigned long n = 0; n < threads; n += 2) {
		pair[0] = stress_spawn(live, (void *)n, 64 * KIB);
		pair[1] = stress_spawn(live, (void *)(n + 1), 64 * KIB);
		pthread_join(pair[0], NULL);
		pthread_join(pair[1], NULL);
	}
}

int main(int argc, char **argv)
{
	unsigned long threads;
	size_t before, after;

	stress_start(argc, argv, 120, 600);
	atomic_store(&dice, stress_seed(1));
	*(void **)&at_thread_exit =
		dlsym(RTLD_DEFAULT, "__cxa_thread_atexit_impl");
	for (int i = 0; i < KEYS; i++)
		MUST(pthread_key_create(&key[i], on_key) == 0);
	threads = stress_count(8000, 100000);
	stress_at("destructors that allocate");
	run(threads / 4);
	pool_drain(&pool);
	before = stress_rss();
	run(threads);
	pool_drain(&pool);
	after = stress_rss();
	printf("%lu destructors; resident: %zu KiB, then %zu KiB\n",
	       atomic_load(&rounds), before / KIB, after / KIB);
	MUST(atomic_load(&rounds) >= threads * KEYS);
	if (after > before + SLACK)
		stress_fail("%zu KiB more resident", (after - before) / KIB);
	return stress_end();
}
