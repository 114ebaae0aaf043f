/* The public API, object caches. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buddy.h"
#include "cm.h"

static void verify(void)
{
	assert_int_equal(buddy_mm_verify(), 0);
}

enum { NR = 2000 };
static unsigned char *object[NR];

static void take_and_give(struct buddy_cache *cache, size_t size, size_t align)
{
	for (int i = 0; i < NR; i++) {
		object[i] =
			buddy_cache_alloc(cache, i % 2 ? BUDDY_GFP_ZERO : 0);
		assert_non_null(object[i]);
		assert_int_equal((uintptr_t)object[i] % align, 0);
		if (i % 2) {
			assert_int_equal(object[i][0], 0);
			assert_memory_equal(object[i], object[i] + 1, size - 1);
		}
		memset(object[i], i, size);
	}
	verify();
	for (int i = 0; i < NR; i++) {
		assert_int_equal(object[i][0], i & 255);
		assert_memory_equal(object[i], object[i] + 1, size - 1);
		buddy_cache_free(cache, object[i]);
	}
	verify();
}

static void sizes_and_alignments(void **state)
{
	static const size_t sizes[] = {1, 24, 100, 128, 1000, 5000};
	static const size_t aligns[] = {0, 1, 8, 16, 64, 512, 4096};
	(void)state;

	for (size_t s = 0; s < 6; s++)
		for (size_t a = 0; a < 7; a++) {
			struct buddy_cache *cache = buddy_cache_create(
				"api_sizes", sizes[s], aligns[a],
				s % 2 ? BUDDY_CACHE_NO_MERGE : 0, NULL);
			assert_non_null(cache);
			take_and_give(cache, sizes[s],
				      aligns[a] ? aligns[a] : 16);
			assert_int_equal(buddy_cache_destroy(cache), 0);
		}
	verify();
}

static void large_objects(void **state)
{
	const size_t size = 256 << 10;
	(void)state;

	struct buddy_cache *cache = buddy_cache_create(
		"api_large", size, 0, BUDDY_CACHE_NO_MERGE, NULL);
	assert_non_null(cache);
	for (int i = 0; i < 50; i++) {
		object[i] = buddy_cache_alloc(cache, 0);
		assert_non_null(object[i]);
		memset(object[i], i, size);
	}
	for (int i = 0; i < 50; i++) {
		assert_memory_equal(object[i], object[i] + 1, size - 1);
		buddy_cache_free(cache, object[i]);
	}
	assert_int_equal(buddy_cache_destroy(cache), 0);
}

static void flags_are_honoured(void **state)
{
	(void)state;
	struct buddy_cache *cache = buddy_cache_create(
		"api_flags", 40, 0,
		BUDDY_CACHE_HWCACHE_ALIGN | BUDDY_CACHE_RECLAIMABLE, NULL);
	assert_non_null(cache);
	take_and_give(cache, 40, 64);
	assert_int_equal(buddy_cache_destroy(cache), 0);
}

static void refused(size_t size, size_t align, unsigned int flags)
{
	errno = 0;
	assert_null(
		buddy_cache_create("api_refused", size, align, flags, NULL));
	assert_int_equal(errno, EINVAL);
}

static void arguments_are_checked(void **state)
{
	(void)state;
	refused(0, 0, 0);
	refused((256 << 10) + 1, 0, 0);
	refused(SIZE_MAX, 0, 0);
	refused(64, 3, 0);
	refused(64, 48, 0);
	refused(64, 8192, 0);
	refused(64, 0, 0x1000);
	errno = 0;
	assert_null(buddy_cache_create(NULL, 64, 0, 0, NULL));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(buddy_cache_destroy(NULL), 0);
}

/* ---- constructors ----------------------------------------------------- */

struct made {
	unsigned int magic;
	unsigned int used;
	char rest[120];
};

static int made_count;

static void make(void *ptr)
{
	struct made *made = ptr;

	made->magic = 0x600df00d;
	made->used = 0;
	memset(made->rest, 0x17, sizeof(made->rest));
	made_count++;
}

static struct made *take_made(struct buddy_cache *cache)
{
	struct made *made = buddy_cache_alloc(cache, 0);

	assert_non_null(made);
	assert_int_equal(made->magic, 0x600df00d);
	assert_int_equal(made->used, 0);
	for (size_t i = 0; i < sizeof(made->rest); i++)
		assert_int_equal(made->rest[i], 0x17);
	return made;
}

/* Takes the made objects first, first + step, ... and marks them. */
static void take_marked(struct buddy_cache *cache, int first, int step)
{
	for (int i = first; i < NR; i += step) {
		struct made *made = take_made(cache);
		made->used = 1;
		object[i] = (unsigned char *)made;
	}
}

/* Gives them back as they were constructed. */
static void give_unmarked(struct buddy_cache *cache, int first, int step)
{
	for (int i = first; i < NR; i += step) {
		((struct made *)(void *)object[i])->used = 0;
		buddy_cache_free(cache, object[i]);
	}
}

/* While a slab is in use, its objects are not made again. */
static void constructors_run_once(void **state)
{
	(void)state;

	made_count = 0;
	struct buddy_cache *cache =
		buddy_cache_create("api_made", sizeof(struct made), 0, 0, make);
	assert_non_null(cache);
	take_marked(cache, 0, 1);
	assert_true(made_count >= NR);
	int first = made_count;
	for (int round = 0; round < 5; round++) {
		/* Every other object stays, so that no slab is emptied. */
		give_unmarked(cache, 1, 2);
		verify();
		take_marked(cache, 1, 2);
	}
	/* At most some of a new slab's, never as many as were taken. */
	assert_true(made_count < first + NR / 2);
	give_unmarked(cache, 0, 1);
	buddy_cache_shrink(cache);
	verify();
	buddy_cache_free(cache, take_made(cache));
	assert_int_equal(buddy_cache_destroy(cache), 0);
}

/* ---- the end ---------------------------------------------------------- */

static void busy_caches_stay(void **state)
{
	(void)state;
	for (unsigned int flags = 0; flags < 2; flags++) {
		struct buddy_cache *cache = buddy_cache_create(
			"api_busy", 200, 0, BUDDY_CACHE_NO_MERGE,
			flags ? make : NULL);
		assert_non_null(cache);
		void *one = buddy_cache_alloc(cache, 0);
		void *two = buddy_cache_alloc(cache, 0);
		assert_non_null(one);
		assert_non_null(two);
		assert_int_equal(buddy_cache_destroy(cache), -EBUSY);
		buddy_cache_free(cache, one);
		assert_int_equal(buddy_cache_destroy(cache), -EBUSY);
		one = buddy_cache_alloc(cache, 0); /* still in service */
		assert_non_null(one);
		verify();
		buddy_cache_free(cache, one);
		buddy_cache_free(cache, two);
		buddy_cache_shrink(cache);
		assert_int_equal(buddy_cache_destroy(cache), 0);
		verify();
	}
}

static void shrinking_spares_live_objects(void **state)
{
	(void)state;
	struct buddy_cache *cache = buddy_cache_create(
		"api_shrink", 3000, 0, BUDDY_CACHE_NO_MERGE, NULL);
	assert_non_null(cache);
	for (int i = 0; i < NR; i++) {
		object[i] = buddy_cache_alloc(cache, 0);
		assert_non_null(object[i]);
		memset(object[i], i, 3000);
	}
	for (int i = 0; i < NR; i++)
		if (i % 100)
			buddy_cache_free(cache, object[i]);
	buddy_cache_shrink(cache);
	verify();
	for (int i = 0; i < NR; i += 100) {
		assert_memory_equal(object[i], object[i] + 1, 2999);
		buddy_cache_free(cache, object[i]);
	}
	assert_int_equal(buddy_cache_destroy(cache), 0);
	verify();
}

/* Caches come and go by the thousand; their memory comes back. */
static void caches_are_reused(void **state)
{
	char name[32];
	(void)state;

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "api_%d", i);
		struct buddy_cache *cache = buddy_cache_create(
			name, 16 + i % 500, 0, BUDDY_CACHE_NO_MERGE, NULL);
		memset(name, 'x', sizeof(name)); /* it was copied */
		assert_non_null(cache);
		void *one = buddy_cache_alloc(cache, 0);
		assert_non_null(one);
		buddy_cache_free(cache, one);
		assert_int_equal(buddy_cache_destroy(cache), 0);
	}
	verify();
}

static void the_number_of_caches_is_bounded(void **state)
{
	static struct buddy_cache *cache[20000];
	int nr = 0;
	(void)state;

	for (; nr < 20000; nr++) {
		errno = 0;
		cache[nr] = buddy_cache_create("api_many", 100, 0,
					       BUDDY_CACHE_NO_MERGE, NULL);
		if (!cache[nr])
			break;
	}
	assert_true(nr >= 16);
	if (nr < 20000)
		assert_true(errno == ENOSPC || errno == ENOMEM);
	while (nr)
		assert_int_equal(buddy_cache_destroy(cache[--nr]), 0);
	verify();
}

static void *use_cache(void *argument)
{
	struct buddy_cache *cache = argument;
	unsigned int *mine[200];

	for (int round = 0; round < 100; round++) {
		for (unsigned int i = 0; i < 200; i++) {
			mine[i] = buddy_cache_alloc(cache, 0);
			if (!mine[i])
				abort();
			*mine[i] = i;
		}
		for (unsigned int i = 0; i < 200; i++) {
			if (*mine[i] != i)
				abort();
			buddy_cache_free(cache, mine[i]);
		}
	}
	return NULL;
}

static void threads_share_a_cache(void **state)
{
	pthread_t thread[4];
	(void)state;

	struct buddy_cache *cache = buddy_cache_create(
		"api_threads", 72, 0, BUDDY_CACHE_NO_MERGE, NULL);
	assert_non_null(cache);
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			pthread_create(&thread[i], NULL, use_cache, cache), 0);
	use_cache(cache);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(buddy_cache_destroy(cache), 0);
	verify();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_and_alignments),
		cmocka_unit_test(large_objects),
		cmocka_unit_test(flags_are_honoured),
		cmocka_unit_test(arguments_are_checked),
		cmocka_unit_test(constructors_run_once),
		cmocka_unit_test(busy_caches_stay),
		cmocka_unit_test(shrinking_spares_live_objects),
		cmocka_unit_test(caches_are_reused),
		cmocka_unit_test(the_number_of_caches_is_bounded),
		cmocka_unit_test(threads_share_a_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
