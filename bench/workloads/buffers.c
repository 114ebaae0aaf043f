/*
 * Buffers of 5 to 25 MB: a few slots, one of which at random is freed or
 * filled at each step; a new buffer is written from end to end. Page faults
 * and what is kept of freed memory decide, not the length of any path.
 */
#include "work.h"

#define SLOTS 6u
#define FULL_STEPS 900u
#define LEAST_BYTES 5000000u
#define MOST_BYTES 25000000u

static struct {
	unsigned char *bytes;
	size_t size;
} slots[SLOTS];

static uint64_t step(struct work_random *random, unsigned char tag)
{
	unsigned at = work_below(random, SLOTS);
	uint64_t sum = 0;

	if (slots[at].bytes != NULL) {
		sum = work_read(slots[at].bytes, slots[at].size);
		free(slots[at].bytes);
		slots[at].bytes = NULL;
		return sum;
	}
	slots[at].size = work_between(random, LEAST_BYTES, MOST_BYTES);
	slots[at].bytes = work_alloc(slots[at].size);
	memset(slots[at].bytes, tag, slots[at].size);
	work_escape(slots[at].bytes);
	return 1;
}

int main(int argc, char **argv)
{
	struct work_args args;
	struct work_random random;
	uint64_t steps, checksum = 0;
	double begin;

	work_parse(&args, argc, argv);
	work_seed(&random, args.seed);
	steps = work_scaled(&args, FULL_STEPS, 2 * SLOTS);
	begin = work_seconds();
	for (uint64_t i = 0; i < steps; i++)
		checksum += step(&random, (unsigned char)i);
	for (unsigned i = 0; i < SLOTS; i++)
		free(slots[i].bytes);
	work_report("buffers", steps, work_seconds() - begin, checksum);
	return 0;
}
