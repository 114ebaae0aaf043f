/*
 * Real-time threads on the processor of the lock's holder. Ordinary threads
 * allocate so that locks are taken all the time; a SCHED_FIFO thread on the
 * same processor preempts them and allocates, too. A lock that spins until
 * its preempted holder is done then hangs until the kernel throttles the
 * real-time thread, which is most of a second.
 */
#include "stress.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 3
#define LIMIT_NS 500000000u

static struct pool pool;
static _Atomic bool stop;
static uint64_t deadline;

static void take_and_give(size_t size, void **p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		MUST(p[i] = malloc(size));
	for (size_t i = 0; i < n; i++)
		free(p[i]);
}

/* The same classes in bulk: magazines must be refilled and flushed. */
static void *work(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};
	void *p[600];

	while (!atomic_load(&stop)) {
		take_and_give(64, p, ARRAY_SIZE(p));
		take_and_give(2000, p, 100);
		take_and_give(300 * KIB, p, 4);
		pool_step(&pool, &r, 300 * KIB);
	}
	return NULL;
}

static void *preempt(void *arg)
{
	struct prng r = {stress_seed(50)};
	uint64_t *worst = arg, begin, took;
	void *p[200];

	while ((begin = stress_now()) < deadline) {
		take_and_give(64, p, ARRAY_SIZE(p));
		take_and_give(300 * KIB, p, 2);
		pool_step(&pool, &r, 300 * KIB);
		took = stress_now() - begin;
		if (took > *worst)
			*worst = took;
		nanosleep(&(struct timespec){.tv_nsec = 150000}, NULL);
	}
	return NULL;
}

static int spawn_fifo(pthread_t *thread, void *arg)
{
	struct sched_param param = {.sched_priority = 10};
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	return pthread_create(thread, &attr, preempt, arg);
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS], fifo;
	uint64_t worst = 0;
	cpu_set_t one;
	int error;

	stress_start(argc, argv, 120, 300);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	MUST(sched_setaffinity(0, sizeof(one), &one) == 0);
	deadline = stress_now() + stress_count(3, 60) * 1000000000u;
	error = spawn_fifo(&fifo, &worst);
	if (error)
		stress_skip(strerror(error));
	stress_at("a real-time thread among others");
	for (uintptr_t i = 0; i < THREADS; i++)
		threads[i] = stress_spawn(work, (void *)i, 0);
	pthread_join(fifo, NULL);
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("longest turn of the real-time thread: %.1f ms\n",
	       (double)worst / 1e6);
	if (worst > LIMIT_NS)
		stress_fail("the real-time thread waited %llu ms for a lock",
			    (unsigned long long)worst / 1000000);
	pool_drain(&pool);
	return stress_end();
}
