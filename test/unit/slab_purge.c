/* slab/slab_purge: memory that goes from under the free objects of slabs. */
#include <string.h>

#include "unit.h"

#define CLASS(size) (&kmem_caches[size_class(size)])
#define MAX_OBJECTS 9000

/* In one page, with objects across OS pages; of many pages; above a page. */
static const size_t sizes[] = {16, 48, 1152, 3584, 10240, 65536, 81920};

static struct mm_thread thread;
static char *objects[MAX_OBJECTS];

static bool is_kept(uint32_t i, uint32_t one_of)
{
	return i % one_of == 0;
}

/* Fills nr objects, and gives back all but one of `one_of`. */
static void leave_some(struct kmem_cache *c, uint32_t nr, uint32_t one_of)
{
	assert_true(nr <= MAX_OBJECTS);
	for (uint32_t i = 0; i < nr; i++) {
		objects[i] = kmem_cache_alloc_one(c, &thread);
		assert_non_null(objects[i]);
		memset(objects[i], (int)(i % 251) + 1, c->size);
	}
	for (uint32_t i = 0; i < nr; i++)
		if (!is_kept(i, one_of))
			kmem_cache_free_bulk(c, &thread, 1,
					     (void **)&objects[i]);
	unit_verify();
}

static void check_and_free(struct kmem_cache *c, uint32_t nr, uint32_t one_of)
{
	for (uint32_t i = 0; i < nr; i += one_of) {
		for (size_t at = 0; at < c->size; at++)
			if (objects[i][at] != (char)(i % 251 + 1))
				fail_msg("object %u of size %u changed", i,
					 c->size);
		kmem_cache_free_bulk(c, &thread, 1, (void **)&objects[i]);
	}
	unit_verify();
}

/* Bytes that were purged. */
static size_t purge(struct kmem_cache *c)
{
	uint32_t budget = UINT32_MAX, purged = 0;

	assert_true(kmem_cache_purge(c, &thread, &budget, &purged));
	return purged * os_page_size();
}

/* Bytes of a slab's OS pages on which an object is out. */
static size_t bytes_in_use(struct kmem_cache *c, const struct page *page)
{
	size_t step = os_page_size(), used = 0;
	const char *base = page_to_addr(page);

	for (size_t at = 0; at < PAGE_SIZE << c->order; at += step) {
		bool free = true;

		for (uint32_t i = 0; i < c->nr_objects; i++) {
			size_t from = (size_t)i * c->size;

			if (from < at + step && from + c->size > at)
				free &= slab_object_is_free(c, page,
							    base + from);
		}
		used += free ? 0 : step;
	}
	return used;
}

static struct kmem_cache *counted;
static size_t resident, in_use;

static void count_slab(struct page *page, void *arg)
{
	(void)arg;
	resident +=
		unit_resident(page_to_addr(page), PAGE_SIZE << counted->order);
	in_use += bytes_in_use(counted, page);
}

static void count(struct kmem_cache *c)
{
	counted = c;
	resident = in_use = 0;
	for_each_slab(c, count_slab, NULL);
}

static void test_what_is_free_goes_and_what_is_out_stays(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct kmem_cache *c = CLASS(sizes[s]);
		uint32_t nr = c->nr_objects * 2u, one_of = nr / 5 + 1;
		size_t before;

		leave_some(c, nr, one_of);
		count(c);
		before = resident;
		assert_true(in_use < before);
		assert_int_equal(purge(c), before - in_use);
		unit_verify();
		count(c);
		assert_int_equal(resident, in_use);
		check_and_free(c, nr, one_of);
	}
}

/* Objects there are handed out again, and can be written. */
static void test_purged_slabs_are_used_again(void **state)
{
	struct kmem_cache *c = CLASS(1152);
	uint32_t nr = c->nr_objects;

	(void)state;
	leave_some(c, nr, nr);
	assert_true(purge(c) > 0);
	for (uint32_t i = 1; i < nr; i++) {
		objects[i] = kmem_cache_alloc_one(c, &thread);
		memset(objects[i], (int)(i % 251) + 1, c->size);
	}
	assert_int_equal(node_of(c)->nr_slabs, 1);
	check_and_free(c, nr, 1);
	assert_int_equal(node_of(c)->nr_slabs, 0);
}

static void test_more_than_half_in_use_is_left_alone(void **state)
{
	struct kmem_cache *c = CLASS(48);
	uint32_t nr = c->nr_objects;

	(void)state;
	for (uint32_t i = 0; i < nr; i++) {
		objects[i] = kmem_cache_alloc_one(c, &thread);
		objects[i][0] = 1;
	}
	kmem_cache_free_bulk(c, &thread, nr / 2 - 1, (void **)objects);
	assert_int_equal(purge(c), 0);
	kmem_cache_free_bulk(c, &thread, 2, (void **)objects + nr / 2 - 1);
	assert_true(purge(c) > 0);
}

static void construct(void *obj)
{
	memset(obj, 0x3c, 100);
}

static void test_constructed_objects_stay(void **state)
{
	struct kmem_cache *c = &kmem_caches[FIRST_USER];

	(void)state;
	assert_true(kmem_cache_init(c, 1000, GFP_UNMOVABLE));
	c->ctor = construct;
	leave_some(c, c->nr_objects, c->nr_objects);
	assert_int_equal(purge(c), 0);
}

/* One slab at a time; those that were looked at are not looked at again. */
static void test_in_slices(void **state)
{
	enum { SLABS = 10 };
	struct kmem_cache *c = CLASS(1152);
	uint32_t nr = c->nr_objects * (uint32_t)SLABS;
	uint32_t purged = 0;
	size_t all;

	(void)state;
	leave_some(c, nr, c->nr_objects);
	count(c);
	all = resident;
	for (uint32_t i = 1; i <= SLABS; i++) {
		uint32_t budget = 1;
		uint32_t before = purged;

		assert_true(kmem_cache_purge(c, &thread, &budget, &purged) ==
			    (i == SLABS));
		assert_int_equal(budget, 0);
		assert_true(purged > before);
		unit_verify();
	}
	count(c);
	assert_int_equal(resident, in_use);
	assert_int_equal(purged * os_page_size(), all - in_use);
	/* A sweep in the midst of it finds those of both stacks. */
	kmem_cache_free_bulk(c, &thread, 1, (void **)&objects[0]);
	kmem_cache_free_bulk(c, &thread, 1,
			     (void **)&objects[nr - c->nr_objects]);
	assert_false(
		kmem_cache_purge(c, &thread, &(uint32_t){SLABS / 2}, &purged));
	kmem_cache_sweep(c, &thread);
	assert_int_equal(node_of(c)->nr_slabs, SLABS - 2);
	unit_verify();
}

static void test_a_refused_purge_loses_nothing(void **state)
{
	struct kmem_cache *c = CLASS(1152);
	uint32_t nr = c->nr_objects * 3u;

	(void)state;
	leave_some(c, nr, 50);
	inject_arm(INJECT_PURGE, 1, true);
	assert_int_equal(purge(c), 0);
	assert_true(inject_count(INJECT_PURGE) > 0);
	inject_disarm();
	check_and_free(c, nr, 50);
}

/* Slabs of one class are sparse when those of another take fresh memory. */
static void test_a_growing_heap_looks_for_free_memory(void **state)
{
	struct kmem_cache *c = CLASS(3584), *growing = CLASS(2560);
	uint32_t nr = MAX_OBJECTS / c->nr_objects * c->nr_objects;

	(void)state;
	leave_some(c, nr, c->nr_objects);
	count(c);
	assert_true(resident > in_use);
	for (uint32_t i = 0; i < nr; i++)
		assert_non_null(kmem_cache_alloc_one(growing, &thread));
	count(c);
	assert_int_equal(resident, in_use);
	unit_verify();
}

/* More than there is, and then until all slabs were looked at. */
static void give_back_much(void)
{
	slab_purge_on_freed(&thread, (size_t)1 << 30);
	for (int i = 0; i < 10; i++)
		slab_purge_on_freed(&thread, 0);
}

/* The same without growth, told by the bytes that were given back. */
static void test_much_given_back_is_looked_at(void **state)
{
	struct kmem_cache *c = CLASS(3584);
	uint32_t nr = MAX_OBJECTS / c->nr_objects * c->nr_objects;
	size_t before;

	(void)state;
	leave_some(c, nr, c->nr_objects);
	count(c);
	before = resident;
	slab_purge_on_freed(&thread, 1 << 20);
	count(c);
	assert_int_equal(resident, before);
	give_back_much();
	count(c);
	assert_int_equal(resident, in_use);
	unit_verify();
}

/* Who takes all of it again is not asked for it as often. */
static void test_who_wants_it_again_is_left_alone(void **state)
{
	struct kmem_cache *c = CLASS(3584);
	uint32_t nr = MAX_OBJECTS / c->nr_objects * c->nr_objects;

	(void)state;
	leave_some(c, nr, c->nr_objects);
	give_back_much();
	for (uint32_t i = 0; i < nr; i++) {
		if (is_kept(i, c->nr_objects))
			continue;
		objects[i] = kmem_cache_alloc_one(c, &thread);
		memset(objects[i], 1, c->size);
	}
	for (uint32_t i = 0; i < nr; i++)
		if (!is_kept(i, c->nr_objects))
			kmem_cache_free_bulk(c, &thread, 1,
					     (void **)&objects[i]);
	give_back_much();
	count(c);
	assert_true(resident > in_use);
	unit_verify();
}

static void test_disabled(void **state)
{
	struct kmem_cache *c = CLASS(1152);

	(void)state;
	leave_some(c, c->nr_objects, c->nr_objects);
	slab_purge_disable();
	assert_int_equal(purge(c), 0);
}

UNIT_MAIN(TEST(test_what_is_free_goes_and_what_is_out_stays),
	  TEST(test_purged_slabs_are_used_again),
	  TEST(test_more_than_half_in_use_is_left_alone),
	  TEST(test_constructed_objects_stay), TEST(test_in_slices),
	  TEST(test_a_refused_purge_loses_nothing),
	  TEST(test_a_growing_heap_looks_for_free_memory),
	  TEST(test_much_given_back_is_looked_at),
	  TEST(test_who_wants_it_again_is_left_alone), TEST(test_disabled))
