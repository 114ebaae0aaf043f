/*
 * False sharing: every thread writes to an 8-byte block of its own, many
 * times. --mode=active: all of it comes from malloc calls of the threads, so
 * blocks on one cache line mean that the allocator spread a line over
 * threads. --mode=passive: the first blocks were made side by side by one
 * thread and given away; a thread frees its one and asks for another, which
 * must not be the same piece of a shared line again. An operation is one
 * write.
 */
#include "work.h"

#define BLOCK_BYTES 8u
#define WRITES 2000u /* per block */
#define FULL_BLOCKS 250000u

static void *given[WORK_MAX_THREADS];

static void scribble(struct work_thread *thread)
{
	uint64_t blocks = work_scaled(thread->args, FULL_BLOCKS, 1);

	free(given[thread->index]);
	for (uint64_t i = 0; i < blocks; i++) {
		volatile uint64_t *block = work_alloc(BLOCK_BYTES);

		*block = i;
		for (unsigned j = 0; j < WRITES; j++)
			*block += j;
		thread->checksum += *block;
		free((void *)block);
	}
	thread->operations = blocks * WRITES;
}

int main(int argc, char **argv)
{
	struct work_args args;
	uint64_t operations = 0, checksum = 0;
	double seconds;

	work_parse(&args, argc, argv);
	if (strcmp(args.mode, "passive") == 0) {
		for (unsigned i = 0; i < args.threads; i++)
			given[i] = work_alloc(BLOCK_BYTES);
	} else if (strcmp(args.mode, "active") != 0) {
		work_die("--mode must be active or passive");
	}
	seconds =
		work_run_threads(&args, NULL, scribble, &operations, &checksum);
	work_report("sharing", operations, seconds, checksum);
	return 0;
}
