/*
 * Bursts: 1,600 blocks of one size are allocated, then the first half of them
 * is freed in the order of allocation and the second half in reverse. What an
 * allocator caches per thread is emptied and overfilled in turn.
 */
#include "work.h"

#define BURST 1600u
#define FULL_BURSTS 30000u

static void *blocks[BURST];

static uint64_t burst(size_t size, unsigned char tag)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < BURST; i++) {
		blocks[i] = work_alloc(size);
		work_write(blocks[i], size, (unsigned char)(tag + i));
	}
	for (unsigned i = 0; i < BURST / 2; i++) {
		sum += work_read(blocks[i], size);
		free(blocks[i]);
	}
	for (unsigned i = BURST; i-- > BURST / 2;) {
		sum += work_read(blocks[i], size);
		free(blocks[i]);
	}
	return sum;
}

int main(int argc, char **argv)
{
	struct work_args args;
	uint64_t bursts, checksum = 0;
	double begin;

	work_parse(&args, argc, argv);
	bursts = work_scaled(&args, FULL_BURSTS, 1);
	begin = work_seconds();
	for (uint64_t i = 0; i < bursts; i++)
		checksum += burst(args.size, (unsigned char)i);
	work_report("burst", bursts * BURST, work_seconds() - begin, checksum);
	return 0;
}
