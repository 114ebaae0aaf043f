/*
 * fork while other threads are inside stdio. One flushes all streams, which
 * holds stdio's list lock over a stream whose writer allocates; libc's fork
 * takes that list lock after the prepare handlers. An allocator that took its
 * locks in such a handler is in a deadlock with them. Another thread opens
 * and closes streams, and one prints.
 */
#include "stress.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct pool pool;
static _Atomic bool stop;
static _Atomic uint64_t dice;

static ssize_t write_cookie(void *cookie, const char *data, size_t size)
{
	struct prng r = {atomic_fetch_add(&dice, 0x9e3779b97f4a7c15u)};

	(void)cookie;
	(void)data;
	for (int i = 0; i < 20; i++)
		pool_step(&pool, &r, 64 * KIB);
	return (ssize_t)size;
}

static void *flush(void *arg)
{
	cookie_io_functions_t writer = {.write = write_cookie};
	FILE *file = fopencookie(NULL, "w", writer);

	(void)arg;
	MUST(file);
	while (!atomic_load(&stop)) {
		fputs("some text that waits to be flushed\n", file);
		fflush(NULL);
	}
	fclose(file);
	return NULL;
}

static void *reopen(void *arg)
{
	char line[] = "text";

	(void)arg;
	while (!atomic_load(&stop)) {
		FILE *file = fopen("/dev/null", "w");

		MUST(file);
		fprintf(file, "%s %f\n", line, 1.5);
		fclose(file);
	}
	return NULL;
}

static void *print(void *arg)
{
	FILE *file = arg;

	while (!atomic_load(&stop))
		fprintf(file, "%*d %.300Lf\n", 300, 1, 1e300L);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[4];
	FILE *null;
	struct prng r;
	unsigned long forks, n;

	stress_start(argc, argv, 120, 1200);
	r.state = stress_seed(0);
	null = fopen("/dev/null", "w");
	MUST(null);
	threads[0] = stress_spawn(flush, NULL, 0);
	threads[1] = stress_spawn(reopen, NULL, 0);
	threads[2] = stress_spawn(print, null, 0);
	threads[3] = stress_spawn(print, null, 0);
	forks = stress_count(250, 10000);
	stress_at("fork while others are in stdio");
	for (n = 0; n < forks; n++) {
		pid_t pid = stress_fork(fork);

		if (pid == 0) {
			char *text = NULL;

			for (int i = 0; i < 20; i++)
				pool_step(&pool, &r, 64 * KIB);
			MUST(asprintf(&text, "child %lu", n) > 0);
			free(text);
			_exit(0);
		}
		stress_reap(pid, 0);
	}
	atomic_store(&stop, true);
	stress_at("joining the threads");
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	fclose(null);
	pool_drain(&pool);
	return stress_end();
}
