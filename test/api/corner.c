/*
 * The corners that the standards name: nothing asked for, too much asked for,
 * products that overflow, alignments that are none, and errno.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "family.h"

/* Not constants for the compiler, which would warn of them. */
static volatile size_t whole_space = SIZE_MAX;
static volatile size_t half_space = PTRDIFF_MAX;

static void refused(void *ptr)
{
	CHECK(ptr == NULL);
	CHECK_EQ(errno, ENOMEM);
	errno = 0;
}

static void blocks_of_nothing_are_unique(void)
{
	enum { NR = 2000 };
	static void *block[NR];

	for (int i = 0; i < NR; i++) {
		switch (i % 5) {
		case 0:
			block[i] = family.malloc(0);
			break;
		case 1:
			block[i] = family.calloc(0, 16);
			break;
		case 2:
			block[i] = family.calloc(16, 0);
			break;
		case 3:
			block[i] = family.realloc(NULL, 0);
			break;
		default:
			block[i] = family.aligned_alloc(64, 0);
		}
		CHECK(block[i] != NULL);
		CHECK_EQ((uintptr_t)block[i] % 16, 0);
	}
	for (int i = 0; i < NR; i++)
		for (int k = 0; k < i; k++)
			CHECK(block[i] != block[k]);
	for (int i = 0; i < NR; i++)
		family.free(block[i]);
}

static void too_much_is_refused(void)
{
	static const size_t less[] = {0, 1, 7, 15, 16, 17, 4095, 4096, 65535};

	errno = 0;
	for (size_t i = 0; i < sizeof(less) / sizeof(*less); i++) {
		size_t size = whole_space - less[i];
		refused(family.malloc(size));
		refused(family.calloc(1, size));
		refused(family.calloc(size, 1));
		refused(family.realloc(NULL, size));
		refused(family.reallocarray(NULL, 1, size));
		refused(family.aligned_alloc(64, size));
		refused(family.memalign(1 << 20, size));
		refused(family.valloc(size));
		refused(family.pvalloc(size));
		refused(family.__libc_malloc(size));
		refused(family.__libc_memalign(64, size));
		refused(family.__libc_pvalloc(size));
	}
	refused(family.malloc(half_space + 1));
	refused(family.malloc(half_space));
	refused(family.pvalloc(half_space));
	refused(family.calloc(1, half_space + 1));
	refused(family.memalign(1 << 30, half_space - 100));
}

static void products_that_overflow_are_refused(void)
{
	size_t root = (size_t)1 << 32;
	size_t wrap = whole_space / 3 + 2; /* 3 * wrap is 4 */

	errno = 0;
	refused(family.calloc(root, root));
	refused(family.calloc(3, wrap));
	refused(family.calloc(wrap, 3));
	refused(family.calloc(whole_space, whole_space));
	refused(family.calloc(whole_space, 2));
	refused(family.reallocarray(NULL, root, root));
	refused(family.reallocarray(NULL, 3, wrap));
	refused(family.reallocarray(NULL, wrap, 3));
	refused(family.__libc_calloc(root, root));
}

static void a_refused_realloc_keeps_the_block(void)
{
	static const size_t sizes[] = {64, 20 << 10, 1 << 20};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned char *block = family.malloc(sizes[i]);
		CHECK(block != NULL);
		memset(block, 0x5a, sizes[i]);
		errno = 0;
		refused(family.realloc(block, whole_space));
		refused(family.realloc(block, half_space + 1));
		refused(family.realloc(block, half_space - 70000));
		refused(family.reallocarray(block, half_space, 3));
		for (size_t k = 0; k < sizes[i]; k++)
			CHECK_EQ(block[k], 0x5a);
		family.free(block);
	}
}

static void posix_memalign_checks_the_alignment(void)
{
	static const size_t wrong[] = {0,  1,  2,    3,	   4,  6,
				       12, 24, 4095, 4097, 96, (size_t)3 << 40};
	char mark;
	void *out = &mark;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		errno = 4321;
		CHECK_EQ(family.posix_memalign(&out, wrong[i], 100), EINVAL);
		CHECK(out == &mark);
		CHECK_EQ(errno, 4321);
	}
}

static void posix_memalign_keeps_errno(void)
{
	char mark;
	void *out = &mark;

	errno = 4321;
	CHECK_EQ(family.posix_memalign(&out, 64, whole_space), ENOMEM);
	CHECK_EQ(family.posix_memalign(&out, 64, half_space - 5), ENOMEM);
	CHECK_EQ(family.posix_memalign(&out, (size_t)1 << 62, 1), ENOMEM);
	CHECK(out == &mark);
	CHECK_EQ(errno, 4321);
	CHECK_EQ(family.posix_memalign(&out, sizeof(void *), 0), 0);
	CHECK(out != &mark && out != NULL);
	family.free(out);
}

/* C23 and POSIX.1-2024 want EINVAL; the C library before 2.38 rounds up. */
static void aligned_alloc_checks_the_alignment(void)
{
	static const size_t wrong[] = {0, 3, 24, 48, 4095, 65537};

	if (family_is_standin())
		check_skip("a stand-in");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		errno = 0;
		CHECK(family.aligned_alloc(wrong[i], 64) == NULL);
		CHECK_EQ(errno, EINVAL);
	}
}

static void memalign_refuses_or_rounds_up(void)
{
	static const size_t odd[] = {3, 24, 48, 100, 4097, 65537};

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		size_t up = 1;
		while (up < odd[i])
			up *= 2;
		errno = 0;
		void *ptr = family.memalign(odd[i], 64);
		if (ptr)
			CHECK_EQ((uintptr_t)ptr % up, 0);
		else
			CHECK_EQ(errno, EINVAL);
		family.free(ptr);
	}
}

static void valloc_and_pvalloc_align_to_pages(void)
{
	for (size_t size = 0; size < 200000; size = size * 2 + 1) {
		void *one = family.valloc(size);
		void *two = family.pvalloc(size);
		CHECK(one && two);
		CHECK_EQ((uintptr_t)one % 4096, 0);
		CHECK_EQ((uintptr_t)two % 4096, 0);
		CHECK(family.malloc_usable_size(two) >=
		      (size + 4095) / 4096 * 4096);
		family.free(one);
		family.free(two);
	}
}

static void realloc_to_nothing_frees(void)
{
	static const size_t sizes[] = {1, 64, 20 << 10, 1 << 20};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t before = check_rss();
		for (int k = 0; k < 2000; k++) {
			void *ptr = family.malloc(sizes[i]);
			CHECK(ptr != NULL);
			*(char *)ptr = 1;
			CHECK(family.realloc(ptr, 0) == NULL);
		}
		/* 2,000 lost blocks would show. */
		if (sizes[i] >= 20 << 10)
			CHECK(check_rss() < before + (8 << 20));
	}
}

/* Frees enough to pass every cache on the way down to the system. */
static void free_keeps_errno(void)
{
	static const size_t sizes[] = {16,	 64,	  1000,	     5000,
				       20 << 10, 1 << 20, 100 << 20, 3u << 30};
	enum { NR = 4000 };
	static void *block[NR];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t fits = ((size_t)3 << 30) / sizes[i];
		int nr = fits < NR ? (int)fits : NR;
		for (int k = 0; k < nr; k++)
			block[k] = family.malloc(sizes[i]);
		for (int k = 0; k < nr; k++) {
			errno = 1234 + k;
			family.free(block[k]);
			CHECK_EQ(errno, 1234 + k);
		}
	}
	errno = 77;
	family.free(NULL);
	CHECK_EQ(errno, 77);
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(blocks_of_nothing_are_unique),
		CHECK_TEST(too_much_is_refused),
		CHECK_TEST(products_that_overflow_are_refused),
		CHECK_TEST(a_refused_realloc_keeps_the_block),
		CHECK_TEST(posix_memalign_checks_the_alignment),
		CHECK_TEST(posix_memalign_keeps_errno),
		CHECK_TEST(aligned_alloc_checks_the_alignment),
		CHECK_TEST(memalign_refuses_or_rounds_up),
		CHECK_TEST(valloc_and_pvalloc_align_to_pages),
		CHECK_TEST(realloc_to_nothing_frees),
		CHECK_TEST(free_keeps_errno),
	};

	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
