/*
 * vfork, posix_spawn and _Fork while threads allocate. The program that is
 * started is this one, which allocates a little and exits with a known
 * status. A child of vfork shares the parent's memory: it allocates and frees
 * in it, which must count for the parent.
 */
#include "stress.h"

#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4
#define STATUS 7

extern char **environ;

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

static void spawned(void)
{
	struct prng r = {1};

	for (int i = 0; i < 100; i++)
		pool_step(&pool, &r, 300 * KIB);
	pool_drain(&pool);
	_exit(STATUS);
}

static void test_spawn(char **args)
{
	pid_t pid;
	int error =
		posix_spawn(&pid, "/proc/self/exe", NULL, NULL, args, environ);

	if (error)
		stress_fail("posix_spawn: %s", strerror(error));
	stress_reap(pid, STATUS);
}

static void test_vfork_exec(char **args)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve("/proc/self/exe", args, environ);
		_exit(1);
	}
	MUST(pid > 0);
	stress_reap(pid, STATUS);
}

static void test_vfork_allocate(struct prng *r)
{
	static volatile uintptr_t gift;
	pid_t pid = vfork();

	if (pid == 0) {
		for (int i = 0; i < 10; i++)
			pool_step(&pool, r, 64 * KIB);
		gift = block_new(r, 1000);
		_exit(STATUS);
	}
	MUST(pid > 0);
	stress_reap(pid, STATUS);
	block_free(gift);
}

static void test_fork(pid_t (*kind)(void), struct prng *r)
{
	pid_t pid = stress_fork(kind);

	if (pid == 0) {
		for (int i = 0; i < 50; i++)
			pool_step(&pool, r, 300 * KIB);
		_exit(STATUS);
	}
	stress_reap(pid, STATUS);
}

int main(int argc, char **argv)
{
	char *args[] = {argv[0], (char *)"--spawned", NULL};
	pid_t (*fork_bare)(void);
	pthread_t threads[THREADS];
	unsigned long rounds;
	struct prng r;

	if (argc > 1 && !strcmp(argv[1], "--spawned"))
		spawned();
	stress_start(argc, argv, 120, 1200);
	r.state = stress_seed(0);
	*(void **)&fork_bare = dlsym(RTLD_DEFAULT, "_Fork");
	for (uintptr_t i = 0; i < THREADS; i++)
		threads[i] = stress_spawn(work, (void *)(i + 1), 0);
	rounds = stress_count(150, 5000);
	for (unsigned long n = 0; n < rounds; n++) {
		stress_at("posix_spawn");
		test_spawn(args);
		stress_at("vfork and exec");
		test_vfork_exec(args);
		stress_at("vfork and allocate");
		test_vfork_allocate(&r);
		stress_at("_Fork");
		if (fork_bare)
			test_fork(fork_bare, &r);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pool_drain(&pool);
	return stress_end();
}
