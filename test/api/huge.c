/*
 * Blocks of gibibytes, larger than a zone: only their ends are touched, so
 * that a machine of little memory can run this; where the kernel refuses the
 * address space, the test is skipped.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "family.h"

#define GIB ((size_t)1 << 30)

/* What may become resident when only ends are touched. */
#define LITTLE ((size_t)200 << 20)

/*
 * Where the system makes all memory of huge pages, a touch brings one in, under
 * any allocator, and even a read counts as 2 MiB.
 */
static bool all_is_huge(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
	char text[100] = "";

	if (file) {
		if (!fgets(text, sizeof(text), file))
			text[0] = '\0';
		fclose(file);
	}
	return strstr(text, "[always]") != NULL;
}

static bool little_is_new(size_t before)
{
	return check_rss() < before + LITTLE || all_is_huge();
}

static unsigned char *got(void *ptr, size_t size)
{
	if (!ptr && errno == ENOMEM && check_available() < 2 * size)
		check_skip("too little memory for blocks this large");
	CHECK(ptr != NULL);
	CHECK_EQ((uintptr_t)ptr % 16, 0);
	CHECK(family.malloc_usable_size(ptr) >= size);
	return ptr;
}

static void touch(unsigned char *ptr, size_t size, unsigned char value)
{
	memset(ptr, value, 4096);
	memset(ptr + size / 2, value + 1, 4096);
	memset(ptr + size - 4096, value + 2, 4096);
}

static void touched(const unsigned char *ptr, size_t size, unsigned char value)
{
	for (size_t i = 0; i < 4096; i++) {
		CHECK_EQ(ptr[i], value);
		CHECK_EQ(ptr[size / 2 + i], value + 1);
		CHECK_EQ(ptr[size - 4096 + i], value + 2);
	}
}

static const size_t sizes[] = {
	GIB,	     GIB + 1,	  2 * GIB - 65536, 2 * GIB,
	2 * GIB + 1, 3 * GIB,	  4 * GIB - 65536, 4 * GIB - 4096,
	4 * GIB,     4 * GIB + 1, 5 * GIB + 7,	   9 * GIB,
};
enum { NR_SIZES = sizeof(sizes) / sizeof(*sizes) };

static void one_of_each_size(void)
{
	size_t before = check_rss();

	for (int i = 0; i < NR_SIZES; i++) {
		unsigned char *ptr = got(family.malloc(sizes[i]), sizes[i]);
		touch(ptr, sizes[i], 10);
		touched(ptr, sizes[i], 10);
		family.free(ptr);
	}
	CHECK(little_is_new(before));
}

static void side_by_side(void)
{
	enum { NR = 4 };
	unsigned char *ptr[NR];
	size_t size = 3 * GIB;

	for (int i = 0; i < NR; i++)
		ptr[i] = NULL;
	for (int i = 0; i < NR; i++) {
		ptr[i] = family.malloc(size);
		if (!ptr[i]) {
			for (int k = 0; k < i; k++)
				family.free(ptr[k]);
			got(NULL, NR * size);
		}
		touch(ptr[i], size, (unsigned char)(20 * i));
	}
	for (int i = 0; i < NR; i++)
		for (int k = 0; k < i; k++)
			CHECK(ptr[i] + size <= ptr[k] ||
			      ptr[k] + size <= ptr[i]);
	for (int i = 0; i < NR; i++) {
		touched(ptr[i], size, (unsigned char)(20 * i));
		family.free(ptr[i]);
	}
}

/* Pages that nobody touched are zero: calloc has nothing to write. */
static void calloc_writes_nothing(void)
{
	size_t before = check_rss();

	for (int round = 0; round < 3; round++)
		for (int i = 0; i < NR_SIZES; i++) {
			unsigned char *ptr =
				got(family.calloc(1, sizes[i]), sizes[i]);
			for (size_t k = 0; k < 1000; k++)
				CHECK_EQ(ptr[k * (sizes[i] / 1000)], 0);
			CHECK(little_is_new(before));
			family.free(ptr);
		}
}

/* A few dirty pages are no reason to write gibibytes of zeroes. */
static void calloc_is_zero_after_dirt(void)
{
	size_t before = check_rss();

	for (int i = 0; i < NR_SIZES; i++) {
		unsigned char *ptr = got(family.malloc(sizes[i]), sizes[i]);
		touch(ptr, sizes[i], 0xa0);
		family.free(ptr);
		ptr = got(family.calloc(sizes[i], 1), sizes[i]);
		CHECK(little_is_new(before));
		for (size_t k = 0; k < 4096; k++) {
			CHECK_EQ(ptr[k], 0);
			CHECK_EQ(ptr[sizes[i] / 2 + k], 0);
			CHECK_EQ(ptr[sizes[i] - 4096 + k], 0);
		}
		family.free(ptr);
	}
}

/* Ends are kept, and nothing between them becomes resident: no copying. */
static void realloc_keeps_the_ends(void)
{
	static const size_t steps[] = {GIB / 2, GIB + 4096,	2 * GIB + 4096,
				       3 * GIB, 5 * GIB + 1,	9 * GIB,
				       5 * GIB, 4 * GIB - 4096, 2 * GIB,
				       GIB,	300 << 20,	8 << 20};
	size_t before = check_rss();
	size_t size = 4 << 20;
	unsigned char *ptr = got(family.malloc(size), size);

	memset(ptr, 0x31, 4096);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		size_t kept = steps[i] < size ? steps[i] : size;
		memset(ptr + kept - 4096, 0x32, 4096);
		ptr = got(family.realloc(ptr, steps[i]), steps[i]);
		for (size_t k = 0; k < 4096; k++) {
			CHECK_EQ(ptr[k], 0x31);
			CHECK_EQ(ptr[kept - 4096 + k], 0x32);
		}
		size = steps[i];
	}
	CHECK(little_is_new(before));
	ptr = family.realloc(ptr, 64);
	CHECK(ptr != NULL);
	for (int k = 0; k < 64; k++)
		CHECK_EQ(ptr[k], 0x31);
	family.free(ptr);
}

static void alignment_of_a_gibibyte(void)
{
	for (size_t size = GIB; size <= 5 * GIB; size += 2 * GIB) {
		unsigned char *ptr = got(family.memalign(GIB, size), size);
		CHECK_EQ((uintptr_t)ptr % GIB, 0);
		touch(ptr, size, 50);
		ptr = got(family.realloc(ptr, size + 1), size + 1);
		CHECK_EQ(ptr[0], 50);
		CHECK_EQ(ptr[size - 1], 52);
		family.free(ptr);
	}
}

/* Far more than there is: refused, and small blocks are still to be had. */
static void more_than_there_is(void)
{
	volatile size_t size = (size_t)1 << 62;

	for (; size >= (size_t)1 << 50; size = size / 2) {
		errno = 0;
		CHECK(family.malloc(size) == NULL);
		CHECK_EQ(errno, ENOMEM);
		CHECK(family.calloc(2, size / 2) == NULL);
		CHECK(family.realloc(NULL, size + 5) == NULL);
	}
	void *ptr = family.malloc(100);
	CHECK(ptr != NULL);
	family.free(ptr);
}

static void address_space_is_not_lost(void)
{
	for (int i = 0; i < 300; i++) {
		size_t size = sizes[i % NR_SIZES];
		unsigned char *ptr = got(family.malloc(size), size);
		ptr[size - 1] = 1;
		family.free(ptr);
	}
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(one_of_each_size),
		CHECK_TEST(side_by_side),
		CHECK_TEST(calloc_writes_nothing),
		CHECK_TEST(calloc_is_zero_after_dirt),
		CHECK_TEST(realloc_keeps_the_ends),
		CHECK_TEST(alignment_of_a_gibibyte),
		CHECK_TEST(more_than_there_is),
		CHECK_TEST(address_space_is_not_lost),
	};

	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
