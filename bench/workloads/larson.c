/*
 * A server after Larson and Krishnan: each lane holds 1,000 blocks and
 * replaces them at random; after a while its thread starts a successor, hands
 * all blocks on to it and ends. So most blocks are freed by a thread that did
 * not allocate them, and the one that did is gone.
 */
#include "work.h"

#include <semaphore.h>

#define SLOTS 1000u
#define GENERATIONS 20u
#define FULL_ROUNDS 400000u /* per generation */
#define LEAST_BYTES 10u
#define MOST_BYTES 500u

struct lane {
	unsigned char *blocks[SLOTS];
	uint16_t sizes[SLOTS];
	struct work_random random;
	uint64_t rounds;
	uint64_t checksum;
	unsigned generation;
	sem_t done;
};

static void replace_one(struct lane *lane)
{
	unsigned at = work_below(&lane->random, SLOTS);
	size_t size = work_between(&lane->random, LEAST_BYTES, MOST_BYTES);

	if (lane->blocks[at] != NULL) {
		lane->checksum += work_read(lane->blocks[at], lane->sizes[at]);
		free(lane->blocks[at]);
	}
	lane->blocks[at] = work_alloc(size);
	lane->sizes[at] = (uint16_t)size;
	work_write(lane->blocks[at], size, (unsigned char)size);
}

static void start_generation(struct lane *lane);

static void *generation(void *arg)
{
	struct lane *lane = arg;

	for (uint64_t i = 0; i < lane->rounds; i++)
		replace_one(lane);
	if (++lane->generation < GENERATIONS)
		start_generation(lane);
	else
		sem_post(&lane->done);
	return NULL;
}

static void start_generation(struct lane *lane)
{
	pthread_attr_t detached;
	pthread_t id;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&id, &detached, generation, lane) != 0)
		work_die("no thread");
	pthread_attr_destroy(&detached);
}

static void serve(struct work_thread *thread)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (lane == NULL)
		work_die("out of memory");
	lane->random = thread->random;
	lane->rounds = work_scaled(thread->args, FULL_ROUNDS, SLOTS);
	sem_init(&lane->done, 0, 0);
	start_generation(lane);
	while (sem_wait(&lane->done) != 0)
		;
	for (unsigned i = 0; i < SLOTS; i++)
		free(lane->blocks[i]);
	thread->operations = lane->rounds * GENERATIONS;
	thread->checksum = lane->checksum;
	sem_destroy(&lane->done);
	free(lane);
}

int main(int argc, char **argv)
{
	struct work_args args;
	uint64_t operations = 0, checksum = 0;
	double seconds;

	work_parse(&args, argc, argv);
	seconds = work_run_threads(&args, NULL, serve, &operations, &checksum);
	work_report("larson", operations, seconds, checksum);
	return 0;
}
