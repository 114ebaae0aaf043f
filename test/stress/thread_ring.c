/*
 * Ownership that wanders: blocks go round a ring of threads, checked and now
 * and then resized by each. One thread only allocates, one only frees (all
 * that it ever does), and between rounds the memory must come back: by itself
 * but for what may wait to be used again, also most of this when the program
 * grows calm, and when asked for all of it.
 */
#include "stress.h"

#include <malloc.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#define RING 5
#define BOX 64
/* Who misses what was given back keeps so much (see lib/mm/reclaim.c) ... */
#define SLACK (256 * MIB)
/* ... but not for long. */
#define CALM_SLACK (16 * MIB)
#define CALM_CALLS 50
#define TRIMMED_SLACK (4 * MIB)

/* One producer, one consumer; 0 is an empty place, END is the last. */
#define END ((uintptr_t)8)

struct box {
	_Atomic uintptr_t place[BOX];
};

static struct box boxes[RING];
static unsigned long blocks;

static void put(struct box *box, unsigned long n, uintptr_t block)
{
	while (atomic_load(&box->place[n % BOX]))
		sched_yield();
	atomic_store(&box->place[n % BOX], block);
}

static uintptr_t take(struct box *box, unsigned long n)
{
	uintptr_t block;

	while ((block = atomic_exchange(&box->place[n % BOX], 0)) == 0)
		sched_yield();
	return block;
}

/* Allocates only. */
static void *source(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};
	unsigned long n;

	for (n = 0; n < blocks; n++)
		put(&boxes[0], n, block_new(&r, prng_size(&r, 2 * MIB)));
	put(&boxes[0], n, END);
	return NULL;
}

static void *station(void *arg)
{
	uintptr_t i = (uintptr_t)arg;
	struct prng r = {stress_seed(i)};
	uintptr_t block, moved;

	for (unsigned long n = 0;; n++) {
		block = take(&boxes[i - 1], n);
		if (block == END) {
			put(&boxes[i], n, END);
			return NULL;
		}
		if (prng_below(&r, 4) == 0) {
			moved = block_resize(&r, block, prng_size(&r, 2 * MIB));
			MUST(moved);
			block = moved;
		} else {
			block_check(block);
		}
		put(&boxes[i], n, block);
	}
}

/* Frees only: such a thread may have nothing that lasts. */
static void *sink(void *arg)
{
	uintptr_t block;

	(void)arg;
	for (unsigned long n = 0;; n++) {
		block = take(&boxes[RING - 1], n);
		if (block == END)
			return NULL;
		block_free(block);
	}
}

static void go_round(void)
{
	pthread_t threads[RING + 1];

	threads[0] = stress_spawn(source, (void *)(uintptr_t)0, 0);
	for (uintptr_t i = 1; i < RING; i++)
		threads[i] = stress_spawn(station, (void *)i, 0);
	threads[RING] = stress_spawn(sink, NULL, 0);
	for (int i = 0; i <= RING; i++)
		pthread_join(threads[i], NULL);
}

/* A call now and then, with which memory goes back, for five seconds. */
static void grow_calm(void)
{
	struct timespec ms100 = {.tv_nsec = 100 * 1000 * 1000};
	struct prng r = {stress_seed(RING)};

	for (int i = 0; i < CALM_CALLS; i++) {
		nanosleep(&ms100, NULL);
		block_free(block_new(&r, 4 * MIB));
	}
}

static void must_not_grow(size_t before, size_t slack)
{
	size_t now = stress_rss();

	printf("resident: %zu KiB, then %zu KiB\n", before / KIB, now / KIB);
	if (now > before + slack)
		stress_fail("%zu KiB more resident", (now - before) / KIB);
}

int main(int argc, char **argv)
{
	size_t before, trimmed;

	stress_start(argc, argv, 120, 600);
	blocks = stress_count(8000, 200000);
	stress_at("the ring");
	go_round();
	before = stress_rss();
	malloc_trim(0);
	trimmed = stress_rss();
	for (int i = 0; i < 4; i++)
		go_round();
	must_not_grow(before, SLACK);
	grow_calm();
	must_not_grow(before, CALM_SLACK);
	malloc_trim(0);
	must_not_grow(trimmed, TRIMMED_SLACK);
	return stress_end();
}
