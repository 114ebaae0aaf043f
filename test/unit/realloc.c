/* heap/realloc: in its place, as pages, or by a copy. */
#include <errno.h>
#include <string.h>

#include "blocks.h"

static void test_keeps_contents(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
			size_t from = sizes[i], to = sizes[j];
			size_t kept = from < to ? from : to;
			unsigned char *p = heap_malloc(from);

			memset(p, 0x6b, from);
			p = heap_realloc(p, to, "realloc");
			if (!to) {
				assert_null(p);
				continue;
			}
			check_block(p, to);
			for (size_t b = 0; b < kept; b++)
				if (p[b] != 0x6b)
					fail_msg("from %zu to %zu: byte %zu",
						 from, to, b);
			memset(p, 1, to);
			release(p);
		}
		unit_verify();
	}
}

static void test_gives_memory_back(void **state)
{
	void *p = heap_malloc(8 * MIB);

	(void)state;
	p = heap_realloc(p, 10, "realloc");
	assert_true(heap_usable_size(p, "malloc_usable_size") < 100);
	p = heap_realloc(p, 4000, "realloc");
	p = heap_realloc(p, 100, "realloc");
	assert_true(heap_usable_size(p, "malloc_usable_size") < 1000);
	p = heap_realloc(p, 8 * MIB, "realloc");
	p = heap_realloc(p, 4 * MIB, "realloc");
	assert_true(heap_usable_size(p, "malloc_usable_size") < 5 * MIB);
	release(p);
	unit_verify();
}

static void test_in_steps(void **state)
{
	unsigned char *p = NULL;
	size_t size = 0;

	(void)state;
	/* As programs grow their buffers: by a few bytes, by half, again. */
	while (size < 20 * MIB) {
		size_t more = 1 + size / 5;

		p = heap_realloc(p, size + more, "realloc");
		check_block(p, size + more);
		memset(p + size, 0x31, more);
		size += more;
	}
	for (size_t b = 0; b < size; b++)
		if (p[b] != 0x31)
			fail_msg("byte %zu", b);
	release(p);
	unit_verify();
}

/* By steps of 64 bytes to 8 KiB; how often the block moved. */
static unsigned int grow_in_steps(char **p, const char *other)
{
	unsigned int moves = 0;

	for (size_t size = 512; size <= 8192; size += 64) {
		char *old = *p;
		char *more = heap_malloc(32);

		*p = heap_realloc(old, size, "realloc");
		moves += *p != old;
		assert_non_null(*p);
		memset(*p + size - 64, (int)(size / 64), 64);
		/* What else the program does makes no difference. */
		heap_free(more, "free");
		assert_int_equal(other[0], 'o');
	}
	for (size_t at = 448; at < 8192; at++)
		assert_int_equal((*p)[at], (char)(at / 64 + 1));
	return moves;
}

static void test_a_block_that_grows_on_has_room(void **state)
{
	char *other = heap_malloc(100);
	char *p = heap_malloc(448);
	struct kmem_cache *c;

	(void)state;
	/* What is behind what was asked for belongs to the canary. */
	if (harden_is_on())
		skip();
	memset(other, 'o', 100);
	/* Of which one in four is a class's end; without room it were 34. */
	assert_in_range(grow_in_steps(&p, other), 8, 16);
	/* Not beyond the power of two at which many programs stop. */
	assert_int_equal(heap_usable_size(p, "malloc_usable_size"), 8192);
	heap_free_sized(p, 8192, "free_sized");
	/* Once, or by a large step, it gets its class. */
	p = heap_realloc(other, 300, "realloc");
	c = &kmem_caches[size_class(300)];
	assert_int_equal(heap_usable_size(p, "malloc_usable_size"), c->size);
	p = heap_realloc(p, 600, "realloc");
	c = &kmem_caches[size_class(600)];
	assert_int_equal(heap_usable_size(p, "malloc_usable_size"), c->size);
	/* And so does one that shrinks. */
	p = heap_realloc(p, 100, "realloc");
	c = &kmem_caches[size_class(100)];
	assert_int_equal(heap_usable_size(p, "malloc_usable_size"), c->size);
	assert_int_equal(p[0], 'o');
	heap_free(p, "free");
	unit_verify();
}

/* Of each class, while its neighbours in the slab are in use. */
static void test_leaves_neighbours_alone(void **state)
{
	enum { NEIGHBOURS = 9 };
	unsigned char *p[NEIGHBOURS];

	(void)state;
	for (unsigned int c = 1; c < NR_SIZE_CLASSES; c++) {
		size_t size = kmem_caches[c].size;
		size_t to[] = {size - size / 8, size + 1, 2 * size, 4 * size};

		for (int i = 0; i < NEIGHBOURS; i++) {
			p[i] = check_block(heap_malloc(size), size);
			memset(p[i], i + 1, size);
		}
		for (size_t k = 0; k < ARRAY_SIZE(to); k++) {
			int i = 1 + (int)k;

			p[i] = check_block(heap_realloc(p[i], to[k], "realloc"),
					   to[k]);
			for (size_t at = 0; at < size && at < to[k]; at++)
				assert_int_equal(p[i][at], i + 1);
			memset(p[i], i + 1, to[k]);
			unit_verify();
		}
		for (int i = 0; i < NEIGHBOURS; i++) {
			assert_int_equal(p[i][0], i + 1);
			assert_false(memcmp(p[i], p[i] + 1, size / 2));
			release(p[i]);
		}
	}
}

static void test_of_an_aligned_block(void **state)
{
	(void)state;
	for (size_t align = 32; align <= 4 * MIB; align *= 4) {
		unsigned char *p = heap_aligned(align, 5000);

		memset(p, 0x12, 5000);
		p = heap_realloc(p, 400000, "realloc");
		check_block(p, 400000);
		for (size_t b = 0; b < 5000; b++)
			assert_int_equal(p[b], 0x12);
		release(p);
	}
}

static void test_fails_and_keeps(void **state)
{
	unsigned char *p = heap_malloc(200000);

	(void)state;
	memset(p, 9, 200000);
	inject_arm(INJECT_COMMIT, 1, true);
	inject_arm(INJECT_MAP, 1, true);
	errno = 0;
	assert_null(heap_realloc(p, (size_t)3 << 30, "realloc"));
	assert_int_equal(errno, ENOMEM);
	inject_disarm();
	for (size_t b = 0; b < 200000; b++)
		assert_int_equal(p[b], 9);
	release(p);
	unit_verify();
}

UNIT_MAIN(TEST(test_keeps_contents), TEST(test_leaves_neighbours_alone),
	  TEST(test_gives_memory_back), TEST(test_in_steps),
	  TEST(test_a_block_that_grows_on_has_room),
	  TEST(test_of_an_aligned_block), TEST(test_fails_and_keeps))
