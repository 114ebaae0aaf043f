/*
 * What all workloads share: arguments, a seeded generator, the clock, writing
 * to blocks as a real program does, threads that start together, and the one
 * line of JSON on stdout by which a workload reports.
 *
 * A workload does a fixed amount of work, a function of --scale, --threads
 * and --seed alone, so that every allocator is given the same calls. It folds
 * what it reads back from its blocks into a checksum: this keeps the compiler
 * from dropping the work, and the runner compares the sums between
 * allocators. With several threads the sum must not depend on their order.
 */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORK_CACHE_LINE 64
#define WORK_MAX_THREADS 64

struct work_args {
	uint64_t seed;
	double scale;	  /* multiplies the operations, 1.0 is the full run */
	unsigned threads; /* at most WORK_MAX_THREADS */
	size_t size;	  /* of a block, where the workload has one size */
	const char *mode; /* a variant's name, or "" */
};

struct work_random {
	uint64_t state;
};

/* What one thread of a workload is given and gives back. */
struct work_thread {
	const struct work_args *args;
	unsigned index;
	struct work_random random; /* seeded by index */
	uint64_t operations;
	uint64_t checksum;
	void *shared; /* the workload's own */
};

/* Reads --seed --scale --threads --size --mode; exits on anything else. */
void work_parse(struct work_args *args, int argc, char **argv);

/* `full` operations at scale 1.0, and never fewer than `least`. */
uint64_t work_scaled(const struct work_args *args, uint64_t full,
		     uint64_t least);

double work_seconds(void);
size_t work_resident_kb(void);

/*
 * Runs body on args->threads threads that start together; returns the seconds
 * from the common start to the last one's end and adds up the threads' work.
 */
double work_run_threads(const struct work_args *args, void *shared,
			void (*body)(struct work_thread *),
			uint64_t *operations, uint64_t *checksum);

void work_report(const char *name, uint64_t operations, double seconds,
		 uint64_t checksum);
/* The same, with further members: `"name": value, ...`, or "". */
void work_report_more(const char *name, uint64_t operations, double seconds,
		      uint64_t checksum, const char *more);

void work_die(const char *what) __attribute__((noreturn));

static inline void work_seed(struct work_random *random, uint64_t seed)
{
	random->state = seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du;
}

/* Steele, Lea and Flood's SplitMix64: one addition and a finalizer. */
static inline uint64_t work_next(struct work_random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Uniform in 0 .. bound-1, for bounds far below 2^32. */
static inline uint32_t work_below(struct work_random *random, uint32_t bound)
{
	return (uint32_t)(((work_next(random) >> 32) * bound) >> 32);
}

/* Uniform in low .. high. */
static inline size_t work_between(struct work_random *random, size_t low,
				  size_t high)
{
	return low + work_below(random, (uint32_t)(high - low + 1));
}

static inline void *work_alloc(size_t size)
{
	void *block = malloc(size);

	if (__builtin_expect(block == NULL, 0))
		work_die("out of memory");
	return block;
}

/* Keeps the compiler from pairing a malloc with its free. */
static inline void work_escape(void *block)
{
	__asm__ volatile("" : : "r"(block) : "memory");
}

/* Writes every cache line of the block; its first byte gets the tag. */
static inline void work_write(void *block, size_t size, unsigned char tag)
{
	unsigned char *bytes = block;

	for (size_t at = 0; at < size; at += WORK_CACHE_LINE)
		bytes[at] = tag;
	bytes[size - 1] = tag;
	work_escape(block);
}

/* What work_write() left at both ends. */
static inline uint64_t work_read(const void *block, size_t size)
{
	const unsigned char *bytes = block;

	return (uint64_t)bytes[0] + bytes[size - 1];
}

#endif /* BENCH_WORK_H */
