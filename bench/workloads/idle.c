/*
 * A long idle after a peak: sessions of blocks (16 to 4,000 bytes) are built
 * up, 19 of 20 end, and the program then sleeps, with a handful of small
 * calls now and then. Its memory column is what is resident at the end of the
 * idle time, not the peak; its time is that of the work, without the sleep.
 * --mode=long idles for 12 seconds, --mode=short for less than one.
 */
#include "work.h"

#include <stdio.h>
#include <time.h>

#define FULL_SESSIONS 2000u
#define BLOCKS 100u /* per session */
#define KEPT_OF 20u
#define LEAST_BYTES 16u
#define MOST_BYTES 4000u
#define TICK_MS 10u
#define TICK_CALLS 50u
#define LONG_TICKS 1200u
#define SHORT_TICKS 50u

struct session {
	unsigned char *blocks[BLOCKS];
	uint16_t sizes[BLOCKS];
};

static void session_begin(struct session *session, struct work_random *random)
{
	for (unsigned i = 0; i < BLOCKS; i++) {
		size_t size = work_between(random, LEAST_BYTES, MOST_BYTES);

		session->blocks[i] = work_alloc(size);
		session->sizes[i] = (uint16_t)size;
		memset(session->blocks[i], (int)(size & 0xff), size);
	}
}

static uint64_t session_end(struct session *session)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < BLOCKS; i++) {
		sum += work_read(session->blocks[i], session->sizes[i]);
		free(session->blocks[i]);
	}
	return sum;
}

/* Returns the seconds of the calls, without the sleep. */
static double idle(unsigned ticks)
{
	const struct timespec pause = {0, TICK_MS * 1000000};
	double busy = 0.0;

	for (unsigned i = 0; i < ticks; i++) {
		double begin;

		nanosleep(&pause, NULL);
		begin = work_seconds();
		for (unsigned j = 0; j < TICK_CALLS; j++) {
			void *block = work_alloc(64 + j);

			work_write(block, 64 + j, (unsigned char)j);
			free(block);
		}
		busy += work_seconds() - begin;
	}
	return busy;
}

static unsigned idle_ticks(const char *mode)
{
	if (strcmp(mode, "long") == 0)
		return LONG_TICKS;
	if (strcmp(mode, "short") == 0)
		return SHORT_TICKS;
	work_die("--mode must be long or short");
}

int main(int argc, char **argv)
{
	struct work_args args;
	struct work_random random;
	struct session *sessions;
	uint64_t count, checksum = 0;
	double begin, busy;
	char more[96];
	size_t peak_kb;

	work_parse(&args, argc, argv);
	work_seed(&random, args.seed);
	count = work_scaled(&args, FULL_SESSIONS, KEPT_OF);
	begin = work_seconds();
	sessions = work_alloc(count * sizeof(*sessions));
	for (uint64_t i = 0; i < count; i++)
		session_begin(&sessions[i], &random);
	peak_kb = work_resident_kb();
	for (uint64_t i = 0; i < count; i++) {
		if (i % KEPT_OF != 0)
			checksum += session_end(&sessions[i]);
	}
	busy = work_seconds() - begin + idle(idle_ticks(args.mode));
	snprintf(more, sizeof(more), "\"rss_kb\": %zu, \"peak_kb\": %zu",
		 work_resident_kb(), peak_kb);
	for (uint64_t i = 0; i < count; i += KEPT_OF)
		checksum += session_end(&sessions[i]);
	free(sessions);
	work_report_more("idle", count * BLOCKS, busy, checksum, more);
	return 0;
}
