/* heap/api_cache: caches of the user's own. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "buddy.h"
#include "unit.h"

static struct buddy_cache *create(size_t size, unsigned int flags,
				  void (*ctor)(void *))
{
	struct buddy_cache *c =
		buddy_cache_create("unit", size, 0, flags, ctor);

	assert_non_null(c);
	return c;
}

static void test_arguments(void **state)
{
	static const struct {
		const char *name;
		size_t size, align;
		unsigned int flags;
	} bad[] = {
		{NULL, 10, 0, 0},
		{"x", 0, 0, 0},
		{"x", SMALL_MAX + 1, 0, 0},
		{"x", 10, 24, 0},
		{"x", 10, 3, 0},
		{"x", 10, 8192, 0},
		{"x", 10, 0, 0x80},
		{"x", 10, 3, BUDDY_CACHE_HWCACHE_ALIGN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		errno = 0;
		assert_null(buddy_cache_create(bad[i].name, bad[i].size,
					       bad[i].align, bad[i].flags,
					       NULL));
		assert_int_equal(errno, EINVAL);
	}
	assert_int_equal(buddy_cache_destroy(NULL), 0);
}

static void test_sizes_and_alignments(void **state)
{
	(void)state;
	for (unsigned int flags = 0; flags < 8; flags++) {
		for (size_t align = 0; align <= 4096;
		     align = align ? align * 8 : 1) {
			struct buddy_cache *c;
			char *p[20];
			size_t want = align < 16 ? 16 : align;

			if (flags & BUDDY_CACHE_HWCACHE_ALIGN && want < 64)
				want = 64;
			c = buddy_cache_create("unit", 700, align, flags, NULL);
			assert_non_null(c);
			for (int i = 0; i < 20; i++) {
				p[i] = buddy_cache_alloc(c, 0);
				assert_int_equal((uintptr_t)p[i] & (want - 1),
						 0);
				memset(p[i], i, 700);
			}
			unit_verify();
			for (int i = 0; i < 20; i++) {
				assert_int_equal(p[i][699], i);
				buddy_cache_free(c, p[i]);
			}
			assert_int_equal(buddy_cache_destroy(c), 0);
			unit_verify();
		}
	}
}

static void test_merged_caches(void **state)
{
	struct buddy_cache *a = create(100, 0, NULL);
	struct buddy_cache *b = create(112, 0, NULL);

	(void)state;
	/* One class serves both; an end of one does not end it. */
	assert_ptr_equal(a, b);
	assert_ptr_equal(a, &kmem_caches[size_class(112)]);
	assert_int_equal(buddy_cache_destroy(a), 0);
	buddy_cache_free(b, buddy_cache_alloc(b, 0));
	buddy_free(buddy_cache_alloc(b, 0));
	unit_verify();
}

static unsigned int constructed;

static void construct(void *obj)
{
	memset(obj, 0x77, 64);
	constructed++;
}

static void test_constructor(void **state)
{
	struct buddy_cache *c = create(64, 0, construct);
	unsigned char *p[3000];
	unsigned int first;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = buddy_cache_alloc(c, 0);
		for (int b = 0; b < 64; b++)
			assert_int_equal(p[i][b], 0x77);
	}
	first = constructed;
	assert_true(first >= ARRAY_SIZE(p));
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		buddy_cache_free(c, p[i]);
	/* What is in its constructed state need not be constructed. */
	for (int i = 0; i < 10; i++)
		buddy_cache_free(c, buddy_cache_alloc(c, 0));
	assert_int_equal(constructed, first);
	assert_int_equal(buddy_cache_destroy(c), 0);
	unit_verify();
}

static void test_zero(void **state)
{
	struct buddy_cache *c = create(300, BUDDY_CACHE_NO_MERGE, NULL);

	(void)state;
	for (int round = 0; round < 50; round++) {
		char *p = buddy_cache_alloc(c, BUDDY_GFP_ZERO);

		for (int b = 0; b < 300; b++)
			assert_int_equal(p[b], 0);
		memset(p, 1, 300);
		buddy_cache_free(c, p);
	}
}

static void test_busy(void **state)
{
	struct buddy_cache *c = create(500, BUDDY_CACHE_NO_MERGE, NULL);
	char *p = buddy_cache_alloc(c, 0);

	(void)state;
	assert_int_equal(buddy_cache_destroy(c), -EBUSY);
	/* Nothing has changed. */
	memset(p, 1, 500);
	buddy_cache_free(c, buddy_cache_alloc(c, 0));
	buddy_cache_free(c, p);
	assert_int_equal(buddy_cache_destroy(c), 0);
	unit_verify();
}

static void test_entries_are_used_again(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 5 * NR_USER_CACHES; i++) {
		size_t size = 16 + i * 40;
		struct buddy_cache *c =
			create(size, BUDDY_CACHE_NO_MERGE, NULL);
		char *p = buddy_cache_alloc(c, 0);

		memset(p, 1, size);
		buddy_cache_free(c, p);
		assert_int_equal(buddy_cache_destroy(c), 0);
		unit_verify();
	}
}

static void test_no_more_entries(void **state)
{
	struct buddy_cache *c[NR_USER_CACHES];

	(void)state;
	for (unsigned int i = 0; i < NR_USER_CACHES; i++)
		c[i] = create(64, BUDDY_CACHE_NO_MERGE, NULL);
	errno = 0;
	assert_null(
		buddy_cache_create("unit", 64, 0, BUDDY_CACHE_NO_MERGE, NULL));
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(buddy_cache_destroy(c[17]), 0);
	assert_non_null(
		buddy_cache_create("unit", 64, 0, BUDDY_CACHE_NO_MERGE, NULL));
}

static void test_shrink(void **state)
{
	struct buddy_cache *c = create(800, BUDDY_CACHE_NO_MERGE, NULL);
	struct kmem_cache *k = (struct kmem_cache *)c;
	void *p[500];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = buddy_cache_alloc(c, 0);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		buddy_cache_free(c, p[i]);
	buddy_cache_shrink(c);
	assert_int_equal(node_of(k)->nr_slabs, 0);
	unit_verify();
	buddy_cache_free(c, buddy_cache_alloc(c, 0));
}

static void test_name_in_slabinfo(void **state)
{
	static char text[65536];
	char longer[100];
	struct buddy_cache *c;

	(void)state;
	memset(longer, 'n', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	c = buddy_cache_create(longer, 32, 0, BUDDY_CACHE_NO_MERGE, NULL);
	buddy_cache_free(c, buddy_cache_alloc(c, 0));
	longer[CACHE_NAME_SIZE - 1] = '\0';
	buddy_stat(BUDDY_STAT_SLABINFO, text, sizeof(text));
	assert_non_null(strstr(text, longer));
	/* A shorter name in the same entry has no rest of the longer one. */
	assert_int_equal(buddy_cache_destroy(c), 0);
	c = buddy_cache_create("short", 32, 0, BUDDY_CACHE_NO_MERGE, NULL);
	buddy_cache_free(c, buddy_cache_alloc(c, 0));
	buddy_stat(BUDDY_STAT_SLABINFO, text, sizeof(text));
	assert_non_null(strstr(text, "\nshort "));
	assert_null(strstr(text, "nnn"));
}

static int free_into_another(void *arg)
{
	struct buddy_cache *a = create(64, BUDDY_CACHE_NO_MERGE, NULL);
	struct buddy_cache *b = create(64, BUDDY_CACHE_NO_MERGE, NULL);

	(void)arg;
	buddy_cache_free(a, buddy_cache_alloc(b, 0));
	return 0;
}

static int free_twice(void *arg)
{
	struct buddy_cache *a = create(64, BUDDY_CACHE_NO_MERGE, NULL);
	void *p = buddy_cache_alloc(a, 0);

	(void)arg;
	buddy_cache_free(a, p);
	buddy_cache_free(a, p);
	return 0;
}

static int no_fail(void *arg)
{
	struct buddy_cache *a = create(64, BUDDY_CACHE_NO_MERGE, NULL);

	(void)arg;
	inject_arm(INJECT_COMMIT, 1, true);
	inject_arm(INJECT_MAP, 1, true);
	while (buddy_cache_alloc(a, 0))
		;
	CHILD_CHECK(errno == ENOMEM);
	return buddy_cache_alloc(a, BUDDY_GFP_NOFAIL) == NULL;
}

static void test_misuse(void **state)
{
	(void)state;
	unit_child_aborts(free_into_another, NULL,
			  "foreign pointer in buddy_cache_free(0x");
	unit_child_aborts(free_twice, NULL,
			  "double free in buddy_cache_free(0x");
	unit_child_aborts(no_fail, NULL, "libbuddy: out of memory");
}

static struct buddy_cache *shared;

static void *use_shared(void *arg)
{
	void *p[300];

	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
			p[i] = buddy_cache_alloc(shared, 0);
			memset(p[i], 1, 96);
		}
		for (size_t i = 0; i < ARRAY_SIZE(p); i++)
			buddy_cache_free(shared, p[i]);
	}
	return arg;
}

/*
 * Of threads that start at once one makes the key, and no destructor knows of
 * the others; after the join such a one may still be there for a moment.
 */
static void wait_until_gone(const struct kmem_cache *c)
{
	uint64_t ms = os_milliseconds();

	while (READ_ONCE(node_of(c)->nr_slabs)) {
		assert_true(os_milliseconds() < ms + PATIENCE_MS);
		thread_cache_reap();
	}
}

static void test_threads_share_a_cache(void **state)
{
	pthread_t thread[4];

	(void)state;
	shared = create(96, BUDDY_CACHE_NO_MERGE, NULL);
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, use_shared, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	unit_verify();
	assert_int_equal(buddy_cache_destroy(shared), 0);
	wait_until_gone((struct kmem_cache *)shared);
}

UNIT_MAIN(TEST(test_arguments), TEST(test_sizes_and_alignments),
	  TEST(test_merged_caches), TEST(test_constructor), TEST(test_zero),
	  TEST(test_busy), TEST(test_entries_are_used_again),
	  TEST(test_no_more_entries), TEST(test_shrink),
	  TEST(test_name_in_slabinfo), TEST(test_misuse),
	  TEST(test_threads_share_a_cache))
