/*
 * Powers of two, and bitmaps as arrays of 64-bit words.
 *
 * Bit n of a bitmap is bit (n % 64) of word (n / 64). No function allocates,
 * locks or keeps state; the caller holds what guards the words.
 */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

#define BITS_PER_WORD 64u
#define BITMAP_WORDS(bits) (((bits) + BITS_PER_WORD - 1) / BITS_PER_WORD)

static inline size_t align_up(size_t x, size_t a)
{
	return (x + a - 1) & ~(a - 1);
}

static inline size_t align_down(size_t x, size_t a)
{
	return x & ~(a - 1);
}

static inline bool is_power_of_two(size_t x)
{
	return x && !(x & (x - 1));
}

/* Index of the lowest set bit; x is not 0. */
static inline unsigned int lowest_bit(uint64_t x)
{
	return (unsigned int)__builtin_ctzll(x);
}

/* Index of the highest set bit; x is not 0. */
static inline unsigned int highest_bit(uint64_t x)
{
	return BITS_PER_WORD - 1 - (unsigned int)__builtin_clzll(x);
}

/*
 * How many bits are set. After H. S. Warren, "Hacker's Delight" (2013), 5-1:
 * sums of two, four and eight bits, then all bytes by a multiplication. On
 * x86-64 the builtin calls a function of libgcc, unless the oldest processors
 * are left out.
 */
static inline unsigned int count_bits(uint64_t x)
{
#if defined(__x86_64__) && !defined(__POPCNT__)
	x -= x >> 1 & UINT64_C(0x5555555555555555);
	x = (x & UINT64_C(0x3333333333333333)) +
	    (x >> 2 & UINT64_C(0x3333333333333333));
	x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned int)(x * UINT64_C(0x0101010101010101) >> 56);
#else
	return (unsigned int)__builtin_popcountll(x);
#endif
}

/* The smallest n with 2^n >= x; x is not 0. */
static inline unsigned int order_at_least(uint64_t x)
{
	return x <= 1 ? 0 : highest_bit(x - 1) + 1;
}

static inline bool bitmap_test(const uint64_t *map, size_t bit)
{
	return map[bit / BITS_PER_WORD] >> (bit % BITS_PER_WORD) & 1;
}

static inline void bitmap_set(uint64_t *map, size_t bit)
{
	map[bit / BITS_PER_WORD] |= UINT64_C(1) << (bit % BITS_PER_WORD);
}

static inline void bitmap_clear(uint64_t *map, size_t bit)
{
	map[bit / BITS_PER_WORD] &= ~(UINT64_C(1) << (bit % BITS_PER_WORD));
}

/* The bits of word w that lie in [start, start + nr). */
static inline uint64_t bitmap_mask(size_t w, size_t start, size_t nr)
{
	size_t base = w * BITS_PER_WORD;
	size_t lo = start > base ? start - base : 0;
	size_t hi = start + nr - base;

	if (hi > BITS_PER_WORD)
		hi = BITS_PER_WORD;
	return (~UINT64_C(0) >> (BITS_PER_WORD - (hi - lo))) << lo;
}

/* The range functions work on [start, start + nr). */
void bitmap_set_range(uint64_t *map, size_t start, size_t nr);
void bitmap_clear_range(uint64_t *map, size_t start, size_t nr);
size_t bitmap_count_range(const uint64_t *map, size_t start, size_t nr);

/* True when every bit (no bit) of the range is set; an empty range is both. */
bool bitmap_all_set(const uint64_t *map, size_t start, size_t nr);
bool bitmap_none_set(const uint64_t *map, size_t start, size_t nr);

/* The first set (clear) bit in [from, end), or end. */
size_t bitmap_next_set(const uint64_t *map, size_t from, size_t end);
size_t bitmap_next_clear(const uint64_t *map, size_t from, size_t end);

#endif
