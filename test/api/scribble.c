/*
 * Scribbles over all that a program can reach by its own pointers: the rest of
 * each block up to the next one, freed blocks, and the space behind the last
 * object of a slab. None of that may change what the allocator knows: its
 * self-check is sound, and it goes on handing out blocks that do not overlap.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buddy.h"

enum { BLOCKS = 4000, ROUNDS = 6 };

static unsigned char *block[BLOCKS];
static size_t size[BLOCKS];
static uint64_t seed = 42;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

static size_t some_size(void)
{
	return below(40) ? 1 + below(9000) : 1 + below(900000);
}

static void allocate_all(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		size[i] = some_size();
		block[i] = buddy_malloc(size[i]);
		assert_non_null(block[i]);
		memset(block[i], i, size[i]);
	}
}

static void check_all(void)
{
	for (int i = 0; i < BLOCKS; i++)
		for (size_t b = 0; b < size[i]; b += 1 + size[i] / 64)
			if (block[i][b] != (unsigned char)i)
				fail_msg("block %d of %zu bytes, byte %zu", i,
					 size[i], b);
}

/* Behind its end up to the end of what is its own, and then freed. */
static void scribble(int i, bool twice)
{
	size_t usable = buddy_usable_size(block[i]);

	memset(block[i], 0xff, usable);
	buddy_free(block[i]);
	/* Large ones may have been given back to the system. */
	if (usable <= 256 << 10 && twice)
		memset(block[i], (int)below(256), usable);
}

/* Behind the last object of its 64 KiB page, as far as nobody is there. */
static void scribble_behind(unsigned char *p, size_t of)
{
	uintptr_t page = (uintptr_t)p & ~(uintptr_t)(BUDDY_PAGE_SIZE - 1);
	size_t used = BUDDY_PAGE_SIZE / of * of;

	memset((void *)(page + used), 0xff, BUDDY_PAGE_SIZE - used);
}

static void test_freed_blocks_and_ends(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		allocate_all();
		check_all();
		for (int i = 0; i < BLOCKS; i++) {
			if (size[i] <= 1024)
				scribble_behind(block[i],
						buddy_usable_size(block[i]));
		}
		check_all();
		assert_int_equal(buddy_mm_verify(), 0);
		for (int i = 0; i < BLOCKS; i++)
			scribble(i, true);
		assert_int_equal(buddy_mm_verify(), 0);
		buddy_trim(0);
		assert_int_equal(buddy_mm_verify(), 0);
	}
}

/* Every other one is freed and scribbled over while the rest is in use. */
static void test_between_live_ones(void **state)
{
	(void)state;
	allocate_all();
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = round % 2; i < BLOCKS; i += 2)
			scribble(i, true);
		assert_int_equal(buddy_mm_verify(), 0);
		for (int i = round % 2; i < BLOCKS; i += 2) {
			size[i] = some_size();
			block[i] = buddy_malloc(size[i]);
			assert_non_null(block[i]);
			memset(block[i], i, size[i]);
		}
		check_all();
		assert_int_equal(buddy_mm_verify(), 0);
	}
	for (int i = 0; i < BLOCKS; i++)
		scribble(i, false);
	assert_int_equal(buddy_mm_verify(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_freed_blocks_and_ends),
		cmocka_unit_test(test_between_live_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
