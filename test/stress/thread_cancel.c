/*
 * pthread_cancel against allocating threads. No call of malloc's family is a
 * cancellation point, so a thread that is to die does so between calls, at a
 * point of its choice, and its cleanup handlers free what it has.
 */
#include "stress.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static struct pool pool;

struct state {
	struct prng r;
	_Atomic bool ready, cancelled, through;
	uintptr_t block;
};

static void clean_up(void *arg)
{
	struct state *s = arg;

	block_free(s->block);
	for (int i = 0; i < 10; i++)
		pool_step(&pool, &s->r, 300 * KIB);
}

/* Is cancelled at any time, dies at its own test of it. */
static void *loop(void *arg)
{
	struct state *s = arg;

	pthread_cleanup_push(clean_up, s);
	atomic_store(&s->ready, true);
	for (;;) {
		pool_step(&pool, &s->r, 2 * MIB);
		pthread_testcancel();
	}
	pthread_cleanup_pop(0);
	return NULL;
}

/* Has been cancelled already, and allocates long before it dies. */
static void *ignore(void *arg)
{
	static const size_t sizes[] = {24, 5000, 100 * KIB, 2 * MIB, 16 * MIB};
	struct state *s = arg;

	pthread_cleanup_push(clean_up, s);
	atomic_store(&s->ready, true);
	while (!atomic_load(&s->cancelled))
		sched_yield();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int k = 0; k < 4; k++)
			free(realloc(malloc(sizes[i]), sizes[i] * 2));
	for (int i = 0; i < 100; i++)
		pool_step(&pool, &s->r, 2 * MIB);
	atomic_store(&s->through, true);
	pthread_testcancel();
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancel(void *(*run)(void *), struct prng *r)
{
	struct state s = {.r = {prng_next(r)}};
	pthread_t thread;
	void *result;

	s.block = block_new(r, 500);
	thread = stress_spawn(run, &s, 0);
	while (!atomic_load(&s.ready))
		sched_yield();
	if (run == loop)
		usleep((useconds_t)prng_below(r, 300));
	MUST(pthread_cancel(thread) == 0);
	atomic_store(&s.cancelled, true);
	MUST(pthread_join(thread, &result) == 0);
	MUST(result == PTHREAD_CANCELED);
	if (run == ignore && !atomic_load(&s.through))
		stress_fail("malloc or free was a cancellation point");
}

int main(int argc, char **argv)
{
	unsigned long rounds;
	struct prng r;

	stress_start(argc, argv, 120, 300);
	r.state = stress_seed(0);
	rounds = stress_count(300, 20000);
	stress_at("threads that are cancelled");
	for (unsigned long n = 0; n < rounds; n++) {
		cancel(loop, &r);
		if (n % 10 == 0)
			cancel(ignore, &r);
	}
	pool_drain(&pool);
	return stress_end();
}
