/*
 * Random replacement: each thread owns 5,000 slots and replaces one at random
 * by a block of 8 to 1,000 bytes, over and over. The threads share nothing, so
 * what two of them cost above one is the allocator's own contention.
 */
#include "work.h"

#define SLOTS 5000u
#define LEAST_BYTES 8u
#define MOST_BYTES 1000u
#define FULL_ROUNDS 20000000u

struct slot {
	void *block;
	size_t size;
};

static uint64_t empty_slot(struct slot *slot)
{
	uint64_t sum = 0;

	if (slot->block != NULL)
		sum = work_read(slot->block, slot->size);
	free(slot->block);
	slot->block = NULL;
	return sum;
}

static void replace(struct work_thread *thread)
{
	struct slot *slots = calloc(SLOTS, sizeof(*slots));
	uint64_t rounds = work_scaled(thread->args, FULL_ROUNDS, SLOTS);

	if (slots == NULL)
		work_die("out of memory");
	for (uint64_t i = 0; i < rounds; i++) {
		struct slot *slot = &slots[work_below(&thread->random, SLOTS)];

		thread->checksum += empty_slot(slot);
		slot->size =
			work_between(&thread->random, LEAST_BYTES, MOST_BYTES);
		slot->block = work_alloc(slot->size);
		work_write(slot->block, slot->size, (unsigned char)i);
	}
	for (unsigned i = 0; i < SLOTS; i++)
		thread->checksum += empty_slot(&slots[i]);
	free(slots);
	thread->operations = rounds;
}

int main(int argc, char **argv)
{
	struct work_args args;
	uint64_t operations = 0, checksum = 0;
	double seconds;

	work_parse(&args, argc, argv);
	seconds =
		work_run_threads(&args, NULL, replace, &operations, &checksum);
	work_report("replace", operations, seconds, checksum);
	return 0;
}
