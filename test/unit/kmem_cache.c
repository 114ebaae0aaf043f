/* slab/kmem_cache: slabs from empty to full and back, claims, misuse. */
#include <pthread.h>
#include <string.h>

#include "unit.h"

#define CLASS(size) (&kmem_caches[size_class(size)])

static struct mm_thread thread;

static struct page *slab_of_object(const void *obj)
{
	return compound_head(page_of(obj));
}

static void give(struct kmem_cache *c, void *obj)
{
	kmem_cache_free_bulk(c, &thread, 1, &obj);
}

/* The slab that is listed, when there is just one. */
static struct page *listed(const struct kmem_cache *c)
{
	struct page *page = slab_stack_first(&node_of(c)->partial[0]);

	return page ? page : slab_stack_first(&node_of(c)->partial[1]);
}

static void *take(struct kmem_cache *c)
{
	void *obj = kmem_cache_alloc_one(c, &thread);

	assert_non_null(obj);
	unit_verify();
	return obj;
}

/* A cache of each slab order, and one with more objects than inline bits. */
static const size_t sizes[] = {16,    48,    256,   1024,     8192,
			       10240, 65536, 81920, SMALL_MAX};

static void test_objects_come_in_rising_order(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct kmem_cache *c = CLASS(sizes[s]);
		char *last = NULL, *base = NULL;

		/* A slab and a half. */
		for (uint32_t i = 0; i < c->nr_objects * 3u / 2; i++) {
			char *obj = kmem_cache_alloc_one(c, &thread);

			if (!(i % c->nr_objects)) {
				base = page_to_addr(slab_of_object(obj));
				last = base - c->size;
			}
			assert_ptr_equal(obj, last + c->size);
			last = obj;
		}
		unit_verify();
	}
}

static void test_bulk_fills_downwards(void **state)
{
	struct kmem_cache *c = CLASS(64);
	pfn_t claim = PFN_NONE;
	void *out[20];

	(void)state;
	/* The lowest address is on top, to be popped first. */
	assert_int_equal(kmem_cache_alloc_bulk(c, &thread, &claim, 20, out),
			 20);
	for (int i = 0; i < 19; i++)
		assert_ptr_equal(out[i], (char *)out[i + 1] + 64);
	unit_verify();
	kmem_cache_free_bulk(c, &thread, 20, out);
	unit_verify();
}

static void test_lowest_free_object_first(void **state)
{
	struct kmem_cache *c = CLASS(128);
	void *obj[300];

	(void)state;
	for (int i = 0; i < 300; i++)
		obj[i] = take(c);
	give(c, obj[200]);
	give(c, obj[70]);
	give(c, obj[130]);
	unit_verify();
	assert_ptr_equal(take(c), obj[70]);
	assert_ptr_equal(take(c), obj[130]);
	assert_ptr_equal(take(c), obj[200]);
	assert_ptr_equal(take(c), (char *)obj[299] + 128);
}

static void test_a_partial_bulk(void **state)
{
	struct kmem_cache *c = CLASS(8192);
	void *out[16], *more[16];
	uint32_t got;

	(void)state;
	for (int i = 0; i < 6; i++)
		out[i] = take(c);
	/* Two are left in the slab: better few than a new slab. */
	got = kmem_cache_alloc_bulk(c, &thread, NULL, 16, more);
	assert_int_equal(got, 2);
	assert_ptr_equal(slab_of_object(more[15]), slab_of_object(out[0]));
	assert_ptr_equal(slab_of_object(more[14]), slab_of_object(out[0]));
	unit_verify();
}

/* ---- states ------------------------------------------------------------ */

static void test_partial_full_empty(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct kmem_cache *c = CLASS(sizes[s]);
		void *first = take(c), *obj[4096];
		struct page *slab = slab_of_object(first);

		assert_int_equal(slab->type, PAGE_SLAB);
		assert_int_equal(slab->cache, c->index);
		assert_int_equal(node_of(c)->nr_slabs, 1);
		/* Partial. */
		assert_int_equal(slab_nr_free(c, slab), c->nr_objects - 1);
		assert_int_equal(slab_state(slab), SLAB_LISTED);
		assert_ptr_equal(listed(c), slab);
		for (uint32_t i = 1; i < c->nr_objects; i++)
			obj[i] = kmem_cache_alloc_one(c, &thread);
		/* Full. */
		assert_int_equal(slab_nr_free(c, slab), 0);
		assert_int_equal(slab_state(slab), SLAB_FULL);
		assert_null(listed(c));
		unit_verify();
		give(c, first);
		assert_ptr_equal(listed(c), slab);
		assert_int_equal(kmem_cache_stat(c).nr_free, 1);
		unit_verify();
		for (uint32_t i = 1; i < c->nr_objects; i++)
			give(c, obj[i]);
		/* Empty: the pages are gone. */
		assert_int_equal(node_of(c)->nr_slabs, 0);
		assert_int_not_equal(slab->type, PAGE_SLAB);
		assert_int_equal(slab_state(slab), SLAB_NONE);
		assert_null(listed(c));
		unit_verify();
	}
}

/* Slabs with nothing out in the midst of a stack go when they are many. */
static void test_sweep(void **state)
{
	enum { SLABS = 40, EACH = 8 };
	struct kmem_cache *c = CLASS(8192);
	void *obj[SLABS][EACH];

	(void)state;
	for (int s = 0; s < SLABS; s++)
		for (int i = 0; i < EACH; i++)
			obj[s][i] = kmem_cache_alloc_one(c, &thread);
	/* One object of each: all are listed. */
	for (int s = 0; s < SLABS; s++)
		give(c, obj[s][0]);
	assert_int_equal(node_of(c)->nr_listed, SLABS);
	for (int s = 1; s < SLABS; s += 2)
		for (int i = 1; i < EACH; i++)
			give(c, obj[s][i]);
	unit_verify();
	assert_in_range(node_of(c)->nr_slabs, SLABS / 2, SLABS / 2 + SLABS / 8);
	kmem_cache_sweep(c, &thread);
	assert_int_equal(node_of(c)->nr_slabs, SLABS / 2);
	unit_verify();
	for (int s = 0; s < SLABS; s += 2)
		for (int i = 1; i < EACH; i++)
			give(c, obj[s][i]);
	kmem_cache_sweep(c, &thread);
	assert_int_equal(node_of(c)->nr_slabs, 0);
	unit_verify();
}

static void test_claims(void **state)
{
	struct kmem_cache *c = CLASS(256);
	pfn_t mine = PFN_NONE, yours = PFN_NONE;
	struct page *slab;
	void *a, *b, *d;

	(void)state;
	assert_int_equal(kmem_cache_alloc_bulk(c, &thread, &mine, 1, &a), 1);
	slab = slab_of_object(a);
	assert_int_equal(mine.nr, page_to_pfn(slab).nr);
	assert_int_equal(slab_state(slab), SLAB_HELD);
	unit_verify();
	/* Another thread does not take from it. */
	assert_int_equal(kmem_cache_alloc_bulk(c, &thread, &yours, 1, &b), 1);
	assert_ptr_not_equal(slab_of_object(b), slab);
	d = take(c);
	assert_ptr_not_equal(slab_of_object(d), slab);
	assert_int_equal(node_of(c)->nr_slabs, 3);
	/* Empty, but claimed: it stays. */
	give(c, a);
	assert_int_equal(slab->type, PAGE_SLAB);
	unit_verify();
	kmem_cache_unclaim(c, &thread, mine);
	assert_int_not_equal(slab->type, PAGE_SLAB);
	unit_verify();
	/* Unclaimed with objects out it is partial. */
	kmem_cache_unclaim(c, &thread, yours);
	assert_int_equal(slab_state(slab_of_object(b)), SLAB_LISTED);
	unit_verify();
	give(c, b);
	give(c, d);
	assert_int_equal(node_of(c)->nr_slabs, 0);
	unit_verify();
}

static void test_a_used_up_claim_is_dropped(void **state)
{
	struct kmem_cache *c = CLASS(8192);
	pfn_t claim = PFN_NONE;
	void *out[8], *next;
	struct page *slab;

	(void)state;
	assert_int_equal(kmem_cache_alloc_bulk(c, &thread, &claim, 8, out), 8);
	slab = slab_of_object(out[0]);
	assert_int_equal(kmem_cache_alloc_bulk(c, &thread, &claim, 1, &next),
			 1);
	assert_int_not_equal(claim.nr, page_to_pfn(slab).nr);
	assert_int_equal(slab_state(slab), SLAB_FULL);
	unit_verify();
	/* It is nobody's: what is freed there is for all. */
	give(c, out[3]);
	assert_int_equal(slab_state(slab), SLAB_LISTED);
	assert_ptr_equal(take(c), out[3]);
}

/* Batches that come and go for ever use the beginning of a slab only. */
static void test_a_stream_touches_little(void **state)
{
	enum { BATCH = 63, ROUNDS = 1000 };
	struct kmem_cache *c = CLASS(64);
	pfn_t claim = PFN_NONE;
	void *out[2][BATCH];
	char *base, *highest = NULL;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		void **mine = out[round % 2];

		assert_int_equal(
			kmem_cache_alloc_bulk(c, &thread, &claim, BATCH, mine),
			BATCH);
		for (int i = 0; i < BATCH; i++)
			if ((char *)mine[i] > highest)
				highest = mine[i];
		/* Those of the round before are still out. */
		if (round)
			kmem_cache_free_bulk(c, &thread, BATCH,
					     out[(round + 1) % 2]);
		unit_verify();
	}
	assert_int_equal(node_of(c)->nr_slabs, 1);
	base = page_to_addr(slab_of_object(highest));
	assert_true(highest < base + (size_t)4 * BITS_PER_WORD * c->size);
}

static void test_a_partial_slab_is_claimed_first(void **state)
{
	struct kmem_cache *c = CLASS(1024);
	pfn_t claim = PFN_NONE;
	void *a = take(c), *b;

	(void)state;
	assert_int_equal(kmem_cache_alloc_bulk(c, &thread, &claim, 1, &b), 1);
	assert_ptr_equal(slab_of_object(b), slab_of_object(a));
	assert_int_equal(claim.nr, page_to_pfn(slab_of_object(a)).nr);
	assert_int_equal(node_of(c)->nr_slabs, 1);
	assert_null(listed(c));
	unit_verify();
}

/* ---- what is an object ------------------------------------------------- */

static void test_every_address_in_a_slab(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < NR_SIZE_CLASSES; i++) {
		struct kmem_cache *c = &kmem_caches[i];
		char *obj = kmem_cache_alloc_one(c, &thread);
		struct page *slab = slab_of_object(obj);
		size_t end = (size_t)c->nr_objects * c->size;
		/* Odd, so that all remainders come. */
		size_t step = cache_is_one_page(c) ? 1 : 13;

		for (size_t o = 0; o < PAGE_SIZE << c->order; o += step) {
			bool is = o < end && !(o % c->size);

			if (slab_is_object(c, slab, obj + o) != is)
				fail_msg("offset %zu of size %u", o, c->size);
		}
		for (size_t o = 0; o < end; o += c->size)
			assert_true(slab_is_object(c, slab, obj + o));
		assert_false(slab_object_is_free(c, slab, obj));
		give(c, obj);
	}
	unit_verify();
}

/* Objects of slabs side by side, in one call and in many orders. */
static void test_a_bulk_of_neighbouring_slabs(void **state)
{
	enum { SLABS = 3, EACH = 1365 };
	struct kmem_cache *c = CLASS(48); /* its last word is not full */
	static void *obj[SLABS * EACH];
	uint32_t nr = SLABS * EACH;

	(void)state;
	assert_int_equal(c->nr_objects, EACH);
	/* Powers of two visit each place once, as nr is odd. */
	for (uint32_t step = 1; step < nr; step *= 2) {
		for (uint32_t i = 0, at = 0; i < nr; i++) {
			obj[at] = kmem_cache_alloc_one(c, &thread);
			assert_non_null(obj[at]);
			at = (at + step) % nr;
		}
		assert_int_equal(node_of(c)->nr_slabs, SLABS);
		kmem_cache_free_bulk(c, &thread, nr - 1, obj + 1);
		unit_verify();
		assert_int_equal(kmem_cache_stat(c).nr_objects -
					 kmem_cache_stat(c).nr_free,
				 1);
		give(c, obj[0]);
		kmem_cache_sweep(c, &thread);
		assert_int_equal(node_of(c)->nr_slabs, 0);
		unit_verify();
	}
}

static int free_twice(void *arg)
{
	struct kmem_cache *c = CLASS(*(size_t *)arg);
	void *obj = kmem_cache_alloc_one(c, &thread);
	void *other = kmem_cache_alloc_one(c, &thread);

	give(c, obj);
	give(c, obj);
	return other == NULL;
}

static int free_twice_in_one_bulk(void *arg)
{
	struct kmem_cache *c = CLASS(*(size_t *)arg);
	void *obj[4];

	for (int i = 0; i < 3; i++)
		obj[i] = kmem_cache_alloc_one(c, &thread);
	obj[3] = obj[1];
	kmem_cache_free_bulk(c, &thread, 4, obj);
	return 0;
}

static void test_double_free(void **state)
{
	size_t size;

	(void)state;
	for (size_t s = 0; s + 1 < ARRAY_SIZE(sizes); s++) {
		size = sizes[s];
		unit_child_aborts(free_twice, &size,
				  "libbuddy: double free in free(0x");
		unit_child_aborts(free_twice_in_one_bulk, &size,
				  "libbuddy: double free in free(0x");
	}
}

static void construct(void *obj)
{
	memset(obj, 0xc0, 100);
}

static void test_a_cache_of_ones_own(void **state)
{
	struct kmem_cache *c = &kmem_caches[FIRST_USER];
	char *obj;

	(void)state;
	assert_false(kmem_cache_init(c, 0, GFP_UNMOVABLE));
	assert_false(kmem_cache_init(c, SMALL_MAX + 1, GFP_UNMOVABLE));
	c->ctor = construct;
	assert_true(kmem_cache_init(c, 100, GFP_RECLAIMABLE));
	assert_int_equal(c->index, FIRST_USER);
	for (uint32_t i = 0; i < c->nr_objects + 3u; i++) {
		obj = take(c);
		for (int b = 0; b < 100; b++)
			assert_int_equal((unsigned char)obj[b], 0xc0);
	}
	assert_int_equal(
		zone_of(obj)->pageblock_type[page_index(page_of(obj)) >>
					     PAGEBLOCK_ORDER],
		MIGRATE_RECLAIMABLE);
}

static void test_no_memory(void **state)
{
	struct kmem_cache *c = CLASS(512);
	pfn_t claim = PFN_NONE;
	void *out[4];

	(void)state;
	inject_arm(INJECT_COMMIT, 1, true);
	inject_arm(INJECT_MAP, 1, true);
	assert_int_equal(kmem_cache_alloc_bulk(c, &thread, &claim, 4, out), 0);
	assert_null(kmem_cache_alloc_one(c, NULL));
	inject_disarm();
	assert_int_equal(claim.nr, 0);
	assert_int_equal(node_of(c)->nr_slabs, 0);
	unit_verify();
	assert_int_equal(kmem_cache_alloc_bulk(c, &thread, &claim, 4, out), 4);
	unit_verify();
}

static void test_statistics(void **state)
{
	struct kmem_cache *c = CLASS(4096);
	struct slab_stat s;
	void *obj[20];

	(void)state;
	for (int i = 0; i < 20; i++)
		obj[i] = take(c);
	s = kmem_cache_stat(c);
	assert_int_equal(s.nr_slabs, 2);
	assert_int_equal(s.nr_objects, 32);
	assert_int_equal(s.nr_free, 12);
	kmem_cache_free_bulk(c, &thread, 20, obj);
	s = kmem_cache_stat(c);
	assert_int_equal(s.nr_slabs, 0);
}

/* ---- threads ----------------------------------------------------------- */

enum { THREADS = 6, ROUNDS = 3000, HELD = 30 };

static void *churn(void *arg)
{
	struct kmem_cache *c = CLASS(192);
	struct mm_thread mine = {.preferred = 0};
	uint64_t seed = (uint64_t)(uintptr_t)arg;
	void *held[HELD] = {NULL};
	pfn_t claim = PFN_NONE;

	for (int i = 0; i < ROUNDS; i++) {
		uint32_t s = unit_below(&seed, HELD);

		if (held[s]) {
			if (*(uint64_t *)held[s] != s + (uintptr_t)arg)
				return held[s];
			kmem_cache_free_bulk(c, &mine, 1, &held[s]);
			held[s] = NULL;
		} else if (kmem_cache_alloc_bulk(c, &mine, &claim, 1,
						 &held[s])) {
			*(uint64_t *)held[s] = s + (uintptr_t)arg;
		}
	}
	for (int s = 0; s < HELD; s++)
		if (held[s])
			kmem_cache_free_bulk(c, &mine, 1, &held[s]);
	if (claim.nr)
		kmem_cache_unclaim(c, &mine, claim);
	drain_pcp(&mine);
	return NULL;
}

static void test_many_threads(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, churn,
			       (void *)((i + 1) << 16));
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	assert_int_equal(node_of(CLASS(192))->nr_slabs, 0);
	unit_verify();
}

UNIT_MAIN(TEST(test_objects_come_in_rising_order),
	  TEST(test_bulk_fills_downwards), TEST(test_lowest_free_object_first),
	  TEST(test_a_partial_bulk), TEST(test_partial_full_empty),
	  TEST(test_sweep), TEST(test_a_bulk_of_neighbouring_slabs),
	  TEST(test_claims), TEST(test_a_used_up_claim_is_dropped),
	  TEST(test_a_stream_touches_little),
	  TEST(test_a_partial_slab_is_claimed_first),
	  TEST(test_every_address_in_a_slab), TEST(test_double_free),
	  TEST(test_a_cache_of_ones_own), TEST(test_no_memory),
	  TEST(test_statistics), TEST(test_many_threads))
