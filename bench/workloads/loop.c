/*
 * One size in a loop: malloc, write, free. Nothing is ever live but the one
 * block, so this is the length of the hit path and little else.
 */
#include "work.h"

#define FULL_PAIRS 60000000u

int main(int argc, char **argv)
{
	struct work_args args;
	uint64_t pairs, checksum = 0;
	double begin;

	work_parse(&args, argc, argv);
	pairs = work_scaled(&args, FULL_PAIRS, 1);
	begin = work_seconds();
	for (uint64_t i = 0; i < pairs; i++) {
		unsigned char *block = work_alloc(args.size);

		block[0] = (unsigned char)i;
		work_escape(block);
		checksum += block[0];
		free(block);
	}
	work_report("loop", pairs, work_seconds() - begin, checksum);
	return 0;
}
