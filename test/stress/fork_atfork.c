/*
 * pthread_atfork handlers that allocate, and that take a lock under which
 * other threads allocate. They are registered at load time (the preinit
 * array comes before every library's constructor, so some are older than the
 * allocator's own, if it has any) and later: an allocator that takes its
 * locks in a prepare handler deadlocks against one order or the other.
 */
#include "stress.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS 4
#define LATE 3

static struct pool pool;
static _Atomic bool stop;
static pthread_mutex_t lock[2] = {PTHREAD_MUTEX_INITIALIZER,
				  PTHREAD_MUTEX_INITIALIZER};
static _Atomic uint64_t dice;
static int forked;

static void allocate(void)
{
	struct prng r = {atomic_fetch_add(&dice, 0x9e3779b97f4a7c15u)};

	for (int i = 0; i < 10; i++)
		pool_step(&pool, &r, 300 * KIB);
}

static void prepare_early(void)
{
	pthread_mutex_lock(&lock[0]);
	allocate();
}

static void resume_early(void)
{
	allocate();
	pthread_mutex_unlock(&lock[0]);
	forked++;
}

static void prepare_late(void)
{
	pthread_mutex_lock(&lock[1]);
	allocate();
}

static void resume_late(void)
{
	allocate();
	pthread_mutex_unlock(&lock[1]);
}

static void register_early(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	pthread_atfork(prepare_early, resume_early, resume_early);
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const early)(int, char **,
						 char **) = register_early;

/* Holds one of the locks that prepare wants, and allocates under it. */
static void *work(void *arg)
{
	pthread_mutex_t *mine = &lock[(uintptr_t)arg % 2];
	struct prng r = {stress_seed((uintptr_t)arg)};

	while (!atomic_load(&stop)) {
		pthread_mutex_lock(mine);
		for (int i = 0; i < 20; i++)
			pool_step(&pool, &r, 300 * KIB);
		pthread_mutex_unlock(mine);
		usleep(20);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	unsigned long forks, n;
	int before;

	stress_start(argc, argv, 120, 1200);
	before = forked;
	MUST(before > 0); /* the watchdog's fork ran the early handlers */
	pthread_atfork(prepare_late, resume_late, resume_late);
	for (int i = 0; i < LATE; i++)
		pthread_atfork(allocate, allocate, allocate);
	forks = stress_count(500, 10000);
	for (uintptr_t i = 0; i < THREADS; i++)
		threads[i] = stress_spawn(work, (void *)(i + 1), 0);
	stress_at("fork with handlers that allocate");
	for (n = 0; n < forks; n++) {
		pid_t pid = stress_fork(fork);

		if (pid == 0) {
			allocate();
			_exit(0);
		}
		stress_reap(pid, 0);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	MUST(forked == before + (int)forks);
	pool_drain(&pool);
	return stress_end();
}
