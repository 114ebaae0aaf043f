/* slab/magazine: how stacks of free objects grow, move and shrink. */
#include <string.h>
#include <time.h>

#include "unit.h"

/* The budget of one thread, and what one step may go beyond it. */
#define THREAD_BYTES ((size_t)4 << 20)
#define SLACK_BYTES ((size_t)1 << 20)

static struct thread_cache *self(void)
{
	assert_true(cache_is_real(thread_cache_now()));
	return thread_cache_now();
}

static uint32_t capacity(size_t size)
{
	return self()->capacity[size_class(size)];
}

static uint32_t fill(size_t size)
{
	unsigned int c = size_class(size);

	return (uint32_t)(self()->top[c] -
			  (self()->end[c] - self()->capacity[c]));
}

static void *get(size_t size)
{
	void *obj = heap_malloc(size);

	assert_non_null(obj);
	return obj;
}

static void put(void *obj)
{
	heap_free(obj, "free");
}

/* nr objects allocated, then freed, `rounds` times. */
static void bursts(size_t size, uint32_t nr, int rounds)
{
	static void *obj[8192];

	assert_true(nr <= ARRAY_SIZE(obj));
	for (int r = 0; r < rounds; r++) {
		for (uint32_t i = 0; i < nr; i++)
			obj[i] = get(size);
		for (uint32_t i = 0; i < nr; i++)
			put(obj[i]);
	}
}

static void test_starts_small(void **state)
{
	(void)state;
	for (size_t size = 16; size <= SMALL_MAX; size = size * 2) {
		put(get(size));
		assert_true(capacity(size) >= 1);
		assert_true(capacity(size) <= MIN_MAGAZINE);
		assert_true(capacity(size) * size <= 256 * 1024);
		assert_int_equal(thread_cache_verify(), 0);
	}
}

/* A thread counts to 65,535 by itself. */
static void test_counts_go_on(void **state)
{
	unsigned int c = size_class(100);

	(void)state;
	bursts(100, 100, 1);
	self()->refills[c] = UINT16_MAX;
	self()->flushes[c] = UINT16_MAX;
	bursts(100, 8000, 2);
	assert_in_range(magazine_stat(c).refills, UINT16_MAX + 1, 70000);
	assert_in_range(magazine_stat(c).flushes, UINT16_MAX + 1, 70000);
}

static void test_hot_path(void **state)
{
	void *a = get(100), *b = get(100);
	uint32_t before = fill(100);

	(void)state;
	put(a);
	put(b);
	assert_int_equal(fill(100), before + 2);
	/* A stack: what was freed last comes first. */
	assert_ptr_equal(get(100), b);
	assert_ptr_equal(get(100), a);
	assert_int_equal(fill(100), before);
	unit_verify();
}

static void test_fresh_objects_rise(void **state)
{
	char *last = get(64);

	(void)state;
	for (uint32_t i = 1; i < 500; i++) {
		char *obj = get(64);

		assert_ptr_equal(obj, last + 64);
		last = obj;
	}
	unit_verify();
}

static void test_bursts_grow_it(void **state)
{
	uint32_t start, grown;

	(void)state;
	put(get(32));
	start = capacity(32);
	bursts(32, 5000, 30);
	grown = capacity(32);
	assert_true(grown > start);
	/* As large as one may become: then bursts need few locks. */
	assert_int_equal(grown, MAX_MAGAZINE);
	unit_verify();
}

static void test_a_stream_stays_short(void **state)
{
	uint32_t stream;

	(void)state;
	if (IS_TINY)
		skip();
	/* Who only allocates gains nothing by a long magazine. */
	for (int i = 0; i < 50000; i++)
		get(32);
	stream = capacity(32);
	bursts(48, 5000, 30);
	assert_true(stream < capacity(48));
	unit_verify();
}

static void test_a_stream_of_frees(void **state)
{
	enum { NR = 20000 };
	static void *obj[NR];
	uint64_t flushes;

	(void)state;
	for (int i = 0; i < NR; i++)
		obj[i] = get(80);
	for (int i = 0; i < NR; i++)
		put(obj[i]);
	flushes = magazine_stat(size_class(80)).flushes;
	assert_true(flushes > 0);
	assert_true(flushes < NR / 8);
	unit_verify();
}

static void test_misses_become_rare(void **state)
{
	struct magazine_stat before, after;

	(void)state;
	if (IS_TINY)
		skip();
	bursts(32, 1000, 30);
	before = magazine_stat(size_class(32));
	bursts(32, 1000, 50);
	after = magazine_stat(size_class(32));
	/* 100,000 calls that the magazine can serve by itself. */
	assert_true(after.refills - before.refills + after.flushes -
			    before.flushes <
		    10);
}

/* ---- bounds ------------------------------------------------------------ */

static void test_bytes_of_one_class_are_bounded(void **state)
{
	(void)state;
	for (size_t size = 16; size <= SMALL_MAX; size *= 2) {
		bursts(size, size > 4096 ? 100 : 3000, 10);
		assert_true(capacity(size) <= MAX_MAGAZINE);
		assert_true(capacity(size) * size <= (size_t)1 << 20);
		assert_true(fill(size) <= capacity(size));
	}
	unit_verify();
}

static size_t bytes_in_magazines(void)
{
	size_t bytes = 0;

	for (unsigned int c = 1; c < NR_SIZE_CLASSES; c++)
		bytes += (size_t)self()->capacity[c] * kmem_caches[c].size;
	return bytes;
}

static void test_the_budget_of_a_thread(void **state)
{
	size_t most = 0;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (unsigned int c = 1; c < NR_SIZE_CLASSES; c++) {
			uint32_t size = kmem_caches[c].size;

			bursts(size, size > 8192 ? 20 : 400, 4);
			/* The thread's own count is right. */
			assert_int_equal(self()->bytes, bytes_in_magazines());
			if (self()->bytes > most)
				most = self()->bytes;
		}
	}
	unit_verify();
	if (most > THREAD_BYTES + SLACK_BYTES)
		fail_msg("the magazines could hold %zu bytes", most);
}

static void test_one_class_takes_from_another(void **state)
{
	uint32_t before;

	(void)state;
	if (IS_TINY)
		skip();
	/* Fill the budget with large objects; the small ones then grow. */
	for (unsigned int c = 1; c < NR_SIZE_CLASSES; c++)
		bursts(kmem_caches[c].size, 64, 8);
	bursts(32, 15, 2);
	before = capacity(32);
	bursts(32, 5000, 60);
	assert_true(capacity(32) > before);
	assert_true(self()->bytes <= THREAD_BYTES + SLACK_BYTES);
	unit_verify();
}

/* ---- draining ---------------------------------------------------------- */

static void test_drain(void **state)
{
	unsigned int class = size_class(208);
	struct kmem_cache *c = &kmem_caches[class];

	(void)state;
	bursts(208, 3000, 10);
	assert_true(fill(208) > 0);
	assert_true(thread_cache_objects(class) > 0);
	magazine_drain(self(), class);
	assert_int_equal(self()->capacity[class], 0);
	assert_int_equal(self()->claim[class].nr, 0);
	assert_int_equal(thread_cache_objects(class), 0);
	/* Nothing was in use, so no slab is left. */
	assert_int_equal(kmem_cache_stat(c).nr_slabs, 0);
	unit_verify();
	magazine_drain(self(), class);
	/* And it begins anew. */
	put(get(208));
	assert_true(capacity(208) >= 1);
	unit_verify();
}

static void test_drain_keeps_what_is_in_use(void **state)
{
	unsigned int class = size_class(208);
	struct kmem_cache *c = &kmem_caches[class];
	char *kept;

	(void)state;
	bursts(208, 300, 3);
	kept = get(208);
	memset(kept, 0x11, 208);
	magazine_drain(self(), class);
	assert_int_equal(kmem_cache_stat(c).nr_slabs, 1);
	unit_verify();
	bursts(208, 300, 3);
	for (int i = 0; i < 208; i++)
		assert_int_equal(kept[i], 0x11);
	put(kept);
	magazine_drain(self(), class);
	assert_int_equal(kmem_cache_stat(c).nr_slabs, 0);
	unit_verify();
}

static void test_arrays_are_given_back(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (unsigned int c = 1; c < NR_SIZE_CLASSES; c += 3)
			bursts(kmem_caches[c].size, 60, 3);
		for (unsigned int c = 1; c < NR_SIZE_CLASSES; c += 3)
			magazine_drain(self(), c);
		assert_int_equal(self()->bytes, 0);
		for (unsigned int c = CACHE_MAGAZINES; c < FIRST_USER; c++)
			assert_int_equal(kmem_nodes[c].nr_slabs, 0);
		unit_verify();
	}
}

/* Streams are served together; one whose magazine is gone needs nothing. */
static void test_a_drained_stream_takes_nothing(void **state)
{
	enum { NR = 1000 };
	const size_t sizes[] = {400, 20000, 50000, 100000};
	uint32_t slabs[ARRAY_SIZE(sizes)];

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		unsigned int class = size_class(sizes[s]);

		for (int i = 0; i < NR; i++)
			get(sizes[s]);
		magazine_drain(self(), class);
		slabs[s] = kmem_nodes[class].nr_slabs;
	}
	for (int i = 0; i < NR; i++)
		get(64);
	unit_verify();
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++)
		assert_int_equal(kmem_nodes[size_class(sizes[s])].nr_slabs,
				 slabs[s]);
}

/* ---- without magazines -------------------------------------------------- */

static void test_disabled(void **state)
{
	void *a, *b;

	(void)state;
	magazines_disable();
	a = get(100);
	b = get(100);
	assert_int_equal(capacity(100), 0);
	put(a);
	assert_int_equal(capacity(100), 0);
	/* Straight from the slab, lowest first. */
	assert_ptr_equal(get(100), a);
	put(a);
	put(b);
	assert_int_equal(kmem_nodes[size_class(100)].nr_slabs, 0);
	unit_verify();
}

static int free_twice_apart(void *arg)
{
	void *a, *b;

	(void)arg;
	magazines_disable();
	a = heap_malloc(100);
	b = heap_malloc(100);
	put(a);
	put(b);
	put(a);
	return 0;
}

static void test_disabled_sees_every_double_free(void **state)
{
	(void)state;
	unit_child_aborts(free_twice_apart, NULL, "double free in free(0x");
}

static int free_twice(void *arg)
{
	void *a = heap_malloc(*(size_t *)arg);

	put(a);
	put(a);
	return 0;
}

static void test_an_immediate_double_free(void **state)
{
	(void)state;
	for (size_t size = 16; size <= SMALL_MAX; size *= 2)
		unit_child_aborts(free_twice, &size, "double free in free(0x");
}

static void test_no_array_for_a_magazine(void **state)
{
	void *obj[64];

	(void)state;
	put(get(1000));
	/* Slabs that are there serve on; what is new is refused. */
	inject_arm(INJECT_COMMIT, 1, true);
	inject_arm(INJECT_MAP, 1, true);
	for (int i = 0; i < 64; i++) {
		obj[i] = heap_malloc(1000);
		if (obj[i])
			memset(obj[i], 1, 1000);
	}
	for (int i = 0; i < 64; i++)
		heap_free(obj[i], "free");
	inject_disarm();
	unit_verify();
}

/* A phase of large blocks, and then one in which no page is freed. */
static void test_misses_give_pages_back(void **state)
{
	const size_t len = (size_t)40 << 20;
	struct timespec ms150 = {.tv_nsec = 150 * 1000 * 1000};
	void *large = get(len);

	(void)state;
	memset(large, 1, len);
	put(large);
	for (int i = 0; i < 4000; i++)
		get(100);
	nanosleep(&ms150, NULL);
	for (int i = 0; i < 4000; i++)
		get(100);
	assert_true(zones[0]->event[ZONE_PURGED] > 0);
	assert_true(zones[0]->nr_free_dirty <= zone_watermarks(zones[0]).soft);
	assert_int_equal(verify_zones(), 0);
}

UNIT_MAIN(TEST(test_starts_small), TEST(test_counts_go_on), TEST(test_hot_path),
	  TEST(test_fresh_objects_rise), TEST(test_bursts_grow_it),
	  TEST(test_a_stream_stays_short), TEST(test_a_stream_of_frees),
	  TEST(test_misses_become_rare),
	  TEST(test_bytes_of_one_class_are_bounded),
	  TEST(test_the_budget_of_a_thread),
	  TEST(test_one_class_takes_from_another), TEST(test_drain),
	  TEST(test_drain_keeps_what_is_in_use),
	  TEST(test_arrays_are_given_back),
	  TEST(test_a_drained_stream_takes_nothing), TEST(test_disabled),
	  TEST(test_disabled_sees_every_double_free),
	  TEST(test_an_immediate_double_free),
	  TEST(test_no_array_for_a_magazine), TEST(test_misses_give_pages_back))
