/*
 * Memory that runs out in many threads at once. The argument says under which
 * limit: --as (RLIMIT_AS, set before the program starts anew) or --data
 * (RLIMIT_DATA). Refusals are NULL with ENOMEM, also for a thread's first
 * call; what is there stays intact; once some of it is freed, and again when
 * the limit is gone, everything works.
 */
#include "stress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define THREADS 6
#define ROOM (96 * MIB)
#define TOO_MUCH (4 * GIB) /* no limit at all, it seems */
#define KEPT 100000

static _Atomic size_t taken;
static _Atomic unsigned long refusals;
static pthread_barrier_t barrier;
static uintptr_t late[4];

/* Allocates until refused, some times over; freeing half in between. */
static void *exhaust(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};
	size_t largest = (uintptr_t)arg % 2 ? 2 * MIB : 8 * KIB;
	uintptr_t *kept = calloc(KEPT, sizeof(*kept));
	size_t n = 0, size, i;

	MUST(kept);
	pthread_barrier_wait(&barrier);
	for (int round = 0; round < 6; round++) {
		while (n < KEPT) {
			size = prng_size(&r, largest);
			errno = 0;
			kept[n] = block_try(&r, size);
			if (!kept[n])
				break;
			n++;
			if (atomic_fetch_add(&taken, size) > TOO_MUCH)
				stress_fail("the limit does not work");
		}
		if (n < KEPT) {
			atomic_fetch_add(&refusals, 1);
			/* posix_memalign is the one that leaves errno */
			MUST(errno == ENOMEM || errno == 0);
		}
		for (i = n / 2; i < n; i++) {
			block_check(kept[i]);
			block_free(kept[i]);
		}
		n /= 2;
	}
	for (i = 0; i < n; i++)
		block_free(kept[i]);
	free(kept);
	return NULL;
}

/* A thread that begins when there is nothing left. */
static void *come_late(void *arg)
{
	struct prng r = {stress_seed(90)};
	uintptr_t *mine = arg;

	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 200; i++) {
		block_free(*mine);
		*mine = block_try(&r, 1 + prng_below(&r, 2000));
		if (i % 50 == 0)
			usleep(1000);
	}
	return NULL;
}

static void limit(int what, size_t room)
{
	struct rlimit old, new;

	MUST(getrlimit(what, &old) == 0);
	new.rlim_cur = room ? room : old.rlim_max;
	new.rlim_max = old.rlim_max;
	MUST(setrlimit(what, &new) == 0);
}

static void work_again(void)
{
	struct prng r = {stress_seed(91)};
	uintptr_t block[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = block_new(&r, i % 2 ? 100 : 1 * MIB);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block_free(block[i]);
}

static void run(void)
{
	pthread_t threads[THREADS + ARRAY_SIZE(late)];
	uintptr_t i;

	pthread_barrier_init(&barrier, NULL, ARRAY_SIZE(threads));
	for (i = 0; i < THREADS; i++)
		threads[i] = stress_spawn(exhaust, (void *)i, 64 * KIB);
	for (; i < ARRAY_SIZE(threads); i++)
		threads[i] =
			stress_spawn(come_late, &late[i - THREADS], 64 * KIB);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < ARRAY_SIZE(late); i++)
		block_free(late[i]);
	printf("%lu refusals\n", atomic_load(&refusals));
	if (!atomic_load(&refusals))
		stress_fail("memory was never refused");
}

int main(int argc, char **argv)
{
	bool as = argc > 1 && !strcmp(argv[1], "--as");
	int what = as ? RLIMIT_AS : RLIMIT_DATA;

	if (as && !getenv("STRESS_LIMITED")) {
		/* reservations that are there already would not be limited */
		setenv("STRESS_LIMITED", "1", 1);
		limit(what, 4 * ROOM);
		execv("/proc/self/exe", argv);
		return 1;
	}
	stress_start(argc, argv, 60, 60);
	if (!as)
		limit(what, stress_status("VmData:") + ROOM);
	stress_at("memory that runs out");
	run();
	stress_at("the limit is gone");
	limit(what, 0);
	work_again();
	return stress_end();
}
