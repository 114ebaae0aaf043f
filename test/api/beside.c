/*
 * The prefix-only flavour: buddy_malloc and its family beside the C library's
 * malloc, which nobody touches.
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "buddy.h"
#include "cm.h"

/* mallinfo2 is newer than the oldest C library that this builds on. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static void malloc_is_not_ours(void **state)
{
	Dl_info info;
	(void)state;

	assert_true(dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info));
	assert_non_null(strstr(info.dli_fname, "libc.so"));
	assert_true(dladdr(dlsym(RTLD_DEFAULT, "free"), &info));
	assert_non_null(strstr(info.dli_fname, "libc.so"));
	/* Its counts follow its own blocks only. */
	size_t before = (size_t)mallinfo().uordblks;
	void *ptr = buddy_malloc(100000);
	assert_non_null(ptr);
	assert_int_equal((size_t)mallinfo().uordblks, before);
	buddy_free(ptr);
}

static void two_heaps_side_by_side(void **state)
{
	enum { NR = 3000 };
	static unsigned char *ours[NR], *theirs[NR];
	(void)state;

	for (int i = 0; i < NR; i++) {
		size_t size = (size_t)i * (i % 20 ? 2 : 300) + 1;
		ours[i] = buddy_malloc(size);
		theirs[i] = malloc(size);
		assert_non_null(ours[i]);
		assert_non_null(theirs[i]);
		memset(ours[i], 1, size);
		memset(theirs[i], 2, size);
	}
	for (int i = 0; i < NR; i++) {
		size_t size = (size_t)i * (i % 20 ? 2 : 300) + 1;
		for (size_t k = 0; k < size; k += 1 + k / 8) {
			assert_int_equal(ours[i][k], 1);
			assert_int_equal(theirs[i][k], 2);
		}
		buddy_free(ours[i]);
		free(theirs[i]);
	}
	assert_int_equal(buddy_mm_verify(), 0);
}

static void the_whole_family(void **state)
{
	void *out = NULL;
	(void)state;

	buddy_free(NULL);
	assert_int_equal(buddy_usable_size(NULL), 0);
	for (size_t size = 0; size < 2 << 20; size = size * 3 + 1) {
		char *ptr = buddy_calloc(1, size);
		assert_non_null(ptr);
		assert_true(buddy_usable_size(ptr) >= size);
		for (size_t i = 0; i < size; i += 1 + i / 16)
			assert_int_equal(ptr[i], 0);
		ptr = buddy_realloc(ptr, size + 50);
		assert_non_null(ptr);
		ptr = buddy_reallocarray(ptr, size + 5, 3);
		assert_non_null(ptr);
		buddy_free_sized(ptr, (size + 5) * 3);
		ptr = buddy_aligned_alloc(256, size);
		assert_non_null(ptr);
		assert_int_equal((uintptr_t)ptr % 256, 0);
		buddy_free_aligned_sized(ptr, 256, size);
		assert_int_equal(buddy_posix_memalign(&out, 8192, size), 0);
		assert_int_equal((uintptr_t)out % 8192, 0);
		assert_null(buddy_realloc(out, 0));
	}
	assert_int_equal(buddy_mm_verify(), 0);
}

static void refusals(void **state)
{
	volatile size_t beyond = PTRDIFF_MAX;
	char mark;
	void *out = &mark;
	(void)state;

	errno = 0;
	assert_null(buddy_malloc(beyond + 1));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(buddy_calloc(beyond, 3));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(buddy_reallocarray(NULL, beyond, 3));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(buddy_aligned_alloc(24, 100));
	assert_int_equal(errno, EINVAL);
	errno = 11;
	assert_int_equal(buddy_posix_memalign(&out, 4, 100), EINVAL);
	assert_int_equal(buddy_posix_memalign(&out, 64, beyond), ENOMEM);
	assert_ptr_equal(out, &mark);
	assert_int_equal(errno, 11);
}

static void memory_is_given_back(void **state)
{
	enum { NR = 100 };
	void *ptr[NR];
	(void)state;

	for (int i = 0; i < NR; i++) {
		ptr[i] = buddy_malloc(1 << 20);
		assert_non_null(ptr[i]);
		memset(ptr[i], 1, 1 << 20);
	}
	for (int i = 0; i < NR; i++)
		buddy_free(ptr[i]);
	(void)buddy_trim(0);
	assert_int_equal(buddy_trim(0), 0);
	assert_int_equal(buddy_mm_verify(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malloc_is_not_ours),
		cmocka_unit_test(two_heaps_side_by_side),
		cmocka_unit_test(the_whole_family),
		cmocka_unit_test(refusals),
		cmocka_unit_test(memory_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
