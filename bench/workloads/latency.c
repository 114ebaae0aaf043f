/*
 * Latency of single calls: every malloc and every free of a random walk over
 * 20,000 slots (16 to 1,000 bytes) is timed by the processor's own counter and
 * put into a histogram of 16 steps per doubling. The counter's reading, some
 * tens of nanoseconds, is part of every value and the same for all.
 */
#include "work.h"

#include <stdio.h>
#include <time.h>

#define SLOTS 20000u
#define FULL_STEPS 12000000u
#define LEAST_BYTES 16u
#define MOST_BYTES 1000u
#define STEP_BITS 4u
#define STEPS (1u << STEP_BITS)
#define BUCKETS (64u * STEPS)
#define MORE_BYTES 8192

struct histogram {
	uint64_t counts[BUCKETS];
	uint64_t total, most;
};

static struct {
	pthread_mutex_t lock;
	struct histogram malloc, free;
} sum = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The counter, after all that went before and before all that follows. */
static inline uint64_t ticks(void)
{
#if defined(__x86_64__)
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence"
			 : "=a"(low), "=d"(high)
			 :
			 : "memory");
	return (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
	uint64_t now;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb"
			 : "=r"(now)
			 :
			 : "memory");
	return now;
#else
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

static unsigned bucket_of(uint64_t value)
{
	unsigned shift;

	if (value < STEPS)
		return (unsigned)value;
	shift = 63 - (unsigned)__builtin_clzll(value) - STEP_BITS;
	return (shift + 1) * STEPS + (unsigned)(value >> shift) - STEPS;
}

/* The largest value that the bucket holds. */
static uint64_t bucket_top(unsigned bucket)
{
	unsigned shift;

	if (bucket < STEPS)
		return bucket;
	shift = bucket / STEPS - 1;
	return (((uint64_t)(bucket % STEPS) + STEPS + 1) << shift) - 1;
}

static void record(struct histogram *histogram, uint64_t value)
{
	histogram->counts[bucket_of(value)]++;
	histogram->total++;
	if (value > histogram->most)
		histogram->most = value;
}

static void histogram_add(struct histogram *into, const struct histogram *from)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		into->counts[i] += from->counts[i];
	into->total += from->total;
	into->most = into->most > from->most ? into->most : from->most;
}

static uint64_t percentile(const struct histogram *histogram, double part)
{
	uint64_t wanted = (uint64_t)((double)histogram->total * part), seen = 0;

	for (unsigned i = 0; i < BUCKETS; i++) {
		seen += histogram->counts[i];
		if (seen > wanted)
			return bucket_top(i) < histogram->most
				       ? bucket_top(i)
				       : histogram->most;
	}
	return histogram->most;
}

struct slot {
	unsigned char *block;
	size_t size;
};

static void step(struct work_thread *thread, struct slot *slot,
		 struct histogram *mallocs, struct histogram *frees)
{
	uint64_t begin;

	if (slot->block != NULL) {
		thread->checksum += work_read(slot->block, slot->size);
		begin = ticks();
		free(slot->block);
		record(frees, ticks() - begin);
		slot->block = NULL;
		return;
	}
	slot->size = work_between(&thread->random, LEAST_BYTES, MOST_BYTES);
	begin = ticks();
	slot->block = malloc(slot->size);
	record(mallocs, ticks() - begin);
	if (slot->block == NULL)
		work_die("out of memory");
	work_write(slot->block, slot->size, (unsigned char)slot->size);
}

static void body(struct work_thread *thread)
{
	struct slot *slots = calloc(SLOTS, sizeof(*slots));
	struct histogram *mallocs = calloc(2, sizeof(*mallocs));
	struct histogram *frees = mallocs + 1;
	uint64_t steps = work_scaled(thread->args, FULL_STEPS, SLOTS);

	if (slots == NULL || mallocs == NULL)
		work_die("out of memory");
	for (uint64_t i = 0; i < steps; i++)
		step(thread, &slots[work_below(&thread->random, SLOTS)],
		     mallocs, frees);
	for (unsigned i = 0; i < SLOTS; i++)
		free(slots[i].block);
	thread->operations = steps;
	pthread_mutex_lock(&sum.lock);
	histogram_add(&sum.malloc, mallocs);
	histogram_add(&sum.free, frees);
	pthread_mutex_unlock(&sum.lock);
	free(mallocs);
	free(slots);
}

static size_t describe(char *text, size_t room, const char *name,
		       const struct histogram *histogram, double tick_ns)
{
	static const struct {
		const char *name;
		double part;
	} points[] = {{"p50", 0.5},	  {"p90", 0.9},
		      {"p99", 0.99},	  {"p99.9", 0.999},
		      {"p99.99", 0.9999}, {"p99.999", 0.99999}};
	size_t used = 0;

	used += (size_t)snprintf(text, room, "\"%s\": {", name);
	for (unsigned i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		used += (size_t)snprintf(
			text + used, room - used, "\"%s\": %.1f, ",
			points[i].name,
			(double)percentile(histogram, points[i].part) *
				tick_ns);
	used += (size_t)snprintf(text + used, room - used, "\"max\": %.1f}",
				 (double)histogram->most * tick_ns);
	return used;
}

int main(int argc, char **argv)
{
	struct work_args args;
	uint64_t operations = 0, checksum = 0, first_tick;
	double seconds, begin, tick_ns;
	char more[MORE_BYTES];
	size_t used;

	work_parse(&args, argc, argv);
	begin = work_seconds();
	first_tick = ticks();
	seconds = work_run_threads(&args, NULL, body, &operations, &checksum);
	tick_ns =
		(work_seconds() - begin) * 1e9 / (double)(ticks() - first_tick);
	used = describe(more, sizeof(more), "malloc", &sum.malloc, tick_ns);
	used += (size_t)snprintf(more + used, sizeof(more) - used, ", ");
	describe(more + used, sizeof(more) - used, "free", &sum.free, tick_ns);
	work_report_more("latency", operations, seconds, checksum, more);
	return 0;
}
