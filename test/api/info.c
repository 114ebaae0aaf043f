/*
 * What the heap says of itself, and malloc_trim: numbers that follow what is
 * allocated, and memory that goes back to the system.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "family.h"

/* Live blocks are linked through themselves: no table to allocate. */
struct block {
	struct block *next;
};

static struct block *take(size_t size, size_t total)
{
	struct block *list = NULL;

	for (size_t sum = 0; sum < total; sum += size) {
		struct block *block = family.malloc(size);
		CHECK(block != NULL);
		memset(block, 0x77, size);
		block->next = list;
		list = block;
	}
	return list;
}

static void give_back(struct block *list)
{
	while (list) {
		struct block *next = list->next;
		family.free(list);
		list = next;
	}
}

#define TOTAL ((size_t)192 << 20)

static void trim_after(size_t size)
{
	struct block *small = take(64, 1 << 20);
	size_t before = check_rss();
	struct block *list = take(size, TOTAL);

	CHECK(check_rss() > before + TOTAL * 3 / 4);
	give_back(list);
	family.malloc_trim(0);
	size_t after = check_rss();
	check_note("blocks of %zu: %zu KiB before, %zu after the trim", size,
		   before >> 10, after >> 10);
	CHECK(after < before + TOTAL / 10);
	for (struct block *at = small; at; at = at->next)
		CHECK_EQ(((unsigned char *)at)[63], 0x77);
	give_back(small);
}

static void trim_gives_small_memory_back(void)
{
	trim_after(48);
	trim_after(1000);
}

static void trim_gives_medium_memory_back(void)
{
	trim_after(20 << 10);
	trim_after(200 << 10);
}

static void trim_gives_large_memory_back(void)
{
	trim_after(1 << 20);
	trim_after(24 << 20);
}

static void trim_says_whether_it_gave(void)
{
	int result = 1;

	give_back(take(1 << 20, TOTAL / 4));
	for (int i = 0; i < 4; i++) {
		result = family.malloc_trim(0);
		CHECK(result == 0 || result == 1);
	}
	if (family_is_standin())
		return;
	CHECK_EQ(result, 0); /* nothing was freed since the last one */
}

/* A block of every kind lives through a trim, and calloc is zero after it. */
static void trim_leaves_live_blocks_alone(void)
{
	unsigned char *live[64];

	for (int i = 0; i < 64; i++) {
		size_t size = (size_t)100 << i % 16;
		live[i] = family.malloc(size);
		CHECK(live[i] != NULL);
		memset(live[i], i, size);
		give_back(take(size, 64 * size));
	}
	family.malloc_trim(0);
	for (int i = 0; i < 64; i++) {
		size_t size = (size_t)100 << i % 16;
		for (size_t k = 0; k < size; k++)
			CHECK_EQ(live[i][k], i);
		unsigned char *fresh = family.calloc(1, size);
		CHECK(fresh != NULL);
		for (size_t k = 0; k < size; k++)
			CHECK_EQ(fresh[k], 0);
		family.free(fresh);
		family.free(live[i]);
	}
}

static void counts_follow(size_t size, size_t total)
{
	struct family_info before = family.mallinfo2();
	struct block *list = take(size, total);
	struct family_info during = family.mallinfo2();
	give_back(list);
	struct family_info after = family.mallinfo2();

	size_t grown = during.uordblks + during.hblkhd - before.uordblks -
		       before.hblkhd;
	check_note("%zu bytes in blocks of %zu: in use grew by %zu", total,
		   size, grown);
	CHECK(grown >= total);
	CHECK(grown <= total + total / 3 + (1 << 20));
	CHECK(after.uordblks + after.hblkhd <=
	      before.uordblks + before.hblkhd + total / 10 + (2 << 20));
	CHECK(during.arena + during.hblkhd >= during.uordblks);
}

static void mallinfo2_follows_what_is_allocated(void)
{
	if (!family.mallinfo2)
		check_skip("no mallinfo2");
	if (family_is_standin())
		check_skip("a stand-in");
	counts_follow(64, 32 << 20);
	counts_follow(1000, 32 << 20);
	counts_follow(20 << 10, 64 << 20);
	counts_follow(1 << 20, 64 << 20);
	counts_follow(100 << 20, 100 << 20);
}

static void mallinfo_says_the_same(void)
{
	if (!family.mallinfo2)
		check_skip("no mallinfo2");
	struct family_info info = family.mallinfo2();
	struct family_old_info old = family.mallinfo();

	CHECK_EQ(old.arena, (int)info.arena);
	CHECK_EQ(old.uordblks, (int)info.uordblks);
	CHECK_EQ(old.fordblks, (int)info.fordblks);
	CHECK_EQ(old.hblkhd, (int)info.hblkhd);
	CHECK_EQ(old.keepcost, (int)info.keepcost);
}

static void mallopt_is_harmless(void)
{
	static const int parameter[] = {M_MXFAST,     M_TRIM_THRESHOLD,
					M_TOP_PAD,    M_MMAP_THRESHOLD,
					M_MMAP_MAX,   M_CHECK_ACTION,
					M_ARENA_TEST, M_ARENA_MAX,
					-1000,	      12345};

	for (size_t i = 0; i < sizeof(parameter) / sizeof(*parameter); i++)
		for (int value = -1; value < 3; value++) {
			int result = family.mallopt(parameter[i], value);
			CHECK(result == 0 || result == 1);
			give_back(take(777, 77700));
			give_back(take(777777, 7777770));
		}
}

static void malloc_info_refuses_options(void)
{
	FILE *out = tmpfile();

	CHECK(out != NULL);
	CHECK(family.malloc_info(1, out) != 0);
	CHECK(family.malloc_info(0, out) == 0);
	CHECK(ftell(out) > 20);
	fclose(out);
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(trim_gives_small_memory_back),
		CHECK_TEST(trim_gives_medium_memory_back),
		CHECK_TEST(trim_gives_large_memory_back),
		CHECK_TEST(trim_says_whether_it_gave),
		CHECK_TEST(trim_leaves_live_blocks_alone),
		CHECK_TEST(mallinfo2_follows_what_is_allocated),
		CHECK_TEST(mallinfo_says_the_same),
		CHECK_TEST(mallopt_is_harmless),
		CHECK_TEST(malloc_info_refuses_options),
	};

	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
