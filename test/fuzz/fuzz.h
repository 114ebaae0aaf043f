/*
 * The fuzzer: bytes become calls of the allocator, beside a model of it.
 *
 *	input.h    bytes as numbers, sizes and alignments
 *	model.h    what is in use: contents, extents, how each is to be freed
 *	family.h   the functions, under both of their names
 *	calls.h    the calls, and what each must do
 *	target.c   an input: its calls in order, mm_verify() between them
 *	main.c     inputs from files, or random ones, without libFuzzer
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdint.h>

#include "heap/heap.h"

#include "family.h"
#include "input.h"
#include "model.h"

/* Decodes one call and makes it. */
void fuzz_call(struct input *in, struct model *m);

/* Frees all that is in use, and ends the caches. */
void fuzz_end(struct model *m);

/* libFuzzer's name for one input; always 0. What is wrong aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
