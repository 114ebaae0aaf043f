/* heap/api_pages: the public page calls and what they refuse. */
#include <errno.h>
#include <string.h>

#include "buddy.h"
#include "unit.h"

static void *check_pages(void *p, unsigned int order)
{
	assert_non_null(p);
	assert_int_equal((uintptr_t)p & ((BUDDY_PAGE_SIZE << order) - 1), 0);
	return p;
}

static void test_orders(void **state)
{
	(void)state;
	for (unsigned int order = 0; order <= MAX_PAGE_ORDER; order++) {
		char *p = check_pages(
			buddy_alloc_pages(BUDDY_GFP_MOVABLE, order), order);

		p[0] = 1;
		p[(BUDDY_PAGE_SIZE << order) - 1] = 1;
		unit_verify();
		buddy_free_pages(p, order);
		unit_verify();
	}
	buddy_free_pages(NULL, 0);
}

static void test_refused(void **state)
{
	static const unsigned int bad[] = {0x03, 0x04, 0x08, 0x100, ~0u};

	(void)state;
	errno = 0;
	assert_null(buddy_alloc_pages(0, MAX_PAGE_ORDER + 1));
	assert_int_equal(errno, EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		void *p = NULL;

		errno = 0;
		assert_null(buddy_alloc_pages(bad[i], 0));
		assert_int_equal(errno, EINVAL);
		errno = 0;
		assert_null(buddy_alloc_pages_exact(1, bad[i]));
		assert_int_equal(errno, EINVAL);
		assert_int_equal(buddy_alloc_pages_bulk(bad[i], 1, &p), 0);
		assert_null(p);
	}
	errno = 0;
	assert_null(buddy_alloc_pages_exact(0, 0));
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_null(buddy_alloc_pages_exact((size_t)1 << 40, 0));
	assert_int_equal(errno, ENOMEM);
}

static void test_no_memory(void **state)
{
	(void)state;
	inject_arm(INJECT_COMMIT, 1, true);
	inject_arm(INJECT_MAP, 1, true);
	errno = 0;
	assert_null(buddy_alloc_pages(BUDDY_GFP_MOVABLE, 3));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(buddy_alloc_pages_exact(100000, BUDDY_GFP_MOVABLE));
	assert_int_equal(errno, ENOMEM);
	inject_disarm();
	unit_verify();
}

static void test_exact(void **state)
{
	(void)state;
	for (size_t size = 1; size < 8 * 1024 * 1024; size = size * 3 + 1) {
		char *p = check_pages(
			buddy_alloc_pages_exact(size, BUDDY_GFP_ZERO), 0);

		for (size_t b = 0; b < size; b += 999)
			assert_int_equal(p[b], 0);
		memset(p, 1, size);
		assert_int_equal(buddy_usable_size(p) / BUDDY_PAGE_SIZE,
				 (size + BUDDY_PAGE_SIZE - 1) /
					 BUDDY_PAGE_SIZE);
		unit_verify();
		buddy_free_pages_exact(p, size);
		unit_verify();
	}
	buddy_free_pages_exact(NULL, 1);
}

static void test_bulk(void **state)
{
	enum { PAGES = 100 };
	void *array[PAGES] = {NULL};
	void *kept[PAGES];

	(void)state;
	array[3] = check_pages(buddy_alloc_pages(0, 0), 0);
	array[50] = check_pages(buddy_alloc_pages(0, 0), 0);
	memcpy(kept, array, sizeof(kept));
	/* Only the gaps are filled. */
	assert_int_equal(
		buddy_alloc_pages_bulk(BUDDY_GFP_MOVABLE, PAGES, array), PAGES);
	assert_ptr_equal(array[3], kept[3]);
	assert_ptr_equal(array[50], kept[50]);
	for (int i = 0; i < PAGES; i++) {
		check_pages(array[i], 0);
		for (int j = 0; j < i; j++)
			assert_ptr_not_equal(array[i], array[j]);
		memset(array[i], i, BUDDY_PAGE_SIZE);
	}
	unit_verify();
	buddy_free_pages(array[7], 0);
	array[7] = NULL;
	buddy_free_pages_bulk(PAGES, array);
	unit_verify();
	assert_int_equal(buddy_alloc_pages_bulk(0, 0, array), 0);
	buddy_free_pages_bulk(0, array);
}

static void test_bulk_runs_out(void **state)
{
	enum { PAGES = 4000 };
	static void *array[PAGES];
	size_t got;

	(void)state;
	buddy_free_pages(check_pages(buddy_alloc_pages(0, 0), 0), 0);
	inject_arm(INJECT_COMMIT, 1, true);
	inject_arm(INJECT_MAP, 1, true);
	got = buddy_alloc_pages_bulk(BUDDY_GFP_MOVABLE, PAGES, array);
	inject_disarm();
	assert_true(got > 0 && got < PAGES);
	for (size_t i = 0; i < PAGES; i++)
		assert_int_equal(array[i] != NULL, i < got);
	unit_verify();
	assert_int_equal(
		buddy_alloc_pages_bulk(BUDDY_GFP_MOVABLE, PAGES, array), PAGES);
	buddy_free_pages_bulk(PAGES, array);
	unit_verify();
}

static void test_free_takes_them_too(void **state)
{
	(void)state;
	/* Pages are blocks like any other. */
	buddy_free(check_pages(buddy_alloc_pages(0, 2), 2));
	buddy_free(check_pages(buddy_alloc_pages_exact(300000, 0), 0));
	unit_verify();
}

/* ---- misuse ------------------------------------------------------------ */

struct mistake {
	const char *report;
	unsigned int order;
	size_t offset;
	bool twice;
};

static int free_wrongly(void *arg)
{
	const struct mistake *m = arg;
	char *p = buddy_alloc_pages(0, 4);

	if (m->twice)
		buddy_free_pages(p, 4);
	buddy_free_pages(p + m->offset, m->order);
	return 0;
}

static const struct mistake mistakes[] = {
	{"wrong size in buddy_free_pages(0x", 3, 0, false},
	{"wrong size in buddy_free_pages(0x", 5, 0, false},
	{"wrong size in buddy_free_pages(0x", 99, 0, false},
	{"interior pointer in buddy_free_pages(0x", 4, 8, false},
	{"interior pointer in buddy_free_pages(0x", 4, BUDDY_PAGE_SIZE, false},
	{"double free in buddy_free_pages(0x", 4, 0, true},
};

static int free_an_object(void *arg)
{
	(void)arg;
	buddy_free_pages(buddy_malloc(100), 0);
	return 0;
}

static int free_exact_wrongly(void *arg)
{
	(void)arg;
	buddy_free_pages_exact(buddy_alloc_pages_exact(700000, 0), 600000);
	return 0;
}

static int free_bulk_twice(void *arg)
{
	void *array[3];

	(void)arg;
	array[0] = buddy_alloc_pages(0, 0);
	array[1] = NULL;
	array[2] = array[0];
	buddy_free_pages_bulk(3, array);
	return 0;
}

static void test_misuse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++)
		unit_child_aborts(free_wrongly, (void *)(uintptr_t)&mistakes[i],
				  mistakes[i].report);
	unit_child_aborts(free_an_object, NULL, " in buddy_free_pages(0x");
	unit_child_aborts(free_exact_wrongly, NULL,
			  "wrong size in buddy_free_pages_exact(0x");
	unit_child_aborts(free_bulk_twice, NULL,
			  "double free in buddy_free_pages_bulk(0x");
}

UNIT_MAIN(TEST(test_orders), TEST(test_refused), TEST(test_no_memory),
	  TEST(test_exact), TEST(test_bulk), TEST(test_bulk_runs_out),
	  TEST(test_free_takes_them_too), TEST(test_misuse))
