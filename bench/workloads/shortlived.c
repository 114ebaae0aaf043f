/*
 * Many short threads, four at a time: each makes a hundred blocks, frees
 * three in four and leaves the rest to the thread that joins it. What a
 * thread costs to set up and take down, and whether its memory comes back,
 * decides. An operation is one thread.
 */
#include "work.h"

#define AT_ONCE 4u
#define BLOCKS 100u
#define LEFT_OF 4u
#define FULL_BATCHES 3000u
#define LEAST_BYTES 16u
#define MOST_BYTES 1000u

struct life {
	pthread_t id;
	struct work_random random;
	unsigned char *blocks[BLOCKS];
};

static void *live(void *arg)
{
	struct life *life = arg;

	for (unsigned i = 0; i < BLOCKS; i++) {
		size_t size =
			work_between(&life->random, LEAST_BYTES, MOST_BYTES);

		life->blocks[i] = work_alloc(size);
		work_write(life->blocks[i], size, (unsigned char)i);
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		if (i % LEFT_OF != 0)
			free(life->blocks[i]);
	}
	return NULL;
}

static uint64_t bury(struct life *life)
{
	uint64_t sum = 0;

	pthread_join(life->id, NULL);
	for (unsigned i = 0; i < BLOCKS; i += LEFT_OF) {
		sum += life->blocks[i][0];
		free(life->blocks[i]);
	}
	return sum;
}

int main(int argc, char **argv)
{
	static struct life lives[AT_ONCE];
	struct work_args args;
	uint64_t batches, checksum = 0;
	double begin;

	work_parse(&args, argc, argv);
	batches = work_scaled(&args, FULL_BATCHES, 1);
	begin = work_seconds();
	for (uint64_t i = 0; i < batches; i++) {
		for (unsigned j = 0; j < AT_ONCE; j++) {
			work_seed(&lives[j].random,
				  args.seed + i * AT_ONCE + j);
			if (pthread_create(&lives[j].id, NULL, live,
					   &lives[j]) != 0)
				work_die("no thread");
		}
		for (unsigned j = 0; j < AT_ONCE; j++)
			checksum += bury(&lives[j]);
	}
	work_report("shortlived", batches * AT_ONCE, work_seconds() - begin,
		    checksum);
	return 0;
}
