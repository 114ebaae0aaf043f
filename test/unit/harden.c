/* heap/harden and what it is made of: each violation, each option. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "unit.h"

#define OVERFLOW "libbuddy: write past the end in "
#define AFTER_FREE "libbuddy: write after free in "

/* The heap of this test has these options. */
static void harden(const char *conf)
{
	options_parse(conf);
	if (options.guard)
		buddy_set_guard_order(1);
	harden_begin();
}

static void release(void *p)
{
	heap_free(p, "free");
}

static size_t usable(const void *p)
{
	return heap_usable_size(p, "malloc_usable_size");
}

/* ---- hash, canary, poison ---------------------------------------------- */

static void test_siphash(void **state)
{
	static const uint64_t zero[2] = {0, 0};
	static const uint64_t other[2] = {0, 1};

	(void)state;
	assert_true(siphash_word(zero, 1) != siphash_word(zero, 2));
	assert_true(siphash_word(zero, 1) != siphash_word(other, 1));
	/* As Python hashes b"abcdefgh" with PYTHONHASHSEED=0. */
	assert_true(siphash_word(zero, UINT64_C(0x6867666564636261)) ==
		    UINT64_C(0x3f7b849c0b8e35ea));
}

static void test_canary(void **state)
{
	char block[64];

	(void)state;
	secret_init();
	for (size_t size = 0; size <= sizeof(block); size++) {
		canary_set(block, size, sizeof(block));
		assert_int_equal(canary_check(block, size, sizeof(block)),
				 sizeof(block));
		for (size_t i = size; i < sizeof(block); i++) {
			assert_true(block[i]);
			block[i] ^= 0x40;
			assert_int_equal(
				canary_check(block, size, sizeof(block)), i);
			block[i] ^= 0x40;
		}
	}
}

static void test_poison(void **state)
{
	static const uint64_t words[] = {0, UINT64_C(0x1122334455667788)};
	uint64_t block[8];

	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(words); w++) {
		poison_fill(block, sizeof(block), words[w]);
		for (size_t i = 0; i < sizeof(block); i++) {
			assert_int_equal(
				poison_check(block, sizeof(block), words[w]),
				sizeof(block));
			((char *)block)[i] ^= 1;
			assert_int_equal(
				poison_check(block, sizeof(block), words[w]),
				i);
			((char *)block)[i] ^= 1;
		}
	}
}

/* What programs write most, text and NUL, is no byte of it. */
static void test_poison_word(void **state)
{
	static const uint64_t secrets[] = {0, UINT64_C(0x5555555555555555),
					   UINT64_C(0x0123456789abcdef)};

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(secrets); s++) {
		uint64_t word = poison_word(secrets[s]);

		for (size_t i = 0; i < sizeof(word); i++)
			assert_true(((unsigned char *)&word)[i] >= 0x80);
		assert_int_equal(word & UINT64_C(0x7f7f7f7f7f7f7f7f),
				 secrets[s] & UINT64_C(0x7f7f7f7f7f7f7f7f));
	}
}

/* ---- each violation ---------------------------------------------------- */

static const size_t sizes[] = {1,      15,     16,     24,     64,    100,
			       1000,   1024,   5000,   8192,   20000, 65536,
			       100000, 262144, 262145, 1 << 20};

struct crime {
	const char *conf;
	size_t size;
	size_t offset;
};

static int overflow_then_free(void *arg)
{
	const struct crime *c = arg;
	unsigned char *p;

	harden(c->conf);
	p = heap_malloc(c->size);
	p[c->size + c->offset] ^= 0x41;
	release(p);
	return 0;
}

static int overflow_then_realloc(void *arg)
{
	const struct crime *c = arg;
	unsigned char *p;

	harden(c->conf);
	p = heap_malloc(c->size);
	p[c->size] = 0; /* as a string that is one byte too long does */
	return heap_realloc(p, c->size + 1, "realloc") == NULL;
}

static void test_one_byte_past_the_end(void **state)
{
	static const char *const confs[] = {"canary:true",
					    "harden:full,sample:0"};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(confs); k++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct crime c = {confs[k], sizes[i], 0};

			unit_child_aborts(overflow_then_free, &c,
					  OVERFLOW "free(0x");
			unit_child_aborts(overflow_then_realloc, &c,
					  OVERFLOW "realloc(0x");
		}
	}
}

/* Allocates until the block that was written to would be handed out. */
static int write_after_free(void *arg)
{
	const struct crime *c = arg;
	unsigned char *p;

	harden(c->conf);
	/* A slab that has nothing left goes back unlooked at. */
	CHILD_CHECK(heap_malloc(c->size));
	p = heap_malloc(c->size);
	memset(p, 1, c->size);
	release(p);
	p[c->offset] ^= 7;
	for (int i = 0; i < 100000; i++)
		release(heap_malloc(c->size));
	return 0;
}

static void test_write_after_free(void **state)
{
	static const char *const confs[] = {
		"poison:true", "poison:true,zero:true",
		"poison:true,quarantine:true", "harden:full,sample:0"};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(confs); k++) {
		for (size_t size = 16; size <= 4096; size *= 4) {
			struct crime c = {confs[k], size, size - 1};

			unit_child_aborts(write_after_free, &c, AFTER_FREE);
		}
	}
}

static int free_twice(void *arg)
{
	const struct crime *c = arg;
	void *p;

	harden(c->conf);
	for (int i = 0; i < 3; i++)
		p = heap_malloc(c->size);
	release(p);
	for (int i = 0; i < 10; i++)
		release(heap_malloc(c->size));
	release(p);
	return 0;
}

static int use_after_free(void *arg)
{
	const struct crime *c = arg;
	void *p;

	harden(c->conf);
	for (int i = 0; i < 3; i++)
		p = heap_malloc(c->size);
	release(p);
	return heap_realloc(p, 50, "realloc") == NULL;
}

static void test_double_free(void **state)
{
	static const char *const confs[] = {"quarantine:true", "harden:full",
					    "sample:1", "sample:1,canary:true"};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(confs); k++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct crime c = {confs[k], sizes[i], 0};

			if (k >= 2 && sizes[i] > SAMPLE_MAX)
				continue;
			unit_child_aborts(free_twice, &c,
					  "libbuddy: double free in free(0x");
			unit_child_aborts(use_after_free, &c,
					  "libbuddy: use after free in "
					  "realloc(0x");
		}
	}
}

static int wrong_size(void *arg)
{
	const struct crime *c = arg;

	harden(c->conf);
	heap_free_sized(heap_malloc(c->size), c->size + 1, "free_sized");
	return 0;
}

static void test_sizes_are_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct crime c = {"harden:full", sizes[i], 0};

		unit_child_aborts(wrong_size, &c,
				  "libbuddy: wrong size in free_sized(0x");
	}
}

static int write_to_guard(void *arg)
{
	const struct crime *c = arg;
	char *p;

	harden(c->conf);
	p = heap_aligned(c->offset, c->size);
	CHILD_CHECK(p);
	memset(p, 1, c->size);
	CHILD_CHECK(unit_faults(p - 1));
	CHILD_CHECK(unit_faults(p + fence_usable(c->size + 1)));
	release(p);
	CHILD_CHECK(!mm_verify());
	return 0;
}

static void test_large_blocks_stand_between_fences(void **state)
{
	static const char *const confs[] = {"guard:true", "harden:full"};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(confs); k++)
		for (size_t size = SMALL_MAX + 1; size < 64 << 20; size *= 3)
			for (size_t a = 16; a <= 4 << 20; a *= 64) {
				struct crime c = {confs[k], size, a};

				unit_child_passes(write_to_guard, &c);
			}
}

static void test_fences_are_given_back(void **state)
{
	struct zone *z = unit_zone(64);
	uint32_t free;

	(void)state;
	harden("guard:true");
	release(heap_malloc(SMALL_MAX + 1));
	heap_trim(0);
	free = z->nr_free;
	for (int i = 0; i < 1000; i++)
		release(heap_malloc(SMALL_MAX + 1 + (size_t)i * 1000));
	heap_trim(0);
	assert_true(z->nr_free >= free);
	unit_verify();
}

static int free_a_fence(void *arg)
{
	(void)arg;
	harden("guard:true");
	release((char *)heap_malloc(SMALL_MAX + 1) - PAGE_SIZE);
	return 0;
}

static void test_a_fence_is_no_block(void **state)
{
	(void)state;
	unit_child_aborts(free_a_fence, NULL,
			  "libbuddy: foreign pointer in free(0x");
}

/* ---- samples ----------------------------------------------------------- */

static void test_samples(void **state)
{
	(void)state;
	harden("sample:1");
	for (size_t size = 1; size <= SAMPLE_MAX; size += 1 + size / 7) {
		char *p = heap_malloc(size);
		struct sample_view v;

		assert_true(sample_look(p, &v));
		assert_int_equal((uintptr_t)p % MIN_OBJECT_SIZE, 0);
		assert_int_equal(usable(p), size);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 1, size);
		assert_true(unit_faults(
			p + align_up(size ? size : 1, MIN_OBJECT_SIZE)));
		p = heap_realloc(p, size + 1, "realloc");
		release(p);
		assert_true(!sample_look(p, &v) || unit_faults(p));
	}
	unit_verify();
}

static void test_samples_are_one_in_n(void **state)
{
	enum { BLOCKS = 20000, INTERVAL = 100 };
	static void *p[BLOCKS];
	struct sample_view v;
	size_t n = 0;

	(void)state;
	harden("check:full,sample:100");
	magazines_disable();
	for (size_t i = 0; i < BLOCKS; i++) {
		p[i] = heap_malloc(40);
		n += sample_look(p[i], &v);
	}
	assert_true(n > BLOCKS / INTERVAL / 2 && n < BLOCKS / INTERVAL * 2);
	for (size_t i = 0; i < BLOCKS; i++)
		release(p[i]);
	unit_verify();
}

static void test_samples_with_magazines(void **state)
{
	enum { BLOCKS = 50000 };
	static void *p[BLOCKS];
	struct sample_view v;
	size_t n = 0;

	(void)state;
	harden("sample:100");
	for (size_t i = 0; i < BLOCKS; i++) {
		p[i] = heap_malloc(40);
		n += sample_look(p[i], &v);
	}
	assert_true(n > 10);
	for (size_t i = 0; i < BLOCKS; i++)
		release(p[i]);
	unit_verify();
}

/* ---- the rest ---------------------------------------------------------- */

static void test_zero(void **state)
{
	(void)state;
	harden("zero:true");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned char *p = heap_malloc(sizes[i]);

		memset(p, 0xee, sizes[i]);
		release(p);
		for (size_t b = 0; b < sizes[i]; b += 64)
			assert_int_equal(p[b], 0);
	}
}

static void test_random_places(void **state)
{
	void *first[8];
	size_t ascending = 0;

	(void)state;
	harden("random:true");
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		first[i] = heap_malloc(64);
		ascending += i && first[i] > first[i - 1];
	}
	/* One in 40,320. */
	assert_true(ascending < ARRAY_SIZE(first) - 1);
	unit_verify();
}

static void test_quarantine_is_bounded_and_ends(void **state)
{
	(void)state;
	harden("quarantine:true");
	for (int i = 0; i < 20000; i++)
		release(heap_malloc(200));
	assert_true(kmem_cache_stat(&kmem_caches[size_class(200)]).nr_objects <
		    10000);
	heap_trim(0);
	assert_int_equal(
		kmem_cache_stat(&kmem_caches[size_class(200)]).nr_slabs, 0);
	unit_verify();
}

/* A freed block is not the next one. */
static void test_quarantine_delays(void **state)
{
	void *p;

	(void)state;
	harden("quarantine:true");
	p = heap_malloc(100);
	release(p);
	for (int i = 0; i < 1000; i++) {
		void *q = heap_malloc(100);

		assert_ptr_not_equal(p, q);
		release(q);
	}
}

static void test_usable_size_is_what_was_asked_for(void **state)
{
	(void)state;
	harden("harden:full");
	assert_int_equal(usable(heap_malloc(0)), 1);
	heap_free_sized(heap_malloc(0), 0, "free_sized");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *p = heap_malloc(sizes[i]);

		assert_int_equal(usable(p), sizes[i]);
		memset(p, 1, usable(p));
		p = heap_realloc(p, sizes[i] + 3, "realloc");
		assert_int_equal(usable(p), sizes[i] + 3);
		memset(p, 1, usable(p));
		heap_free_sized(p, sizes[i] + 3, "free_sized");
		p = heap_aligned(256, sizes[i]);
		assert_int_equal(usable(p), sizes[i]);
		heap_free_aligned_sized(p, 256, sizes[i], "free_aligned_sized");
		p = heap_calloc(1, sizes[i]);
		for (size_t b = 0; b < sizes[i]; b++)
			assert_int_equal(p[b], 0);
		release(p);
	}
	unit_verify();
}

/* Blocks from before are known to be of no known size. */
static void test_options_that_come_late(void **state)
{
	enum { BLOCKS = 100 };
	void *p[BLOCKS];

	(void)state;
	for (size_t i = 0; i < BLOCKS; i++)
		p[i] = heap_malloc(i * 10);
	for (size_t i = 0; i < BLOCKS; i += 2)
		release(p[i]);
	harden("harden:full");
	harden_settle();
	assert_true(harden_is_exact());
	for (size_t i = 1; i < BLOCKS; i += 2) {
		assert_true(usable(p[i]) >= i * 10);
		p[i] = heap_realloc(p[i], i * 20, "realloc");
		assert_true(usable(p[i]) >= i * 20);
		release(p[i]);
	}
	unit_verify();
}

UNIT_MAIN(TEST(test_siphash), TEST(test_canary), TEST(test_poison),
	  TEST(test_poison_word), TEST(test_one_byte_past_the_end),
	  TEST(test_write_after_free), TEST(test_double_free),
	  TEST(test_sizes_are_exact),
	  TEST(test_large_blocks_stand_between_fences),
	  TEST(test_fences_are_given_back), TEST(test_a_fence_is_no_block),
	  TEST(test_samples), TEST(test_samples_are_one_in_n),
	  TEST(test_samples_with_magazines), TEST(test_zero),
	  TEST(test_random_places), TEST(test_quarantine_is_bounded_and_ends),
	  TEST(test_quarantine_delays),
	  TEST(test_usable_size_is_what_was_asked_for),
	  TEST(test_options_that_come_late))
