/*
 * Hand-off: one thread allocates and writes, the other reads and frees. The
 * blocks travel through a ring for one producer and one consumer, so that the
 * queue costs next to nothing; a full or empty ring is waited for by yielding.
 */
#include "work.h"

#include <sched.h>
#include <stdatomic.h>

#define RING 4096u /* a power of two */
#define BATCH 32u  /* blocks published at a time */
#define FULL_BLOCKS 24000000u
#define LEAST_BYTES 16u
#define MOST_BYTES 256u

struct ring {
	_Alignas(WORK_CACHE_LINE) _Atomic uint64_t produced;
	_Alignas(WORK_CACHE_LINE) _Atomic uint64_t consumed;
	_Alignas(WORK_CACHE_LINE) void *blocks[RING];
};

static struct ring ring;

static void produce(struct work_thread *thread, uint64_t blocks)
{
	for (uint64_t at = 0; at < blocks; at++) {
		size_t size =
			work_between(&thread->random, LEAST_BYTES, MOST_BYTES);
		void *block = work_alloc(size);

		work_write(block, size, (unsigned char)at);
		while (at - atomic_load_explicit(&ring.consumed,
						 memory_order_acquire) >=
		       RING)
			sched_yield();
		ring.blocks[at % RING] = block;
		if ((at + 1) % BATCH == 0 || at + 1 == blocks)
			atomic_store_explicit(&ring.produced, at + 1,
					      memory_order_release);
	}
}

static void consume(struct work_thread *thread, uint64_t blocks)
{
	uint64_t at = 0;

	while (at < blocks) {
		uint64_t end = atomic_load_explicit(&ring.produced,
						    memory_order_acquire);

		if (end == at) {
			sched_yield();
			continue;
		}
		for (; at < end; at++) {
			unsigned char *block = ring.blocks[at % RING];

			thread->checksum += block[0];
			free(block);
		}
		atomic_store_explicit(&ring.consumed, at, memory_order_release);
	}
	thread->operations = blocks;
}

static void handoff(struct work_thread *thread)
{
	uint64_t blocks = work_scaled(thread->args, FULL_BLOCKS, RING);

	if (thread->index == 0)
		produce(thread, blocks);
	else
		consume(thread, blocks);
}

int main(int argc, char **argv)
{
	struct work_args args;
	uint64_t operations = 0, checksum = 0;
	double seconds;

	work_parse(&args, argc, argv);
	args.threads = 2;
	seconds =
		work_run_threads(&args, NULL, handoff, &operations, &checksum);
	work_report("handoff", operations, seconds, checksum);
	return 0;
}
