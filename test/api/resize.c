/*
 * realloc: what was in the block is in it afterwards, whatever the way from
 * small to medium, large and huge and back, and whatever made the block.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "family.h"

/* The byte that belongs at an offset: no two ranges look alike. */
static unsigned char mark(size_t offset)
{
	return (unsigned char)((offset * 0x9e3779b97f4a7c15u) >> 56);
}

/* Of large ranges only some bytes are looked at, both ends among them. */
static size_t stride(size_t size)
{
	return size <= 1 << 16 ? 1 : size / 5003;
}

static void write_marks(unsigned char *ptr, size_t size)
{
	for (size_t i = 0; i < size; i++)
		ptr[i] = mark(i);
}

static void read_marks(const unsigned char *ptr, size_t size)
{
	for (size_t i = 0; i < size; i += stride(size))
		CHECK_EQ(ptr[i], mark(i));
	for (size_t i = size; i > 0 && i + 64 > size; i--)
		CHECK_EQ(ptr[i - 1], mark(i - 1));
}

static unsigned char *resize(unsigned char *ptr, size_t old, size_t new)
{
	ptr = family.realloc(ptr, new);
	CHECK(ptr != NULL);
	CHECK_EQ((uintptr_t)ptr % 16, 0);
	CHECK(family.malloc_usable_size(ptr) >= new);
	read_marks(ptr, old < new ? old : new);
	for (size_t i = old; i < new; i++)
		ptr[i] = mark(i);
	return ptr;
}

static void a_chain_up_and_down_keeps_the_contents(void)
{
	size_t size = 1;
	unsigned char *ptr = family.malloc(size);

	CHECK(ptr != NULL);
	write_marks(ptr, size);
	while (size < 48 << 20) {
		size_t new = size + size / 3 + 1;
		ptr = resize(ptr, size, new);
		size = new;
	}
	while (size > 1) {
		size_t new = size - size / 3;
		new -= new == size;
		ptr = resize(ptr, size, new);
		size = new;
	}
	family.free(ptr);
}

static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Several blocks jump between classes, so that neighbours get in the way. */
static void random_jumps_keep_the_contents(void)
{
	enum { NR = 8, JUMPS = 1200 };
	unsigned char *ptr[NR] = {NULL};
	size_t size[NR] = {0};
	uint64_t state = 0x2545f4914f6cdd1d;

	for (int i = 0; i < JUMPS; i++) {
		int k = (int)(draw(&state) % NR);
		size_t new = 1 + (draw(&state) >> (41 + draw(&state) % 20));
		ptr[k] = resize(ptr[k], size[k], new);
		size[k] = new;
	}
	for (int k = 0; k < NR; k++) {
		read_marks(ptr[k], size[k]);
		family.free(ptr[k]);
	}
}

/* By a byte at a time, as naive string builders do. */
static void small_steps_keep_the_contents(void)
{
	unsigned char *ptr = NULL;

	for (size_t size = 1; size < 20000; size++) {
		ptr = family.realloc(ptr, size);
		CHECK(ptr != NULL);
		ptr[size - 1] = mark(size - 1);
	}
	read_marks(ptr, 19999);
	family.free(ptr);
}

static void aligned_blocks_keep_their_contents(void)
{
	for (size_t align = 32; align <= 16 << 20; align *= 8)
		for (size_t size = 10; size <= 3 << 20; size *= 7) {
			unsigned char *up = family.memalign(align, size);
			unsigned char *down = family.memalign(align, size);
			CHECK(up && down);
			CHECK_EQ((uintptr_t)up % align, 0);
			write_marks(up, size);
			write_marks(down, size);
			up = resize(up, size, size * 3 + 1);
			down = resize(down, size, size / 3 + 1);
			up = resize(up, size * 3 + 1, size);
			family.free(up);
			family.free(down);
		}
}

static void valloc_blocks_keep_their_contents(void)
{
	for (size_t size = 100; size <= 1 << 20; size *= 10) {
		unsigned char *one = family.valloc(size);
		unsigned char *two = family.pvalloc(size);
		CHECK(one && two);
		write_marks(one, size);
		write_marks(two, size);
		one = resize(one, size, size * 2);
		two = resize(two, size, size / 2);
		family.free(one);
		family.free(two);
	}
}

static void the_same_size_changes_nothing(void)
{
	for (size_t size = 1; size <= 8 << 20; size = size * 3 + 1) {
		unsigned char *ptr = family.malloc(size);
		CHECK(ptr != NULL);
		write_marks(ptr, size);
		for (int i = 0; i < 10; i++)
			ptr = resize(ptr, size, size);
		ptr = resize(ptr, size, family.malloc_usable_size(ptr));
		family.free(ptr);
	}
}

static void reallocarray_resizes(void)
{
	unsigned char *ptr = NULL;

	for (size_t nr = 1; nr < 200000; nr = nr * 2 + 1) {
		ptr = family.reallocarray(ptr, nr, 24);
		CHECK(ptr != NULL);
		read_marks(ptr, (nr - 1) / 2 * 24);
		write_marks(ptr, nr * 24);
	}
	family.free(ptr);
}

static void shrunk_memory_is_given_back(void)
{
	enum { NR = 4, LARGE = 48 << 20 };
	unsigned char *ptr[NR];
	size_t before = check_rss();

	for (int i = 0; i < NR; i++) {
		ptr[i] = family.malloc(LARGE);
		CHECK(ptr[i] != NULL);
		memset(ptr[i], 1 + i, LARGE);
	}
	CHECK(check_rss() > before + (size_t)NR * LARGE / 2);
	for (int i = 0; i < NR; i++)
		ptr[i] = family.realloc(ptr[i], 4 << 20);
	family.malloc_trim(0);
	CHECK(check_rss() < before + (NR * 4u << 20) + (24 << 20));
	for (int i = 0; i < NR; i++) {
		for (size_t k = 0; k < 4 << 20; k += 511)
			CHECK_EQ(ptr[i][k], 1 + i);
		family.free(ptr[i]);
	}
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(a_chain_up_and_down_keeps_the_contents),
		CHECK_TEST(random_jumps_keep_the_contents),
		CHECK_TEST(small_steps_keep_the_contents),
		CHECK_TEST(aligned_blocks_keep_their_contents),
		CHECK_TEST(valloc_blocks_keep_their_contents),
		CHECK_TEST(the_same_size_changes_nothing),
		CHECK_TEST(reallocarray_resizes),
		CHECK_TEST(shrunk_memory_is_given_back),
	};

	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
