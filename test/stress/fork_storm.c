/*
 * fork from a process whose threads allocate all the time. Each child frees
 * blocks of the parent, allocates, starts threads and forks again.
 */
#include "stress.h"

#include <unistd.h>

#define THREADS 8

static struct pool pool;
static _Atomic bool stop;

static void *work(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	while (!atomic_load(&stop)) {
		for (int i = 0; i < 10; i++)
			pool_step(&pool, &r, 300 * KIB);
		usleep(100); /* few processors must do for all threads */
	}
	return NULL;
}

static void *child_thread(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	for (int i = 0; i < 30; i++)
		pool_step(&pool, &r, 300 * KIB);
	return NULL;
}

/* What any process must be able to do, also a fork's fork. */
static void live(struct prng *r, unsigned int generation)
{
	pthread_t threads[2];
	pid_t pid;

	for (int i = 0; i < 50; i++)
		pool_step(&pool, r, 300 * KIB);
	if (generation == 1 && prng_below(r, 2))
		return;
	for (uintptr_t i = 0; i < ARRAY_SIZE(threads); i++)
		threads[i] = stress_spawn(child_thread, (void *)(i + 50), 0);
	if (generation < 2) {
		pid = stress_fork(fork);
		if (pid == 0) {
			live(r, generation + 1);
			_exit(0);
		}
		stress_reap(pid, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	unsigned long forks, n;
	struct prng r;

	stress_start(argc, argv, 120, 1200);
	r.state = stress_seed(0);
	forks = stress_count(200, 15000);
	for (uintptr_t i = 0; i < THREADS; i++)
		threads[i] = stress_spawn(work, (void *)(i + 1), 0);
	for (n = 0; n < forks; n++) {
		stress_at("a fork's child or its wait");
		pid_t pid = stress_fork(fork);

		if (pid == 0) {
			live(&r, 0);
			/* slots that the parent's threads held are lost here */
			if (n % 16 == 0) {
				pool_drain(&pool);
				stress_verify();
			}
			_exit(0);
		}
		stress_reap(pid, 0);
		pool_step(&pool, &r, 2 * MIB);
	}
	atomic_store(&stop, true);
	stress_at("joining the threads");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pool_drain(&pool);
	return stress_end();
}
