/*
 * Filters that refuse system calls, one at a time, to a process that has
 * allocated already and one whose threads begin under the filter. Memory that
 * the kernel did not take back must not be taken for zeroes, and nothing may
 * crash. What a refusal means for memory use is not this test's business.
 */
#include "stress.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	long number;
	int error;
} refused[] = {
	{"nothing", -1, 0},
	{"madvise", SYS_madvise, EPERM},
	{"madvise", SYS_madvise, ENOSYS},
	{"madvise", SYS_madvise, EINVAL},
	{"mremap", SYS_mremap, EPERM},
	{"mremap", SYS_mremap, ENOSYS},
	{"rt_sigprocmask", SYS_rt_sigprocmask, EPERM},
	{"munmap", SYS_munmap, EPERM},
	{"sched_getaffinity", SYS_sched_getaffinity, EPERM},
	{"membarrier", SYS_membarrier, EPERM},
	{"prctl", SYS_prctl, EPERM},
	{"getrandom", SYS_getrandom, ENOSYS},
	{"openat", SYS_openat, EPERM},
	{"tgkill", SYS_tgkill, EPERM},
};

static struct pool pool;

/* Dirty memory of all sizes is given back; then calloc must be zeroes. */
static void dirty_and_clear(void)
{
	static const size_t sizes[] = {200,	  3000,	   30 * KIB,
				       200 * KIB, 1 * MIB, 9 * MIB};
	void *p[12];
	size_t s, i, b;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (i = 0; i < ARRAY_SIZE(p); i++) {
			MUST(p[i] = malloc(sizes[s]));
			memset(p[i], 0xee, sizes[s]);
		}
		for (i = 0; i < ARRAY_SIZE(p); i++)
			free(p[i]);
		malloc_trim(0);
		for (i = 0; i < ARRAY_SIZE(p); i++) {
			MUST(p[i] = calloc(1, sizes[s]));
			for (b = 0; b < sizes[s]; b += 8)
				if (*(uint64_t *)((char *)p[i] + b))
					stress_fail("calloc(%zu) is dirty",
						    sizes[s]);
		}
		for (i = 0; i < ARRAY_SIZE(p); i++)
			free(p[i]);
	}
}

static void *work(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	for (int i = 0; i < 2000; i++)
		pool_step(&pool, &r, 2 * MIB);
	return NULL;
}

_Noreturn static void live(long number, int error)
{
	struct prng r = {stress_seed(99)};
	pthread_t threads[3];
	uintptr_t i;

	for (i = 0; i < 500; i++)
		pool_step(&pool, &r, 2 * MIB);
	if (number >= 0)
		stress_refuse(number, error);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		threads[i] = stress_spawn(work, (void *)i, 0);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	dirty_and_clear();
	pool_drain(&pool);
	stress_verify();
	exit(0);
}

int main(int argc, char **argv)
{
	stress_start(argc, argv, 300, 300);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		stress_at(refused[i].name);
		printf("%s\n", refused[i].name);
		fflush(stdout);
		pid_t pid = stress_fork(fork);

		if (pid == 0)
			live(refused[i].number, refused[i].error);
		stress_reap(pid, 0);
	}
	return stress_end();
}
