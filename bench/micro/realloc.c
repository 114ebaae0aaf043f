/*
 * realloc: one block that grows from 16 bytes to its full size, by a fixed
 * step (a naive reader) or by half of itself (a vector). What was added is
 * written each time. The time is that of one realloc. Or lines that are read
 * into blocks of the full size, of which each is then cut to its length. The
 * time is that of one line.
 */
#include "micro.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 16u
#define SMALL_STEP 64u
#define LINES 64u /* at a time */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { GROW_BY_STEP, GROW_BY_HALF };

static const struct {
	size_t size;
	unsigned mode;
	const char *label;
} cases[] = {
	{4096, GROW_BY_STEP, "step/4K"},
	{4096, GROW_BY_HALF, "half/4K"},
	{1048576, GROW_BY_HALF, "half/1M"},
	{16777216, GROW_BY_HALF, "half/16M"},
};

static size_t next_size(size_t size, unsigned mode)
{
	return mode == GROW_BY_STEP ? size + SMALL_STEP
				    : size + size / 2 + FIRST_BYTES;
}

/* Calls of realloc that one growth takes. */
static int64_t steps_to(size_t full, unsigned mode)
{
	int64_t steps = 0;

	for (size_t size = FIRST_BYTES; size < full; steps++)
		size = next_size(size, mode);
	return steps;
}

static void growth(struct bench_state *state)
{
	const struct bench_case *what = bench_what(state);
	int64_t steps = steps_to(what->size, what->mode);

	while (bench_batch(state, steps)) {
		size_t size = FIRST_BYTES;
		char *block = malloc(size);

		memset(block, 1, size);
		for (int64_t i = 0; i < steps; i++) {
			size_t larger = next_size(size, what->mode);

			block = realloc(block, larger);
			if (block == NULL) {
				bench_fail(state, "out of memory");
				return;
			}
			memset(block + size, 1, larger - size);
			size = larger;
		}
		free(block);
	}
}

static void cutting(struct bench_state *state)
{
	size_t full = bench_what(state)->size;
	char *lines[LINES] = {NULL};
	uint32_t random = 1;

	while (bench_batch(state, LINES)) {
		for (unsigned i = 0; i < LINES; i++) {
			size_t length = 1 + micro_random_below(&random, full);
			char *line = malloc(full);

			memset(line, 1, length);
			line = realloc(line, length);
			if (line == NULL) {
				bench_fail(state, "out of memory");
				return;
			}
			free(lines[i]);
			lines[i] = line;
		}
	}
	for (unsigned i = 0; i < LINES; i++)
		free(lines[i]);
}

void micro_add_realloc(void)
{
	micro_add("realloc", "cut/1K", cutting, 1024, 0, 1);
	for (size_t i = 0; i < COUNT(cases); i++)
		micro_add("realloc", cases[i].label, growth, cases[i].size,
			  cases[i].mode, 1);
}
