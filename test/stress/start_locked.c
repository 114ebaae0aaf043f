/*
 * mlockall: what is locked must be about what is used, although allocators
 * reserve far more; and a process that may lock only a little must still be
 * able to allocate a little.
 */
#include "stress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define USED (32 * MIB)
#define SLACK (64 * MIB)
#define MAY_LOCK (64 * MIB)
#define NOBODY 65534

static void use(size_t total)
{
	static const size_t sizes[] = {100, 5000, 100 * KIB, 1 * MIB};
	size_t used = 0;

	while (used < total) {
		size_t size = sizes[used / KIB % ARRAY_SIZE(sizes)];
		char *p = malloc(size);

		if (!p)
			stress_fail("no memory after %zu KiB", used / KIB);
		memset(p, 1, size);
		used += size;
	}
}

static void *use_in_thread(void *arg)
{
	use(USED / 4);
	return arg;
}

static void test_resident(int flags)
{
	size_t before = stress_rss(), after;

	if (mlockall(flags))
		stress_skip("no permission to lock memory");
	use(USED);
	for (int i = 0; i < 4; i++)
		pthread_join(stress_spawn(use_in_thread, NULL, 64 * KIB), NULL);
	after = stress_rss();
	printf("flags %d: %zu KiB more resident, %zu KiB counted as locked\n",
	       flags, (after - before) / KIB, stress_status("VmLck:") / KIB);
	fflush(stdout);
	if (after > before + 2 * USED + SLACK)
		stress_fail("%zu KiB resident for %zu KiB used",
			    (after - before) / KIB, 2 * USED / KIB);
}

/* As an ordinary user with a small RLIMIT_MEMLOCK. */
static void test_limit(void)
{
	struct rlimit limit;

	MUST(getrlimit(RLIMIT_MEMLOCK, &limit) == 0);
	if (limit.rlim_max < MAY_LOCK)
		limit.rlim_cur = limit.rlim_max;
	else
		limit.rlim_cur = MAY_LOCK;
	MUST(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
	if (geteuid() == 0)
		MUST(setuid(NOBODY) == 0);
	if (mlockall(MCL_FUTURE))
		stress_skip("no permission to lock memory");
	use(limit.rlim_cur / 4);
}

static void in_child(int flags)
{
	pid_t pid = stress_fork(fork);
	int status;

	if (pid == 0) {
		if (flags)
			test_resident(flags);
		else
			test_limit();
		stress_verify();
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0) == pid);
	if (status && !(WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED))
		stress_fail("flags %d: status %#x", flags,
			    (unsigned int)status);
	if (status)
		_exit(SKIPPED);
}

int main(int argc, char **argv)
{
	stress_start(argc, argv, 60, 60);
	stress_at("MCL_FUTURE");
	in_child(MCL_FUTURE);
	stress_at("MCL_CURRENT and MCL_FUTURE");
	in_child(MCL_CURRENT | MCL_FUTURE);
	stress_at("a small limit");
	in_child(0);
	return stress_end();
}
