/* slab/tags: what free() is told by a page's tag. */
#include "unit.h"

static char *page_in_window;

/* Whether slabs of c have tags: one, or one at each object or page. */
static bool is_tagged(const struct kmem_cache *c)
{
	return cache_is_one_page(c) || c->size % PAGE_SIZE == 0 ||
	       PAGE_SIZE % c->size == 0;
}

static void setup(void)
{
	struct zone *z = unit_zone(1);

	page_in_window = page_to_addr(zone_page(z, z->first_page));
}

/* All offsets of a page, for every class that tags pages. */
static void test_accepts_the_first_byte_of_objects(void **state)
{
	(void)state;
	setup();
	for (size_t i = 1; i < NR_SIZE_CLASSES; i++) {
		const struct kmem_cache *c = &kmem_caches[i];

		if (!is_tagged(c))
			continue;
		tag_pages(page_in_window, c, 1, 1);
		for (size_t offset = 0; offset < PAGE_SIZE; offset++) {
			bool first = offset % c->size == 0 &&
				     offset / c->size < c->nr_objects;

			if (tag_accepts(&i, page_in_window + offset) != first)
				fail_msg("offset %zu of size %u", offset,
					 c->size);
		}
	}
}

static void test_no_tag_accepts_nothing(void **state)
{
	size_t none = 0;

	(void)state;
	setup();
	for (size_t offset = 0; offset < PAGE_SIZE; offset++)
		assert_false(tag_accepts(&none, page_in_window + offset));
	/* Nor does one that no page has had yet. */
	for (size_t i = 1; i < NR_MAGAZINES; i++)
		assert_false(tag_accepts(&i, page_in_window));
}

/* Each size with each tag: it is served by the class that it leads to. */
static void test_serves_the_sizes_of_a_class(void **state)
{
	(void)state;
	setup();
	for (size_t i = 1; i < NR_SIZE_CLASSES; i++) {
		assert_false(tag_serves(i, kmem_caches[i].size));
		tag_pages(page_in_window, &kmem_caches[i], 1, 1);
	}
	for (size_t i = 0; i < NR_MAGAZINES; i++) {
		bool is_class = i && i < NR_SIZE_CLASSES;

		assert_false(tag_serves(i, 0));
		assert_false(tag_serves(i, SMALL_MAX + 1));
		assert_false(tag_serves(i, SIZE_MAX));
		for (size_t size = 1; size <= SMALL_MAX; size += 1 + size / 99)
			if (tag_serves(i, size) !=
			    (is_class && size_class(size) == i))
				fail_msg("tag %zu, size %zu", i, size);
	}
}

static void test_tags_are_set_and_taken_off(void **state)
{
	size_t i;

	(void)state;
	setup();
	tag_pages(page_in_window, &kmem_caches[3], 1, 1);
	i = tag_index(page_in_window);
	assert_true(i < NR_TAGS);
	assert_int_equal(*tag_at(i), 3);
	assert_int_equal(tag_index(page_in_window + PAGE_SIZE - 1), i);
	assert_int_equal(tag_index(page_in_window + PAGE_SIZE), i + 1);
	assert_int_equal(*tag_at(i + 1), 0);
	tag_pages(page_in_window, &kmem_caches[9], 1, 1);
	assert_int_equal(*tag_at(i), 9);
	tag_pages(page_in_window, NULL, 1, 1);
	assert_int_equal(*tag_at(i), 0);
}

static void test_window(void **state)
{
	char *base;

	(void)state;
	setup();
	/* Before the first tag nothing is in it. */
	assert_int_equal(hot.tag_base, 0);
	tag_pages(page_in_window, &kmem_caches[1], 1, 1);
	base = (char *)hot.tag_base;
	assert_int_equal((uintptr_t)base % ZONE_SIZE, 0);
	assert_true(page_in_window > base);
	assert_int_equal(tag_index(base), 0);
	assert_true(tag_index(base - 1) >= NR_TAGS);
	assert_true(tag_index(base + NR_TAGS * PAGE_SIZE - 1) < NR_TAGS);
	assert_true(tag_index(base + NR_TAGS * PAGE_SIZE) >= NR_TAGS);
	assert_true(tag_index(NULL) >= NR_TAGS);
	/* Beyond it, tagging is no error. */
	tag_pages(base - PAGE_SIZE, &kmem_caches[1], 1, 1);
	tag_pages(base + NR_TAGS * PAGE_SIZE, &kmem_caches[1], 1, 1);
	assert_int_equal(*tag_at(0), 0);
	assert_int_equal(*tag_at(NR_TAGS - 1), 0);
}

static void test_slabs_are_tagged_while_they_live(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < NR_SIZE_CLASSES; i++) {
		struct kmem_cache *c = &kmem_caches[i];
		char *obj = kmem_cache_alloc_one(c, NULL);
		unsigned int tag = is_tagged(c) ? i : 0;

		assert_non_null(obj);
		assert_int_equal(*tag_at(tag_index(obj)), tag);
		/* Not where an object goes on. */
		if (c->size > PAGE_SIZE)
			assert_int_equal(*tag_at(tag_index(obj + PAGE_SIZE)),
					 0);
		/* But where others begin. */
		else if (tag && c->order)
			assert_int_equal(*tag_at(tag_index(obj + PAGE_SIZE)),
					 tag);
		kmem_cache_free_bulk(c, NULL, 1, (void **)&obj);
		assert_int_equal(*tag_at(tag_index(obj)), 0);
	}
}

static void test_internal_slabs_have_no_tag(void **state)
{
	char *obj = kmem_cache_alloc_one(&kmem_caches[CACHE_THREADS], NULL);

	(void)state;
	setup();
	tag_pages(page_in_window, NULL, 1, 1);
	assert_non_null(obj);
	assert_int_equal(*tag_at(tag_index(obj)), 0);
}

/* The magazines that stand in for a thread's: empty and full at once. */
static void test_empty_magazines(void **state)
{
	(void)state;
	for (int which = 0; which < NR_EMPTY_CACHES; which++) {
		struct thread_cache *was = thread_cache_now();
		struct thread_cache *tc;

		set_no_cache(which);
		tc = thread_cache_now();
		set_thread_cache(was);
		for (size_t i = 0; i < NR_MAGAZINES; i++) {
			assert_null(magazine_pop(tc, i));
			assert_false(magazine_push(tc, i, page_in_window));
			assert_null(magazine_pop(tc, i));
		}
		assert_false(cache_is_real(tc));
	}
}

UNIT_MAIN(TEST(test_accepts_the_first_byte_of_objects),
	  TEST(test_no_tag_accepts_nothing),
	  TEST(test_serves_the_sizes_of_a_class),
	  TEST(test_tags_are_set_and_taken_off), TEST(test_window),
	  TEST(test_slabs_are_tagged_while_they_live),
	  TEST(test_internal_slabs_have_no_tag), TEST(test_empty_magazines))
