/*
 * An input: bytes, taken from the front as numbers. When none are left all
 * that follows reads 0.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *at, *end;
};

static inline bool input_is_over(const struct input *in)
{
	return in->at == in->end;
}

static inline unsigned int input_byte(struct input *in)
{
	return input_is_over(in) ? 0 : *in->at++;
}

/* Below n, which is at most 256. */
static inline unsigned int input_below(struct input *in, unsigned int n)
{
	return input_byte(in) % n;
}

/* Of every kind that has a path of its own; some are refused always. */
size_t input_size(struct input *in);

/* A power of two up to 16 MiB; now and then no power of two. */
size_t input_alignment(struct input *in);

#endif
