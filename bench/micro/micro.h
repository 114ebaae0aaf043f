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

#endif /* BENCH_MICRO_H */
