/* The families of micro-benchmarks: each file adds its cases. */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include "../shim.h"

void micro_add_pairs(void);
void micro_add_bursts(void);
void micro_add_realloc(void);
void micro_add_threads(void);
void micro_add_pages(void);

/* Adds a case named "family/label". */
void micro_add(const char *family, const char *label,
	       void (*body)(struct bench_state *), size_t size, unsigned mode,
	       unsigned threads);

/* The size as people write it: 64, 4K, 1M. The text is overwritten. */
const char *micro_size_text(size_t size);

/* The next of a fixed series; its upper bits are the better ones. */
static inline uint32_t micro_random(uint32_t *random)
{
	*random = *random * 1664525u + 1013904223u;
	return *random;
}

/* The same, below `limit`. */
static inline size_t micro_random_below(uint32_t *random, size_t limit)
{
	return (size_t)(((uint64_t)micro_random(random) * limit) >> 32);
}

#endif /* BENCH_MICRO_H */
