/* Blocks of every kind, and what each must be: for the tests of the heap. */
#ifndef TEST_UNIT_BLOCKS_H
#define TEST_UNIT_BLOCKS_H

#include "unit.h"

#define MIB ((size_t)1 << 20)

/* Sizes around every border that the code has. */
static const size_t sizes[] = {
	0,	     1,
	15,	     16,
	17,	     100,
	1008,	     1023,
	1024,	     1025,
	4096,	     8191,
	8192,	     8193,
	65535,	     65536,
	65537,	     SMALL_MAX - 1,
	SMALL_MAX,   SMALL_MAX + 1,
	300000,	     MIB,
	2 * MIB + 1, 5 * MIB,
};

/* Of at least that size, aligned as malloc promises; p again. */
static inline void *check_block(void *p, size_t size)
{
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % MIN_OBJECT_SIZE, 0);
	assert_true(heap_usable_size(p, "malloc_usable_size") >= size);
	assert_true(heap_usable_size(p, "malloc_usable_size") > 0);
	return p;
}

static inline void release(void *p)
{
	heap_free(p, "free");
}

#endif
