/* heap/malloc: the family's promises, one by one. */
#include <errno.h>
#include <string.h>

#include "blocks.h"

static void test_every_size(void **state)
{
	(void)state;
	for (size_t size = 0; size < 10000; size++) {
		char *p = check_block(heap_malloc(size), size);

		memset(p, 1, heap_usable_size(p, "malloc_usable_size"));
		release(p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *p = check_block(heap_malloc(sizes[i]), sizes[i]);

		memset(p, 1, sizes[i]);
		release(p);
		unit_verify();
	}
}

static void test_blocks_do_not_overlap(void **state)
{
	enum { BLOCKS = 400 };
	unsigned char *p[BLOCKS];
	size_t usable[BLOCKS];

	(void)state;
	for (size_t i = 0; i < BLOCKS; i++) {
		size_t size = sizes[i % ARRAY_SIZE(sizes)] / (1 + i % 3);

		p[i] = check_block(heap_malloc(size), size);
		usable[i] = heap_usable_size(p[i], "malloc_usable_size");
		memset(p[i], (int)i, usable[i]);
	}
	unit_verify();
	for (size_t i = 0; i < BLOCKS; i++) {
		for (size_t b = 0; b < usable[i]; b += 7)
			assert_int_equal(p[i][b], i & 0xff);
		release(p[i]);
	}
	unit_verify();
}

static void test_malloc_of_nothing(void **state)
{
	void *a = heap_malloc(0), *b = heap_malloc(0);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_not_equal(a, b);
	release(a);
	release(b);
	release(NULL);
	assert_int_equal(heap_usable_size(NULL, "malloc_usable_size"), 0);
}

static void test_too_much(void **state)
{
	static const size_t huge[] = {
		(size_t)PTRDIFF_MAX + 1, SIZE_MAX,    SIZE_MAX - 15,
		SIZE_MAX - 4096,	 PTRDIFF_MAX, (size_t)1 << 56};
	void *p = heap_malloc(100);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(huge); i++) {
		errno = 0;
		assert_null(heap_malloc(huge[i]));
		assert_int_equal(errno, ENOMEM);
		errno = 0;
		assert_null(heap_calloc(1, huge[i]));
		assert_int_equal(errno, ENOMEM);
		errno = 0;
		assert_null(heap_realloc(p, huge[i], "realloc"));
		assert_int_equal(errno, ENOMEM);
		errno = 0;
		assert_null(heap_realloc(NULL, huge[i], "realloc"));
		assert_int_equal(errno, ENOMEM);
		errno = 0;
		assert_null(heap_aligned(64, huge[i]));
		assert_int_equal(errno, ENOMEM);
		unit_verify();
	}
	memset(p, 1, 100);
	release(p);
}

static void test_overflow(void **state)
{
	(void)state;
	errno = 0;
	assert_null(heap_calloc(SIZE_MAX / 2, 3));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(heap_calloc((size_t)1 << 32, (size_t)1 << 32));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(heap_reallocarray(NULL, SIZE_MAX / 4, 5));
	assert_int_equal(errno, ENOMEM);
	release(check_block(heap_calloc(0, 0), 0));
	release(check_block(heap_calloc(SIZE_MAX, 0), 0));
}

static void test_calloc_is_zero(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			unsigned char *p = heap_calloc(1, sizes[i]);

			check_block(p, sizes[i]);
			for (size_t b = 0; b < sizes[i]; b++)
				if (p[b])
					fail_msg("byte %zu of %zu", b,
						 sizes[i]);
			memset(p, 0xff, sizes[i]);
			release(p);
		}
	}
}

static void test_free_keeps_errno(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *p = heap_malloc(sizes[i]);

		errno = 4711;
		release(p);
		assert_int_equal(errno, 4711);
	}
	errno = 4711;
	heap_trim(0);
	assert_int_equal(errno, 4711);
}

/* ---- alignment --------------------------------------------------------- */

static void test_aligned(void **state)
{
	(void)state;
	for (size_t align = 1; align <= 64 * MIB; align *= 2) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			void *p = heap_aligned(align, sizes[i]);

			check_block(p, sizes[i]);
			assert_int_equal((uintptr_t)p & (align - 1), 0);
			memset(p, 1, sizes[i]);
			heap_free_aligned_sized(p, align, sizes[i], "f");
		}
		unit_verify();
	}
}

static void test_posix_memalign(void **state)
{
	void *p = (void *)1;

	(void)state;
	errno = 99;
	assert_int_equal(heap_posix_memalign(&p, 0, 10), EINVAL);
	assert_int_equal(heap_posix_memalign(&p, 4, 10), EINVAL);
	assert_int_equal(heap_posix_memalign(&p, 24, 10), EINVAL);
	assert_int_equal(heap_posix_memalign(&p, 64, SIZE_MAX), ENOMEM);
	assert_ptr_equal(p, (void *)1);
	assert_int_equal(heap_posix_memalign(&p, 8, 10), 0);
	check_block(p, 10);
	release(p);
	assert_int_equal(heap_posix_memalign(&p, 4096, 0), 0);
	assert_int_equal((uintptr_t)p % 4096, 0);
	release(p);
	assert_int_equal(errno, 99);
}

/* ---- freeing by size --------------------------------------------------- */

static void test_free_sized(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *p = heap_malloc(sizes[i]);

		heap_free_sized(p, sizes[i], "free_sized");
		p = heap_calloc(1, sizes[i]);
		heap_free_sized(p, sizes[i], "free_sized");
	}
	heap_free_sized(NULL, 10, "free_sized");
	heap_free_aligned_sized(NULL, 16, 10, "free_aligned_sized");
	for (size_t size = 0; size <= SMALL_MAX; size += 1 + size / 40)
		heap_free_sized(heap_malloc(size), size, "free_sized");
	unit_verify();
}

struct wrong {
	size_t size, align, said, said_align;
	const char *kind;
};

static void *alloc_for(const struct wrong *w)
{
	return w->align ? heap_aligned(w->align, w->size)
			: heap_malloc(w->size);
}

static int free_wrongly(void *arg)
{
	const struct wrong *w = arg;
	void *p = alloc_for(w);

	/* A page's first object has more alignment than was asked for. */
	while (w->said_align > w->align && (uintptr_t)p % w->said_align == 0)
		p = alloc_for(w);
	if (w->said_align)
		heap_free_aligned_sized(p, w->said_align, w->said, "f");
	else
		heap_free_sized(p, w->said, "f");
	return 0;
}

static void test_wrong_sizes(void **state)
{
	static const struct wrong wrongs[] = {
		{100, 0, 200, 0, "wrong size in f(0x"},
		{100, 0, 10, 0, "wrong size in f(0x"},
		{1000, 0, 100, 0, "wrong size in f(0x"},
		{5000, 0, 9000, 0, "wrong size in f(0x"},
		{MIB, 0, MIB + PAGE_SIZE, 0, "wrong size in f(0x"},
		{MIB, 0, MIB - PAGE_SIZE, 0, "wrong size in f(0x"},
		{MIB, 0, 100, 0, "wrong size in f(0x"},
		{100, 64, 100, 48, "wrong alignment in f(0x"},
		{100, 0, 100, 65536, "wrong alignment in f(0x"},
		{100, 64, 1000, 64, "wrong size in f(0x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++)
		unit_child_aborts(free_wrongly, (void *)(uintptr_t)&wrongs[i],
				  wrongs[i].kind);
}

/* ---- famine ------------------------------------------------------------ */

static void test_out_of_memory_and_back(void **state)
{
	enum { BLOCKS = 100000 };
	static void *p[BLOCKS];
	size_t nr = 0;

	(void)state;
	unit_zone(1500);
	release(heap_malloc(1));
	inject_arm(INJECT_COMMIT, 1, true);
	inject_arm(INJECT_MAP, 1, true);
	while (nr < BLOCKS && (p[nr] = heap_malloc(1000 + nr % 3000)))
		nr++;
	assert_true(nr > 100 && nr < BLOCKS);
	assert_int_equal(errno, ENOMEM);
	unit_verify();
	/* What is freed in one class serves another. */
	while (nr)
		release(p[--nr]);
	for (size_t size = 16; size <= MIB; size *= 2) {
		void *q = heap_malloc(size);

		assert_non_null(q);
		memset(q, 1, size);
		p[nr++] = q;
	}
	while (nr)
		release(p[--nr]);
	unit_verify();
	inject_disarm();
	p[0] = heap_malloc(64 * MIB);
	assert_non_null(p[0]);
	release(p[0]);
}

static void test_trim(void **state)
{
	void *p[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = heap_malloc(100000);
		memset(p[i], 1, 100000);
	}
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		release(p[i]);
	assert_int_equal(heap_trim(0), 1);
	assert_int_equal(mm_totals().free_dirty, 0);
	assert_int_equal(thread_cache_pages(), 0);
	unit_verify();
	/* Nothing is left to be given back. */
	assert_int_equal(heap_trim(0), 0);
}

UNIT_MAIN(TEST(test_every_size), TEST(test_blocks_do_not_overlap),
	  TEST(test_malloc_of_nothing), TEST(test_too_much),
	  TEST(test_overflow), TEST(test_calloc_is_zero),
	  TEST(test_free_keeps_errno), TEST(test_aligned),
	  TEST(test_posix_memalign), TEST(test_free_sized),
	  TEST(test_wrong_sizes), TEST(test_out_of_memory_and_back),
	  TEST(test_trim))
