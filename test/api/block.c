/*
 * What a block is: aligned, as large as it says, wholly writable, zeroed when
 * that was asked for.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "family.h"

static void all_bytes_are(const void *ptr, unsigned char byte, size_t size)
{
	const unsigned char *at = ptr;

	if (!size)
		return;
	CHECK_EQ(at[0], byte);
	CHECK(!memcmp(at, at + 1, size - 1));
}

/* The sizes from `from` on, in growing steps, until beyond 64 MiB. */
static size_t next_size(size_t size)
{
	return size < 70000 ? size + 1 : size + size / 23 + 4097;
}

static void every_size_is_aligned_and_writable(void)
{
	/* A window of live blocks, so that neighbours are written too. */
	enum { WINDOW = 48 };
	static unsigned char *live[WINDOW];
	static size_t length[WINDOW];
	unsigned int i = 0;

	for (size_t size = 0; size <= (64 << 20); size = next_size(size), i++) {
		unsigned int slot = i % WINDOW;
		if (live[slot])
			all_bytes_are(live[slot], (unsigned char)(i - WINDOW),
				      length[slot]);
		family.free(live[slot]);
		live[slot] = family.malloc(size);
		CHECK(live[slot] != NULL);
		CHECK_EQ((uintptr_t)live[slot] % 16, 0);
		length[slot] = family.malloc_usable_size(live[slot]);
		CHECK(length[slot] >= size);
		if (length[slot] > 1 << 20) /* the ends tell enough */
			length[slot] = 1 << 20;
		memset(live[slot], (int)(i & 0xff), length[slot]);
		live[slot][family.malloc_usable_size(live[slot]) - 1] =
			(unsigned char)i;
	}
	for (unsigned int slot = 0; slot < WINDOW; slot++) {
		family.free(live[slot]);
		live[slot] = NULL;
	}
}

static void usable_size_is_not_wasteful(void)
{
	for (size_t size = 129; size <= (64 << 20); size = next_size(size)) {
		void *ptr = family.malloc(size);
		CHECK(ptr != NULL);
		/* Four classes per doubling, or whole pages of 64 KiB. */
		CHECK(family.malloc_usable_size(ptr) <= size + size / 4 + 128);
		family.free(ptr);
	}
}

static void dirty(size_t size, int nr)
{
	enum { MOST = 64 };
	void *block[MOST];

	for (int i = 0; i < nr; i++) {
		block[i] = family.malloc(size);
		CHECK(block[i] != NULL);
		memset(block[i], 0xff, family.malloc_usable_size(block[i]));
	}
	for (int i = 0; i < nr; i++)
		family.free(block[i]);
}

static void calloc_gives_zeroes_after_dirt(void)
{
	enum { MOST = 64 };
	void *block[MOST];

	for (size_t size = 1; size <= (16 << 20); size += 1 + size / 11) {
		int nr = size < 4096 ? MOST : size < 1 << 20 ? 8 : 2;
		dirty(size, nr);
		for (int i = 0; i < nr; i++) {
			block[i] = i % 2 ? family.calloc(1, size)
					 : family.calloc(size, 1);
			CHECK(block[i] != NULL);
			all_bytes_are(block[i], 0, size);
			memset(block[i], 0xee, size);
		}
		for (int i = 0; i < nr; i++)
			family.free(block[i]);
	}
}

/* Pages that were dirtied as one size come back as another. */
static void calloc_gives_zeroes_across_sizes(void)
{
	static const size_t sizes[] = {64 << 20, 300 << 10, 24,	     5 << 20,
				       65536,	 20 << 10,  1000000, 96};
	enum { NR = sizeof(sizes) / sizeof(*sizes) };

	for (int round = 0; round < 3; round++)
		for (int i = 0; i < NR; i++) {
			dirty(sizes[i], 1);
			for (int k = 0; k < NR; k++) {
				void *ptr = family.calloc(1, sizes[k]);
				CHECK(ptr != NULL);
				all_bytes_are(ptr, 0, sizes[k]);
				memset(ptr, 0xdd, sizes[k]);
				family.free(ptr);
			}
		}
}

static void *aligned_by(int entry, size_t alignment, size_t size)
{
	void *ptr = NULL;

	switch (entry) {
	case 0:
		return family.aligned_alloc(alignment, size);
	case 1:
		return family.memalign(alignment, size);
	case 2:
		return family.__libc_memalign(alignment, size);
	default:
		errno = family.posix_memalign(&ptr, alignment, size);
		return ptr;
	}
}

static void aligned_block(int entry, size_t alignment, size_t size)
{
	unsigned char *ptr = aligned_by(entry, alignment, size);

	if (!ptr && errno == ENOMEM && alignment + size > check_available() / 2)
		check_skip("too little memory");
	CHECK(ptr != NULL);
	CHECK_EQ((uintptr_t)ptr % alignment, 0);
	CHECK_EQ((uintptr_t)ptr % 16, 0);
	size_t usable = family.malloc_usable_size(ptr);
	CHECK(usable >= size);
	if (usable) {
		ptr[0] = 1;
		ptr[usable - 1] = 2;
		if (usable <= 1 << 16)
			memset(ptr, 3, usable);
	}
	family.free(ptr);
}

static void alignments_hold_to_a_gibibyte(void)
{
	for (size_t align = sizeof(void *); align <= 1 << 30; align *= 2)
		for (int entry = 0; entry < 4; entry++) {
			size_t sizes[] = {0,	 1,	    100,    align - 1,
					  align, align + 1, 100000, 3 * align};
			for (int i = 0; i < 8; i++)
				aligned_block(entry, align, sizes[i]);
		}
}

/* Many at a time, each wholly written: they must not overlap. */
static void aligned_blocks_live_side_by_side(void)
{
	enum { NR = 64 };
	static unsigned char *block[NR];

	for (size_t align = 16; align <= 4 << 20; align *= 4)
		for (size_t size = 40; size <= 500000; size *= 6) {
			for (int i = 0; i < NR; i++) {
				block[i] = family.memalign(align, size);
				CHECK(block[i] != NULL);
				CHECK_EQ((uintptr_t)block[i] % align, 0);
				memset(block[i], i, size);
			}
			for (int i = 0; i < NR; i++) {
				all_bytes_are(block[i], (unsigned char)i, size);
				family.free(block[i]);
			}
		}
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(every_size_is_aligned_and_writable),
		CHECK_TEST(usable_size_is_not_wasteful),
		CHECK_TEST(calloc_gives_zeroes_after_dirt),
		CHECK_TEST(calloc_gives_zeroes_across_sizes),
		CHECK_TEST(alignments_hold_to_a_gibibyte),
		CHECK_TEST(aligned_blocks_live_side_by_side),
	};

	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
