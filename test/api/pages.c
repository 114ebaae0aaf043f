/*
 * The public API, pages: by order, in bulk, exact. The library's own check of
 * itself after every step.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "buddy.h"
#include "cm.h"

static size_t bytes_of(unsigned int order)
{
	return BUDDY_PAGE_SIZE << order;
}

static void verify(void)
{
	assert_int_equal(buddy_mm_verify(), 0);
}

/* Some bytes of each page, both ends among them. */
static void fill(void *addr, size_t size, int value)
{
	for (size_t at = 0; at < size; at += BUDDY_PAGE_SIZE) {
		memset((char *)addr + at, value, 64);
		memset((char *)addr + at + BUDDY_PAGE_SIZE - 64, value, 64);
	}
}

static void expect(const void *addr, size_t size, int value)
{
	const unsigned char *byte = addr;

	for (size_t at = 0; at < size; at += BUDDY_PAGE_SIZE)
		for (size_t i = 0; i < 64; i++) {
			assert_int_equal(byte[at + i], value);
			assert_int_equal(byte[at + BUDDY_PAGE_SIZE - 64 + i],
					 value);
		}
}

static void every_order_is_aligned(void **state)
{
	(void)state;
	for (unsigned int order = 0; order <= BUDDY_MAX_PAGE_ORDER; order++) {
		char *addr = buddy_alloc_pages(BUDDY_GFP_MOVABLE, order);
		assert_non_null(addr);
		assert_int_equal((uintptr_t)addr % bytes_of(order), 0);
		memset(addr, 1, 100);
		memset(addr + bytes_of(order) - 100, 2, 100);
		verify();
		buddy_free_pages(addr, order);
		verify();
	}
}

static void arguments_are_checked(void **state)
{
	(void)state;
	errno = 0;
	assert_null(buddy_alloc_pages(0, BUDDY_MAX_PAGE_ORDER + 1));
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_null(buddy_alloc_pages(0, ~0u));
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_null(buddy_alloc_pages(0x3, 0)); /* two purposes at once */
	assert_int_equal(errno, EINVAL);
	errno = 0;
	assert_null(buddy_alloc_pages(0x80000000, 0));
	assert_int_equal(errno, EINVAL);
	errno = 55;
	buddy_free_pages(NULL, 3);
	buddy_free_pages_exact(NULL, 100);
	buddy_free_pages_bulk(0, NULL);
	assert_int_equal(errno, 55);
}

static const unsigned int purposes[] = {BUDDY_GFP_UNMOVABLE, BUDDY_GFP_MOVABLE,
					BUDDY_GFP_RECLAIMABLE};
static const unsigned int manners[] = {0, BUDDY_GFP_NOFAIL, BUDDY_GFP_ATOMIC,
				       BUDDY_GFP_COLD,
				       BUDDY_GFP_NOFAIL | BUDDY_GFP_COLD};

static void every_flag_is_served(void **state)
{
	(void)state;
	for (size_t p = 0; p < 3; p++)
		for (size_t m = 0; m < 5; m++)
			for (unsigned int order = 0; order < 6; order++) {
				void *addr = buddy_alloc_pages(
					purposes[p] | manners[m], order);
				assert_non_null(addr);
				fill(addr, bytes_of(order), 0x42);
				buddy_free_pages(addr, order);
			}
	verify();
}

/* Dirty pages come back zeroed when that is asked for, whatever the order. */
static void zero_means_zero(void **state)
{
	(void)state;
	for (int round = 0; round < 4; round++)
		for (unsigned int order = 0; order <= 9; order++) {
			void *dirty = buddy_alloc_pages(BUDDY_GFP_MOVABLE,
							(order * 5 + 2) % 10);
			assert_non_null(dirty);
			memset(dirty, 0xff, bytes_of((order * 5 + 2) % 10));
			buddy_free_pages(dirty, (order * 5 + 2) % 10);
			unsigned char *addr = buddy_alloc_pages(
				purposes[round % 3] | BUDDY_GFP_ZERO, order);
			assert_non_null(addr);
			assert_int_equal(addr[0], 0);
			assert_memory_equal(addr, addr + 1,
					    bytes_of(order) - 1);
			memset(addr, 0xee, bytes_of(order));
			buddy_free_pages(addr, order);
			verify();
		}
}

enum { MANY = 300 };

static void many_keep_their_contents(void **state)
{
	void *addr[MANY];
	(void)state;

	for (int i = 0; i < MANY; i++) {
		addr[i] = buddy_alloc_pages(purposes[i % 3], i % 7);
		assert_non_null(addr[i]);
		fill(addr[i], bytes_of(i % 7), i % 251);
	}
	verify();
	for (int i = 0; i < MANY; i += 2) {
		expect(addr[i], bytes_of(i % 7), i % 251);
		buddy_free_pages(addr[i], i % 7);
	}
	verify();
	for (int i = 0; i < MANY; i += 2) {
		addr[i] = buddy_alloc_pages(purposes[i % 3], i % 7);
		assert_non_null(addr[i]);
		fill(addr[i], bytes_of(i % 7), i % 251);
	}
	for (int i = 0; i < MANY; i++) {
		expect(addr[i], bytes_of(i % 7), i % 251);
		buddy_free_pages(addr[i], i % 7);
	}
	verify();
}

static int by_address(const void *left, const void *right)
{
	uintptr_t one = (uintptr_t) * (void *const *)left;
	uintptr_t two = (uintptr_t) * (void *const *)right;

	return (one > two) - (one < two);
}

static void bulk_fills_the_gaps(void **state)
{
	enum { NR = 1000 };
	static void *page[NR], *sorted[NR];
	(void)state;

	void *own = buddy_alloc_pages(0, 0);
	assert_non_null(own);
	page[7] = own;
	assert_int_equal(buddy_alloc_pages_bulk(BUDDY_GFP_ZERO, NR, page), NR);
	assert_ptr_equal(page[7], own);
	verify();
	memcpy(sorted, page, sizeof(page));
	qsort(sorted, NR, sizeof(*sorted), by_address);
	for (int i = 0; i < NR; i++) {
		assert_non_null(page[i]);
		assert_int_equal((uintptr_t)page[i] % BUDDY_PAGE_SIZE, 0);
		if (i)
			assert_ptr_not_equal(sorted[i - 1], sorted[i]);
		if (page[i] != own)
			expect(page[i], BUDDY_PAGE_SIZE, 0);
		fill(page[i], BUDDY_PAGE_SIZE, i % 251);
	}
	for (int i = 0; i < NR; i++)
		expect(page[i], BUDDY_PAGE_SIZE, i % 251);
	buddy_free_pages(page[500], 0); /* bulk pages are single pages */
	page[500] = NULL;
	buddy_free_pages_bulk(NR, page);
	verify();
	assert_int_equal(buddy_alloc_pages_bulk(0, 0, page), 0);
}

static void exact_runs_hold_what_they_say(void **state)
{
	enum { NR = 40 };
	void *run[NR];
	(void)state;

	for (int i = 0; i < NR; i++) {
		size_t size = (size_t)(i + 1) * BUDDY_PAGE_SIZE - i * 100;
		run[i] = buddy_alloc_pages_exact(
			size, i % 2 ? BUDDY_GFP_ZERO : BUDDY_GFP_MOVABLE);
		assert_non_null(run[i]);
		assert_int_equal((uintptr_t)run[i] % BUDDY_PAGE_SIZE, 0);
		if (i % 2)
			expect(run[i], (size_t)(i + 1) * BUDDY_PAGE_SIZE, 0);
		fill(run[i], (size_t)(i + 1) * BUDDY_PAGE_SIZE, i + 1);
		verify();
	}
	for (int i = 0; i < NR; i++) {
		int k = i * 7 % NR;
		expect(run[k], (size_t)(k + 1) * BUDDY_PAGE_SIZE, k + 1);
		buddy_free_pages_exact(
			run[k], (size_t)(k + 1) * BUDDY_PAGE_SIZE - k * 100);
		verify();
	}
	volatile size_t beyond = SIZE_MAX;
	assert_null(buddy_alloc_pages_exact(beyond, 0));
}

/* How many different pageblocks the nr pages at `page` lie in. */
static int count_pageblocks(void *const *page, int nr)
{
	enum { PAGEBLOCK_SHIFT = BUDDY_PAGE_SHIFT + 5 };
	int count = 0;

	for (int i = 0; i < nr; i++) {
		int k = 0;
		while ((uintptr_t)page[k] >> PAGEBLOCK_SHIFT !=
		       (uintptr_t)page[i] >> PAGEBLOCK_SHIFT)
			k++;
		count += k == i;
	}
	return count;
}

/*
 * A run of five pages leaves one and two of the eight that it is cut from:
 * with those in use, 300 times eight pages fit 75 pageblocks. If runs kept
 * their powers of two it would be 103.
 */
static void exact_runs_waste_nothing(void **state)
{
	enum { NR = 300 };
	const size_t size = 5 * BUDDY_PAGE_SIZE;
	static void *page[3 * NR];
	(void)state;

	for (int i = 0; i < NR; i++)
		page[i] = buddy_alloc_pages_exact(size, BUDDY_GFP_RECLAIMABLE);
	for (int i = NR; i < 3 * NR; i++)
		page[i] = buddy_alloc_pages(BUDDY_GFP_RECLAIMABLE, i >= 2 * NR);
	for (int i = 0; i < 3 * NR; i++)
		assert_non_null(page[i]);
	verify();
	assert_in_range(count_pageblocks(page, 3 * NR), 75, 85);
	for (int i = 0; i < NR; i++) {
		buddy_free_pages_exact(page[i], size);
		buddy_free_pages(page[NR + i], 0);
		buddy_free_pages(page[2 * NR + i], 1);
	}
	verify();
}

static void *use_pages(void *argument)
{
	unsigned int state = (unsigned int)(uintptr_t)argument;
	void *addr[64] = {NULL};
	unsigned int order[64];

	for (int i = 0; i < 4000; i++) {
		int k = rand_r(&state) % 64;
		if (addr[k]) {
			/* A failed assertion would leave by longjmp. */
			if (*(unsigned char *)addr[k] != k)
				abort();
			buddy_free_pages(addr[k], order[k]);
			addr[k] = NULL;
			continue;
		}
		order[k] = (unsigned int)rand_r(&state) % 5;
		addr[k] = buddy_alloc_pages(purposes[k % 3], order[k]);
		if (!addr[k])
			abort();
		*(unsigned char *)addr[k] = (unsigned char)k;
	}
	for (int k = 0; k < 64; k++)
		if (addr[k])
			buddy_free_pages(addr[k], order[k]);
	return NULL;
}

static void threads_share_the_pages(void **state)
{
	pthread_t thread[4];
	(void)state;

	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, use_pages,
						(void *)(i + 1)),
				 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	verify();
}

static void errno_is_kept(void **state)
{
	void *page[100] = {NULL};
	(void)state;

	assert_int_equal(buddy_alloc_pages_bulk(0, 100, page), 100);
	errno = 99;
	buddy_free_pages_bulk(100, page);
	assert_int_equal(errno, 99);
	void *addr = buddy_alloc_pages(0, 12);
	void *run = buddy_alloc_pages_exact(5 << 20, 0);
	assert_non_null(addr);
	assert_non_null(run);
	errno = 99;
	buddy_free_pages(addr, 12);
	buddy_free_pages_exact(run, 5 << 20);
	assert_int_equal(errno, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_is_aligned),
		cmocka_unit_test(arguments_are_checked),
		cmocka_unit_test(every_flag_is_served),
		cmocka_unit_test(zero_means_zero),
		cmocka_unit_test(many_keep_their_contents),
		cmocka_unit_test(bulk_fills_the_gaps),
		cmocka_unit_test(exact_runs_hold_what_they_say),
		cmocka_unit_test(exact_runs_waste_nothing),
		cmocka_unit_test(threads_share_the_pages),
		cmocka_unit_test(errno_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
