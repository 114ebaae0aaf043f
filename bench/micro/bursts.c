/*
 * Bursts: many blocks of one size, then all of them are freed in the order of
 * allocation, in reverse, or shuffled. The time is that of one block.
 */
#include "micro.h"

#include <stdio.h>
#include <stdlib.h>

#define BURST 1000u
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const orders[] = {"forward", "reverse", "shuffled"};
static const size_t sizes[] = {64, 1024, 16384};

/* A fixed permutation: Fisher and Yates with a small generator. */
static void fill_order(unsigned *order, unsigned mode)
{
	uint32_t random = 1;

	for (unsigned i = 0; i < BURST; i++)
		order[i] = mode == 1 ? BURST - 1 - i : i;
	for (unsigned i = BURST; mode == 2 && i-- > 1;) {
		size_t other = micro_random_below(&random, i + 1);
		unsigned kept = order[i];

		order[i] = order[other];
		order[other] = kept;
	}
}

static void burst(struct bench_state *state)
{
	void *blocks[BURST];
	unsigned order[BURST];
	size_t size = bench_what(state)->size;

	fill_order(order, bench_what(state)->mode);
	while (bench_batch(state, BURST)) {
		for (unsigned i = 0; i < BURST; i++) {
			blocks[i] = malloc(size);
			*(volatile char *)blocks[i] = 1;
			bench_escape(blocks[i]);
		}
		for (unsigned i = 0; i < BURST; i++)
			free(blocks[order[i]]);
	}
}

void micro_add_bursts(void)
{
	char label[32];

	for (size_t i = 0; i < COUNT(sizes); i++) {
		for (unsigned mode = 0; mode < COUNT(orders); mode++) {
			snprintf(label, sizeof(label), "%s/%s",
				 micro_size_text(sizes[i]), orders[mode]);
			micro_add("burst", label, burst, sizes[i], mode, 1);
		}
	}
}
