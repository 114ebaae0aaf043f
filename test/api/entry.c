/*
 * Every entry point exists, is libbuddy's own, and gives and takes blocks of
 * one heap. A missed one would run the C library's code on our pointers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "family.h"

/* An entry that is not ours is named before the test gives up. */
static int missed;

static void must_be_ours(const char *name, const void *address)
{
	if (family_is_ours(name, address))
		return;
	check_note("%s: %s", name, address ? "not ours" : "missing");
	missed++;
}

static void *code_of(const void *pointer_to_function)
{
	void *code;

	memcpy(&code, pointer_to_function, sizeof(code));
	return code;
}

#define MUST_BE_OURS(result, name, arguments) \
	must_be_ours(#name, code_of(&family.name));

static void each_name_is_ours(void)
{
	if (family_is_standin())
		check_skip("a stand-in");
	missed = 0;
	FAMILY_ALL(MUST_BE_OURS)
	CHECK_EQ(missed, 0);
}

/*
 * The operators of C++, which a C program's later plug-ins will look up. An
 * archive gives them to C++ programs only.
 */
static void each_operator_is_ours(void)
{
	static const char *const names[] = {
		"_Znwm",
		"_Znam",
		"_ZnwmRKSt9nothrow_t",
		"_ZnamRKSt9nothrow_t",
		"_ZnwmSt11align_val_t",
		"_ZnamSt11align_val_t",
		"_ZnwmSt11align_val_tRKSt9nothrow_t",
		"_ZnamSt11align_val_tRKSt9nothrow_t",
		"_ZdlPv",
		"_ZdaPv",
		"_ZdlPvm",
		"_ZdaPvm",
		"_ZdlPvRKSt9nothrow_t",
		"_ZdaPvRKSt9nothrow_t",
		"_ZdlPvSt11align_val_t",
		"_ZdaPvSt11align_val_t",
		"_ZdlPvmSt11align_val_t",
		"_ZdaPvmSt11align_val_t",
		"_ZdlPvSt11align_val_tRKSt9nothrow_t",
		"_ZdaPvSt11align_val_tRKSt9nothrow_t",
	};

	if (family_is_standin())
		check_skip("a stand-in");
	if (!family_symbol("buddy_malloc") || !getenv("LD_PRELOAD"))
		check_skip("not preloaded");
	missed = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		must_be_ours(names[i], family_symbol(names[i]));
	CHECK_EQ(missed, 0);
}

/* One block of each size from each allocating entry, in a fixed order. */
enum { MAX_BLOCKS = 32 };

static size_t allocate_all(void *block[MAX_BLOCKS], size_t size)
{
	size_t nr = 0;

	block[nr++] = family.malloc(size);
	block[nr++] = family.calloc(3, size);
	block[nr++] = family.realloc(NULL, size);
	block[nr++] = family.realloc(family.malloc(16), size);
	block[nr++] = family.reallocarray(NULL, 2, size);
	block[nr++] = family.aligned_alloc(256, size);
	block[nr++] = family.memalign(64, size);
	CHECK_EQ(family.posix_memalign(&block[nr++], 4096, size), 0);
	block[nr++] = family.valloc(size);
	block[nr++] = family.pvalloc(size);
	block[nr++] = family.__libc_malloc(size);
	block[nr++] = family.__libc_calloc(1, size);
	block[nr++] = family.__libc_realloc(NULL, size);
	block[nr++] = family.__libc_memalign(128, size);
	block[nr++] = family.__libc_valloc(size);
	block[nr++] = family.__libc_pvalloc(size);
	return nr;
}

static const size_t sizes[] = {1, 64, 1000, 20 << 10, 300 << 10, 3 << 20};
enum { NR_SIZES = sizeof(sizes) / sizeof(*sizes) };

static void give_back_plain(void *ptr, size_t size)
{
	(void)size;
	family.free(ptr);
}

static void give_back_libc(void *ptr, size_t size)
{
	(void)size;
	family.__libc_free(ptr);
}

static void give_back_cfree(void *ptr, size_t size)
{
	(void)size;
	if (!family.cfree)
		check_skip("no cfree");
	family.cfree(ptr);
}

static void give_back_realloc(void *ptr, size_t size)
{
	(void)size;
	CHECK(!family.realloc(ptr, 0));
}

static void pair_all(void (*give_back)(void *, size_t))
{
	void *block[MAX_BLOCKS];

	for (int s = 0; s < NR_SIZES; s++) {
		size_t nr = allocate_all(block, sizes[s]);
		for (size_t i = 0; i < nr; i++) {
			CHECK(block[i] != NULL);
			CHECK(family_owns(block[i]));
			CHECK(family.malloc_usable_size(block[i]) >= sizes[s]);
			memset(block[i], (int)i, sizes[s]);
		}
		for (size_t i = 0; i < nr; i++) {
			const unsigned char *byte = block[i];
			CHECK_EQ(byte[0], i);
			CHECK_EQ(byte[sizes[s] - 1], i);
			give_back(block[i], sizes[s]);
		}
	}
}

static void free_takes_all(void)
{
	pair_all(give_back_plain);
}

static void libc_free_takes_all(void)
{
	pair_all(give_back_libc);
}

static void cfree_takes_all(void)
{
	pair_all(give_back_cfree);
}

static void realloc_to_nothing_takes_all(void)
{
	pair_all(give_back_realloc);
}

static void free_sized_takes_what_was_asked(void)
{
	if (!family.free_sized)
		check_skip("no free_sized");
	for (size_t size = 0; size < 300000; size += 1 + size / 9) {
		family.free_sized(family.malloc(size), size);
		family.free_sized(family.calloc(1, size), size);
		family.free_sized(family.realloc(NULL, size + 1), size + 1);
	}
	family.free_sized(family.malloc(5 << 20), 5 << 20);
	family.free_sized(NULL, 77);
}

static void free_aligned_sized_takes_what_was_asked(void)
{
	if (!family.free_aligned_sized)
		check_skip("no free_aligned_sized");
	for (size_t align = 1; align <= 1 << 21; align *= 2)
		for (size_t size = 0; size < 600000; size += 1 + size / 2) {
			void *ptr = family.aligned_alloc(align, size);
			CHECK(ptr != NULL);
			family.free_aligned_sized(ptr, align, size);
		}
	family.free_aligned_sized(NULL, 64, 77);
}

static void null_is_nothing(void)
{
	family.free(NULL);
	family.__libc_free(NULL);
	if (family.cfree)
		family.cfree(NULL);
	CHECK_EQ(family.malloc_usable_size(NULL), 0);
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(each_name_is_ours),
		CHECK_TEST(each_operator_is_ours),
		CHECK_TEST(free_takes_all),
		CHECK_TEST(libc_free_takes_all),
		CHECK_TEST(cfree_takes_all),
		CHECK_TEST(realloc_to_nothing_takes_all),
		CHECK_TEST(free_sized_takes_what_was_asked),
		CHECK_TEST(free_aligned_sized_takes_what_was_asked),
		CHECK_TEST(null_is_nothing),
	};

	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
