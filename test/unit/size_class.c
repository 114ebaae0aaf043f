/* slab/size_class: a wall of checks around every size. */
#include "unit.h"

static size_t class_size(unsigned int class)
{
	return kmem_caches[class].size;
}

static void test_every_size(void **state)
{
	unsigned int last = 1;

	(void)state;
	assert_int_equal(size_class(0), 1);
	for (size_t size = 1; size <= SMALL_MAX; size++) {
		unsigned int class = size_class(size);

		/* The smallest class that is large enough, and no other. */
		if (class < 1 || class >= NR_SIZE_CLASSES ||
		    class_size(class) < size ||
		    (class > 1 && class_size(class - 1) >= size))
			fail_msg("size %zu has class %u of %zu bytes", size,
				 class, class_size(class));
		/* Monotonic, without a gap. */
		if (class != last && class != last + 1)
			fail_msg("from class %u to %u at size %zu", last, class,
				 size);
		last = class;
	}
	assert_int_equal(last, NR_SIZE_CLASSES - 1);
}

static void test_formulas_and_table_meet(void **state)
{
	(void)state;
	for (size_t size = LINEAR_MAX + 1; size <= SMALL_MAX; size++)
		assert_int_equal(size_class(size), size_class_geometric(size));
	for (size_t size = 0; size <= TABLE_MAX; size++)
		assert_int_equal(size_class(size), hot.class[size]);
}

static void test_table(void **state)
{
	(void)state;
	assert_int_equal(kmem_caches[0].size, 0);
	assert_int_equal(class_size(1), MIN_OBJECT_SIZE);
	assert_int_equal(class_size(NR_SIZE_CLASSES - 1), SMALL_MAX);
	for (unsigned int i = 1; i < NR_SIZE_CLASSES; i++) {
		const struct kmem_cache *c = &kmem_caches[i];

		assert_int_equal(c->index, i);
		assert_int_equal(c->size % MIN_OBJECT_SIZE, 0);
		assert_int_equal(size_class(c->size), i);
		if (i > 1)
			assert_true(c->size > class_size(i - 1));
		assert_int_equal(c->nr_objects,
				 (PAGE_SIZE << c->order) / c->size);
		assert_true(c->nr_objects >= 1);
		assert_true(pcp_allowed_order(c->order));
	}
}

static void test_internal_caches(void **state)
{
	(void)state;
	for (unsigned int i = FIRST_INTERNAL; i < FIRST_USER; i++) {
		assert_true(cache_is_internal(i));
		assert_int_equal(kmem_caches[i].index, i);
		assert_true(kmem_caches[i].size > 0);
	}
	assert_false(cache_is_internal(FIRST_INTERNAL - 1));
	assert_false(cache_is_internal(FIRST_USER));
	assert_true(kmem_caches[CACHE_THREADS].size >=
		    sizeof(struct thread_cache));
	for (unsigned int i = FIRST_USER; i < NR_CACHES; i++)
		assert_int_equal(kmem_caches[i].size, 0);
}

/* What a block wastes inside: the promise of the table's head. */
static void test_waste(void **state)
{
	(void)state;
	for (size_t size = 1; size <= SMALL_MAX; size++) {
		size_t waste = class_size(size_class(size)) - size;

		if (size <= LINEAR_MAX)
			assert_true(waste < MIN_OBJECT_SIZE);
		else if (size <= FINE_MAX)
			assert_true(waste * 8 < size);
		else
			assert_true(waste * 4 < size);
	}
}

/* Bytes at a slab's end that no object has: a small part of it. */
static void test_tails(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < NR_SIZE_CLASSES; i++) {
		const struct kmem_cache *c = &kmem_caches[i];
		size_t slab = PAGE_SIZE << c->order;
		size_t tail = slab - (size_t)c->nr_objects * c->size;

		assert_true(tail < c->size);
		assert_true(tail * 4 <= slab);
	}
}

/*
 * Multiplying by the inverse is dividing: for every offset in a slab of one
 * page, and for every object's first byte in larger ones.
 */
static void test_inverse(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < NR_SIZE_CLASSES; i++) {
		const struct kmem_cache *c = &kmem_caches[i];
		size_t slab = PAGE_SIZE << c->order;
		size_t step = cache_is_one_page(c) ? 1 : c->size;

		for (size_t offset = 0; offset < slab; offset += step) {
			uint64_t n = (offset * (uint64_t)c->inverse) >> 32;

			if (n != offset / c->size)
				fail_msg("offset %zu of size %u: %llu", offset,
					 c->size, (unsigned long long)n);
		}
	}
}

static void test_aligned_class(void **state)
{
	(void)state;
	for (size_t align = 16; align <= SMALL_MAX; align *= 2) {
		for (size_t size = 0; size <= SMALL_MAX; size += 1 + size / 7) {
			unsigned int class = aligned_class(align, size);

			assert_true(class >= 1 && class < NR_SIZE_CLASSES);
			assert_true(class_size(class) >= size);
			assert_int_equal(class_size(class) % align, 0);
			/* Slabs themselves are aligned well enough. */
			assert_true(align <=
				    PAGE_SIZE << kmem_caches[class].order);
		}
		assert_int_equal(aligned_class(align, SMALL_MAX + 1), 0);
	}
	assert_int_equal(aligned_class(2 * SMALL_MAX, 1), 0);
	assert_int_equal(aligned_class(32, SIZE_MAX), 0);
}

UNIT_MAIN(TEST(test_every_size), TEST(test_formulas_and_table_meet),
	  TEST(test_table), TEST(test_internal_caches), TEST(test_waste),
	  TEST(test_tails), TEST(test_inverse), TEST(test_aligned_class))
