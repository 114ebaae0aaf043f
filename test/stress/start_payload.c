/*
 * An ordinary program for unordinary surroundings: preloaded hooks, an
 * auditing loader, static linking. With --bare it closes its descriptors and
 * starts itself again with an environment of nothing but LD_PRELOAD.
 */
#include "stress.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 3

static struct pool pool;

static void *work(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	for (int i = 0; i < 3000; i++)
		pool_step(&pool, &r, 2 * MIB);
	return NULL;
}

static void run_threads(void)
{
	pthread_t threads[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		threads[i] = stress_spawn(work, (void *)i, 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* Calls what preloads like to hook. */
static void use_files(void)
{
	size_t size = 1 * MIB;
	FILE *file = tmpfile();
	void *p;

	MUST(file);
	MUST(fputs("text", file) >= 0);
	fclose(file);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(p != MAP_FAILED);
	p = mremap(p, size, size * 2, MREMAP_MAYMOVE);
	MUST(p != MAP_FAILED);
	MUST(madvise(p, size, MADV_DONTNEED) == 0);
	MUST(munmap(p, size * 2) == 0);
}

/* With no descriptor open, the first one must be 0: ours, not a library's. */
static int run_bare(void)
{
	run_threads();
	if (open("/dev/null", O_RDWR) != 0)
		return 2;
	use_files();
	pool_drain(&pool);
	stress_verify();
	return 0;
}

static void start_bare(char *self)
{
	char *args[] = {self, (char *)"--really-bare", NULL};
	char preload[4096] = "LD_PRELOAD=";
	char *env[] = {preload, NULL};
	const char *now = getenv("LD_PRELOAD");
	pid_t pid;

	if (now)
		strncat(preload, now, sizeof(preload) - 20);
	pid = stress_fork(fork);
	if (pid == 0) {
		for (int fd = 0; fd < 256; fd++)
			close(fd);
		execve("/proc/self/exe", args, env);
		_exit(1);
	}
	stress_reap(pid, 0);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--really-bare"))
		return run_bare();
	stress_start(argc, argv, 60, 60);
	if (argc > 1 && !strcmp(argv[1], "--bare")) {
		start_bare(argv[0]);
		return stress_end();
	}
	run_threads();
	use_files();
	pid_t pid = stress_fork(fork);

	if (pid == 0) {
		run_threads();
		exit(0);
	}
	stress_reap(pid, 0);
	pool_drain(&pool);
	return stress_end();
}
