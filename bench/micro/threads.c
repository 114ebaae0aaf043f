/*
 * Threads: the same independent work on 1 to 16 of them (contention), blocks
 * handed from one thread to another in pairs (hand-over, 1:1 and N:N), and a
 * thread's start-up and exit with a few blocks in between.
 */
#include "micro.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define LIVE 64u   /* blocks a contending thread holds */
#define PARCEL 64u /* blocks handed over at a time */
#define PARCELS 8u /* parcels under way per pair */
#define MAX_PAIRS 4u
#define SHORT_LIFE 20u /* blocks of a short-lived thread */
#define BLOCK_BYTES 96u
#define CACHE_LINE 64

static void *block_new(size_t size)
{
	void *block = malloc(size);

	*(volatile char *)block = 1;
	bench_escape(block);
	return block;
}

static void contention(struct bench_state *state)
{
	void *live[LIVE] = {NULL};
	uint32_t random = bench_thread(state) + 1;

	while (bench_batch(state, LIVE)) {
		for (unsigned i = 0; i < LIVE; i++) {
			unsigned at = (micro_random(&random) >> 16) % LIVE;

			free(live[at]);
			live[at] = block_new(16 + ((random >> 8) & 511));
		}
	}
	for (unsigned i = 0; i < LIVE; i++)
		free(live[i]);
}

struct parcel {
	_Alignas(CACHE_LINE) atomic_bool full;
	void *blocks[PARCEL];
};

static struct parcel parcels[MAX_PAIRS][PARCELS];

static void await(struct parcel *parcel, bool full)
{
	while (atomic_load_explicit(&parcel->full, memory_order_acquire) !=
	       full)
		sched_yield();
}

static void send(struct parcel *parcel, size_t size)
{
	await(parcel, false);
	for (unsigned i = 0; i < PARCEL; i++)
		parcel->blocks[i] = block_new(size);
	atomic_store_explicit(&parcel->full, true, memory_order_release);
}

static void receive(struct parcel *parcel)
{
	await(parcel, true);
	for (unsigned i = 0; i < PARCEL; i++)
		free(parcel->blocks[i]);
	atomic_store_explicit(&parcel->full, false, memory_order_release);
}

/* Even threads allocate, odd ones free: all run the same iterations, so a
 * pair's last parcel is always received. */
static void handover(struct bench_state *state)
{
	unsigned thread = bench_thread(state);
	size_t size = bench_what(state)->size;
	uint64_t turn = 0;

	while (bench_batch(state, PARCEL)) {
		struct parcel *parcel = &parcels[thread / 2][turn++ % PARCELS];

		if (thread % 2 == 0)
			send(parcel, size);
		else
			receive(parcel);
	}
}

static void *short_life(void *arg)
{
	void *blocks[SHORT_LIFE];

	for (unsigned i = 0; i < SHORT_LIFE; i++)
		blocks[i] = block_new(16 + 32 * i);
	for (unsigned i = 0; i < SHORT_LIFE; i++)
		free(blocks[i]);
	return arg;
}

static void thread_life(struct bench_state *state)
{
	while (bench_batch(state, 1)) {
		pthread_t id;

		if (pthread_create(&id, NULL, short_life, NULL) != 0) {
			bench_fail(state, "no thread");
			return;
		}
		pthread_join(id, NULL);
	}
}

void micro_add_threads(void)
{
	char label[16];

	for (unsigned threads = 1; threads <= 16; threads *= 2) {
		snprintf(label, sizeof(label), "%u", threads);
		micro_add("contention", label, contention, 0, 0, threads);
	}
	micro_add("handover", "1to1", handover, BLOCK_BYTES, 0, 2);
	micro_add("handover", "1to1-4K", handover, 4096, 0, 2);
	micro_add("handover", "4to4", handover, BLOCK_BYTES, 0, 2 * MAX_PAIRS);
	micro_add("thread", "life", thread_life, 0, 0, 1);
}
