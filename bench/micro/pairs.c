/*
 * One block at a time, given back at once: the hit path of every entry point
 * by size. Only the first byte is written (calloc's is read), so that it is
 * the calls that are timed.
 */
#include "micro.h"

#include <stdlib.h>

#define BATCH 1000
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* C++'s sized forms by the names that the linker knows. */
void *cxx_new(size_t size) __asm__("_Znwm");
void cxx_delete_sized(void *block, size_t size) __asm__("_ZdlPvm");

static const size_t sizes[] = {8,    16,    64,	   256,	   1024,
			       4096, 16384, 65536, 262144, 1048576};
static const size_t few_sizes[] = {64, 1024, 16384, 262144};
static const size_t alignments[] = {64, 4096};

static void use(void *block)
{
	*(volatile char *)block = 1;
	bench_escape(block);
}

static void pair_malloc(struct bench_state *state)
{
	size_t size = bench_what(state)->size;

	while (bench_batch(state, BATCH)) {
		for (unsigned i = 0; i < BATCH; i++) {
			void *block = malloc(size);

			use(block);
			free(block);
		}
	}
}

static void pair_calloc(struct bench_state *state)
{
	size_t size = bench_what(state)->size;

	while (bench_batch(state, BATCH)) {
		for (unsigned i = 0; i < BATCH; i++) {
			char *block = calloc(1, size);

			bench_escape(block);
			if (block[size - 1] != 0) {
				bench_fail(state, "calloc is not zero");
				return;
			}
			/* dirty, so that the next one has to be cleared */
			block[0] = block[size - 1] = 1;
			bench_escape(block);
			free(block);
		}
	}
}

static void pair_aligned(struct bench_state *state)
{
	size_t size = bench_what(state)->size;
	size_t alignment = bench_what(state)->mode;

	while (bench_batch(state, BATCH)) {
		for (unsigned i = 0; i < BATCH; i++) {
			void *block = NULL;

			if (posix_memalign(&block, alignment, size) != 0) {
				bench_fail(state, "out of memory");
				return;
			}
			use(block);
			free(block);
		}
	}
}

static void pair_sized(struct bench_state *state)
{
	size_t size = bench_what(state)->size;

	while (bench_batch(state, BATCH)) {
		for (unsigned i = 0; i < BATCH; i++) {
			void *block = cxx_new(size);

			use(block);
			cxx_delete_sized(block, size);
		}
	}
}

void micro_add_pairs(void)
{
	for (size_t i = 0; i < COUNT(sizes); i++)
		micro_add("hit", micro_size_text(sizes[i]), pair_malloc,
			  sizes[i], 0, 1);
	for (size_t i = 0; i < COUNT(few_sizes); i++)
		micro_add("calloc", micro_size_text(few_sizes[i]), pair_calloc,
			  few_sizes[i], 0, 1);
	for (size_t i = 0; i < COUNT(alignments); i++)
		micro_add("aligned", micro_size_text(alignments[i]),
			  pair_aligned, 200, (unsigned)alignments[i], 1);
	for (size_t i = 0; i < COUNT(few_sizes) - 1; i++)
		micro_add("sized", micro_size_text(few_sizes[i]), pair_sized,
			  few_sizes[i], 0, 1);
}
