/*
 * vm.max_map_count used up: no mapping can be made, split or protected any
 * more. Threads allocate meanwhile; what is refused is NULL with ENOMEM, what
 * was there stays, and everything works when the mappings are gone.
 */
#include "stress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 4
#define MOST ((size_t)1 << 20) /* mappings; a larger limit is no limit */

static struct pool pool;
static pthread_barrier_t full, done;
static _Atomic unsigned long refusals;

/* Every second page of a large area differs: each page is a mapping. */
static char *use_up(size_t *size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n;
	char *area = mmap(NULL, MOST * page, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	MUST(area != MAP_FAILED);
	*size = MOST * page;
	for (n = 1; n < MOST; n += 2)
		if (mprotect(area + n * page, page, PROT_READ))
			return area;
	stress_skip("vm.max_map_count is beyond reach");
}

static void try_step(struct prng *r)
{
	_Atomic uintptr_t *slot = &pool.slot[prng_below(r, POOL_SLOTS)];
	uintptr_t block = block_try(r, prng_size(r, 2 * MIB));

	if (block)
		block_free(atomic_exchange(slot, block));
	else
		atomic_fetch_add(&refusals, 1);
}

static void *work(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};
	int i;

	/* even threads have allocated before, odd ones begin now */
	for (i = 0; i < 300 && (uintptr_t)arg % 2 == 0; i++)
		pool_step(&pool, &r, 2 * MIB);
	pthread_barrier_wait(&full);
	for (i = 0; i < 3000; i++)
		try_step(&r);
	pthread_barrier_wait(&done);
	return NULL;
}

static void want_much(void)
{
	void *p[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(p); i++) {
		errno = 0;
		p[i] = malloc(i % 2 ? 40 * MIB : 5 * MIB);
		if (!p[i])
			MUST(errno == ENOMEM);
	}
	for (i = 0; i < ARRAY_SIZE(p); i++)
		free(p[i]);
}

int main(int argc, char **argv)
{
	struct prng r;
	pthread_t threads[THREADS];
	size_t size;
	char *area;

	stress_start(argc, argv, 60, 60);
	r.state = stress_seed(50);
	pthread_barrier_init(&full, NULL, THREADS + 1);
	pthread_barrier_init(&done, NULL, THREADS + 1);
	for (uintptr_t i = 0; i < THREADS; i++)
		threads[i] = stress_spawn(work, (void *)i, 64 * KIB);
	stress_at("no mapping left");
	area = use_up(&size);
	pthread_barrier_wait(&full);
	want_much();
	pthread_barrier_wait(&done);
	stress_verify();
	munmap(area, size);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	stress_at("mappings again");
	for (int i = 0; i < 1000; i++)
		pool_step(&pool, &r, 2 * MIB);
	printf("%lu refusals\n", atomic_load(&refusals));
	pool_drain(&pool);
	return stress_end();
}
