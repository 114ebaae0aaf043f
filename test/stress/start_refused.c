/*
 * Programs that begin under a filter: one that refuses a system call, or what
 * an older kernel does not know of it (MADV_WIPEONFORK before Linux 4.14,
 * MADV_POPULATE_WRITE before 5.14, MREMAP_DONTUNMAP before 5.7). Other than in
 * start_seccomp.c the allocator's own start meets it, too. Forks must be
 * noticed all the same: threads allocate while children, and their children,
 * do, too, and nothing may be lost.
 */
#include "stress.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANY 0xffffffffu
#define THREADS 2

static const struct {
	const char *name;
	unsigned int number, argument, value; /* ANY: whatever it is */
	int error;
} refused[] = {
	{"madvise", SYS_madvise, 2, ANY, EPERM},
	{"MADV_WIPEONFORK", SYS_madvise, 2, 18, EINVAL},
	{"MADV_POPULATE_WRITE", SYS_madvise, 2, 23, EINVAL},
	{"MREMAP_DONTUNMAP", SYS_mremap, 3, 1 | 2 | 4, EINVAL},
	{"mremap", SYS_mremap, 3, ANY, ENOSYS},
	{"munmap", SYS_munmap, 0, ANY, EPERM},
	{"sched_getaffinity", SYS_sched_getaffinity, 0, ANY, EPERM},
	{"tgkill", SYS_tgkill, 0, ANY, EPERM},
};

static struct pool pool;
static _Atomic bool stop;

static void refuse(size_t i)
{
	unsigned int argument = refused[i].argument;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[i].number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 (unsigned int)offsetof(struct seccomp_data, args) +
				 argument * 8),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[i].value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
			 SECCOMP_RET_ERRNO | (unsigned int)refused[i].error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_SIZE(code), code};

	if (refused[i].value == ANY)
		code[3].jf = 0;
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void *work(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	while (!atomic_load(&stop)) {
		for (int i = 0; i < 20; i++)
			pool_step(&pool, &r, 2 * MIB);
		usleep(100);
	}
	return NULL;
}

static void *work_a_little(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	for (int i = 0; i < 30; i++)
		pool_step(&pool, &r, 300 * KIB);
	return NULL;
}

static void live(struct prng *r, int generation)
{
	pthread_t thread;
	pid_t pid;

	for (int i = 0; i < 40; i++)
		pool_step(&pool, r, 300 * KIB);
	thread = stress_spawn(work_a_little, (void *)9, 0);
	if (generation < 2) {
		pid = stress_fork(fork);
		if (pid == 0) {
			live(r, generation + 1);
			_exit(0);
		}
		stress_reap(pid, 0);
	}
	pthread_join(thread, NULL);
}

/* Moves of pages that the filter makes copies, of zeroes and others. */
static void grow(void)
{
	size_t size = 4 * MIB;
	char *p = calloc(1, size), *in_the_way;

	MUST(p);
	for (; size < 64 * MIB; size *= 2) {
		p[0] = p[size - 1] = 7;
		MUST(in_the_way = malloc(300 * KIB));
		MUST(p = realloc(p, size * 2));
		MUST(p[0] == 7 && p[size - 1] == 7 && p[size / 2 - 2] == 0);
		free(in_the_way);
	}
	free(p);
}

/* The program that begins under the filter. */
static void run(void)
{
	unsigned long forks = stress_count(10, 1000);
	struct prng r = {stress_seed(50)};
	pthread_t threads[THREADS];

	for (uintptr_t i = 0; i < THREADS; i++)
		threads[i] = stress_spawn(work, (void *)(i + 1), 0);
	for (unsigned long n = 0; n < forks; n++) {
		pid_t pid = stress_fork(fork);

		if (pid == 0) {
			live(&r, 0);
			if (n % 8 == 0) {
				pool_drain(&pool);
				stress_verify();
			}
			_exit(0);
		}
		stress_reap(pid, 0);
		pool_step(&pool, &r, 2 * MIB);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	grow();
	pool_drain(&pool);
}

int main(int argc, char **argv)
{
	char *again[] = {argv[0], (char *)"--refused", NULL};

	stress_start(argc, argv, 120, 1400);
	if (argc > 1 && !strcmp(argv[1], again[1])) {
		run();
		return stress_end();
	}
	if (prctl(PR_GET_SECCOMP))
		stress_skip("there is a filter already");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		pid_t pid;

		stress_at(refused[i].name);
		printf("%s\n", refused[i].name);
		fflush(stdout);
		pid = stress_fork(fork);
		if (pid == 0) {
			refuse(i);
			execv("/proc/self/exe", again);
			_exit(1);
		}
		stress_reap(pid, 0);
	}
	return stress_end();
}
