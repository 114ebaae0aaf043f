/* slab/thread_cache: from a thread's first call to its end, and after. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

static void use(size_t nr)
{
	void *obj[64];

	for (size_t i = 0; i < nr; i++)
		obj[i] = heap_malloc(16 + i * 40);
	for (size_t i = 0; i < nr; i++)
		heap_free(obj[i], "free");
}

static void test_boot(void **state)
{
	struct thread_cache *tc;

	(void)state;
	assert_true(cache_is(thread_cache_now(), EMPTY_BOOT));
	assert_int_equal(thread_cache_count(), 0);
	assert_non_null(heap_malloc(10));
	tc = thread_cache_now();
	assert_true(cache_is_real(tc));
	assert_int_equal(thread_cache_count(), 1);
	use(20);
	assert_ptr_equal(thread_cache_now(), tc);
	unit_verify();
}

static void test_only_a_creator_creates(void **state)
{
	struct thread_cache *tc = soft_mask(), *own;

	(void)state;
	own = thread_cache_enter(tc, false);
	assert_null(own);
	thread_cache_leave(tc, own);
	assert_true(cache_is(thread_cache_now(), EMPTY_BOOT));
	tc = soft_mask();
	own = thread_cache_enter(tc, true);
	assert_non_null(own);
	assert_true(cache_is(thread_cache_now(), EMPTY_BUSY));
	thread_cache_leave(tc, own);
	assert_ptr_equal(thread_cache_now(), own);
}

static void test_a_nested_call_sees_busy(void **state)
{
	struct thread_cache *tc, *nested;

	(void)state;
	use(5);
	tc = soft_mask();
	assert_true(cache_is_real(tc));
	nested = soft_mask();
	assert_true(cache_is(nested, EMPTY_BUSY));
	assert_null(thread_cache_enter(nested, true));
	thread_cache_leave(nested, NULL);
	assert_true(cache_is(thread_cache_now(), EMPTY_BUSY));
	soft_unmask(tc);
	assert_int_equal(thread_cache_count(), 1);
}

static void test_nested_calls_work(void **state)
{
	struct thread_cache *tc;
	uint64_t before;
	char *p[40];

	(void)state;
	use(5);
	tc = soft_mask();
	before = tc->mm.event[PGALLOC];
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = heap_malloc(1 + i * i * 200);
		assert_non_null(p[i]);
		memset(p[i], (int)i, 1 + i * i * 200);
	}
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		assert_int_equal(p[i][i * i * 200], i);
		heap_free(p[i], "free");
	}
	/* The thread's own state was left alone. */
	assert_int_equal(tc->mm.event[PGALLOC], before);
	assert_ptr_not_equal(thread_cache_now(), tc);
	soft_unmask(tc);
	unit_verify();
}

/* Nested calls, until one of them was given a second cache. */
static struct thread_cache *nest_too_often(void)
{
	for (int i = 0; i < 5000; i++) {
		heap_free(heap_malloc(100), "free");
		if (cache_is_real(thread_cache_now()))
			return thread_cache_now();
	}
	fail_msg("no second cache");
	return NULL;
}

static void test_a_second_cache(void **state)
{
	struct thread_cache *first, *second, *third;
	void *p;

	(void)state;
	use(5);
	first = soft_mask();
	second = nest_too_often();
	assert_ptr_not_equal(second, first);
	use(40);
	p = heap_malloc(77);
	assert_int_equal(thread_cache_count(), 2);
	(void)soft_mask();
	third = nest_too_often();
	assert_int_equal(thread_cache_count(), 3);
	assert_true(third->depth > second->depth);
	use(40);
	unit_verify();
	/* The call that the third interrupted goes on, then the first. */
	soft_unmask(second);
	heap_free(heap_malloc(300000), "free");
	assert_int_equal(thread_cache_count(), 2);
	assert_ptr_equal(thread_cache_now(), second);
	soft_unmask(first);
	heap_free(heap_malloc(300000), "free");
	assert_int_equal(thread_cache_count(), 1);
	assert_ptr_equal(thread_cache_now(), first);
	heap_free(p, "free");
	unit_verify();
}

/* A handler may have come after the mask was set, and left it off. */
static void test_a_second_cache_ends_masked(void **state)
{
	struct thread_cache *first, *own;

	(void)state;
	use(5);
	first = soft_mask();
	(void)nest_too_often();
	own = thread_cache_enter(first, true);
	assert_ptr_equal(own, first);
	assert_true(cache_is(thread_cache_now(), EMPTY_BUSY));
	assert_int_equal(thread_cache_count(), 1);
	thread_cache_leave(first, own);
	unit_verify();
}

static void test_no_memory_for_a_cache(void **state)
{
	void *p;

	(void)state;
	inject_arm(INJECT_COMMIT, 1, true);
	inject_arm(INJECT_MAP, 1, true);
	assert_null(heap_malloc(100));
	assert_int_equal(errno, ENOMEM);
	inject_disarm();
	assert_true(cache_is(thread_cache_now(), EMPTY_BOOT));
	p = heap_malloc(100);
	assert_non_null(p);
	assert_true(cache_is_real(thread_cache_now()));
	unit_verify();
}

/* ---- threads that end -------------------------------------------------- */

static void *live_and_die(void *arg)
{
	use(64);
	return arg;
}

static void run_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, fn, arg), 0);
	pthread_join(thread, NULL);
}

/* Objects that are in no slab's bitmap, over all size classes. */
static uint64_t objects_out(void)
{
	uint64_t n = 0;

	for (unsigned int i = 1; i < NR_SIZE_CLASSES; i++) {
		struct slab_stat s = kmem_cache_stat(&kmem_caches[i]);

		n += s.nr_objects - s.nr_free;
	}
	return n;
}

static uint64_t refills(void)
{
	uint64_t n = 0;

	for (unsigned int i = 1; i < NR_SIZE_CLASSES; i++)
		n += magazine_stat(i).refills;
	return n;
}

static uint64_t objects_kept(void)
{
	uint64_t n = 0;

	for (unsigned int i = 1; i < NR_SIZE_CLASSES; i++)
		n += thread_cache_objects(i);
	return n;
}

static void test_an_ended_thread_leaves_little(void **state)
{
	uint64_t before;

	(void)state;
	run_thread(live_and_die, NULL);
	assert_int_equal(thread_cache_count(), 0);
	/* It has lost nothing: what is out waits for the next thread. */
	assert_int_equal(objects_out(), objects_kept());
	assert_in_range(thread_cache_pages(), 0, 16);
	before = refills();
	run_thread(live_and_die, NULL);
	assert_in_range(refills(), before, before + before / 10);
	/* But not for ever. */
	assert_true(thread_cache_reap() > 0);
	assert_int_equal(objects_out(), 0);
	assert_int_equal(thread_cache_pages(), 0);
	unit_verify();
}

static void *live_well_and_die(void *arg)
{
	void *obj[100];

	for (size_t i = 0; i < ARRAY_SIZE(obj); i++)
		obj[i] = heap_malloc(8000 + i % 10 * 1024);
	for (size_t i = 0; i < ARRAY_SIZE(obj); i++)
		heap_free(obj[i], "free");
	return arg;
}

static void test_an_ended_thread_gives_much_back(void **state)
{
	(void)state;
	run_thread(live_well_and_die, NULL);
	assert_int_equal(objects_out(), 0);
	assert_in_range(thread_cache_pages(), 0, 16);
	unit_verify();
}

static void test_caches_are_used_again(void **state)
{
	uint32_t slabs;

	(void)state;
	run_thread(live_and_die, NULL);
	slabs = kmem_nodes[CACHE_THREADS].nr_slabs;
	for (int i = 0; i < 2000; i++)
		run_thread(live_and_die, NULL);
	assert_int_equal(kmem_nodes[CACHE_THREADS].nr_slabs, slabs);
	assert_int_equal(kmem_cache_stat(&kmem_caches[CACHE_THREADS]).nr_free,
			 kmem_caches[CACHE_THREADS].nr_objects * slabs - 1);
	assert_int_equal(thread_cache_count(), 0);
	unit_verify();
}

/* A destructor that runs after ours, as POSIX repeats them. */
static pthread_key_t late_key;

static void allocates_late(void *arg)
{
	static __thread int rounds;
	void *p = heap_malloc(100);

	if (p)
		*(int *)arg += 1;
	heap_free(p, "free");
	p = heap_malloc(3 << 20);
	heap_free(p, "free");
	if (++rounds < 3)
		pthread_setspecific(late_key, arg);
}

static void *die_late(void *arg)
{
	use(10);
	pthread_setspecific(late_key, arg);
	return NULL;
}

static void test_calls_after_the_end(void **state)
{
	int calls = 0;

	(void)state;
	pthread_key_create(&late_key, allocates_late);
	run_thread(die_late, &calls);
	assert_int_equal(calls, 3);
	(void)thread_cache_reap();
	assert_int_equal(objects_out(), 0);
	assert_int_equal(thread_cache_count(), 0);
	unit_verify();
}

static void use_up_keys(void)
{
	pthread_key_t key;

	while (!pthread_key_create(&key, NULL))
		;
}

/* The kernel may know a thread for a moment after it was joined. */
static void reap_all_but(uint32_t nr)
{
	const struct timespec ms = {0, 1000000};

	(void)thread_cache_reap();
	for (int i = 0; i < 1000 && thread_cache_count() > nr; i++) {
		nanosleep(&ms, NULL);
		(void)thread_cache_reap();
	}
	assert_int_equal(thread_cache_count(), nr);
}

static void test_the_dead_are_reaped(void **state)
{
	(void)state;
	use_up_keys();
	use(3);
	for (int i = 0; i < 10; i++)
		run_thread(live_and_die, NULL);
	/* Nobody told us; a new thread looks, and so does the program. */
	reap_all_but(1);
	assert_int_equal(thread_cache_reap(), 0);
	thread_cache_drain(thread_cache_now());
	assert_int_equal(objects_out(), 0);
	unit_verify();
}

static void test_many_threads_without_a_key(void **state)
{
	uint32_t slabs;

	(void)state;
	use_up_keys();
	for (int i = 0; i < 1000; i++)
		run_thread(live_and_die, NULL);
	slabs = kmem_nodes[CACHE_THREADS].nr_slabs;
	/* New threads notice some of the dead, so they do not pile up. */
	assert_true(slabs <= 2);
	assert_true(thread_cache_count() < 20);
	reap_all_but(0);
	assert_int_equal(objects_out(), 0);
	unit_verify();
}

static bool stop;

static void *live_on(void *arg)
{
	struct timespec ms = {.tv_nsec = 1000000};

	use(10);
	__atomic_store_n((bool *)arg, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		nanosleep(&ms, NULL);
	use(10);
	return NULL;
}

static void test_the_living_are_not_reaped(void **state)
{
	struct timespec ms = {.tv_nsec = 1000000};
	bool started = false;
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, live_on, &started);
	while (!__atomic_load_n(&started, __ATOMIC_ACQUIRE))
		nanosleep(&ms, NULL);
	assert_int_equal(thread_cache_reap(), 0);
	assert_int_equal(thread_cache_count(), 1);
	assert_true(thread_cache_objects(size_class(16)) > 0);
	assert_true(thread_cache_knows(size_class(16)));
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	assert_int_equal(thread_cache_count(), 0);
	(void)thread_cache_reap();
	assert_false(thread_cache_knows(size_class(16)));
}

/* ---- forks ------------------------------------------------------------- */

static int child_inherits(void *arg)
{
	(void)arg;
	use(30);
	CHILD_CHECK(!mm_verify());
	/* The other threads of the parent are not here. */
	CHILD_CHECK(thread_cache_reap() == 3);
	CHILD_CHECK(thread_cache_count() == 1);
	CHILD_CHECK(!mm_verify());
	thread_cache_drain(thread_cache_now());
	CHILD_CHECK(objects_out() == 0);
	CHILD_CHECK(!mm_verify());
	return 0;
}

static void test_a_child_reaps_its_parents_threads(void **state)
{
	struct timespec ms = {.tv_nsec = 1000000};
	bool started[3] = {false};
	pthread_t thread[3];

	(void)state;
	use(10);
	for (int i = 0; i < 3; i++) {
		pthread_create(&thread[i], NULL, live_on, &started[i]);
		while (!__atomic_load_n(&started[i], __ATOMIC_ACQUIRE))
			nanosleep(&ms, NULL);
	}
	assert_int_equal(thread_cache_count(), 4);
	unit_child_passes(child_inherits, NULL);
	assert_int_equal(thread_cache_count(), 4);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(thread_cache_count(), 1);
	unit_verify();
}

static void *forks(void *arg)
{
	use(10);
	unit_child_passes(child_inherits, arg);
	return NULL;
}

static void test_a_fork_by_another_thread(void **state)
{
	struct timespec ms = {.tv_nsec = 1000000};
	bool started[2] = {false};
	pthread_t thread[2];

	(void)state;
	use(10);
	for (int i = 0; i < 2; i++) {
		pthread_create(&thread[i], NULL, live_on, &started[i]);
		while (!__atomic_load_n(&started[i], __ATOMIC_ACQUIRE))
			nanosleep(&ms, NULL);
	}
	run_thread(forks, NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	unit_verify();
}

static int child_starts_threads(void *arg)
{
	pthread_t thread[8];

	(void)arg;
	for (int i = 0; i < 8; i++)
		CHILD_CHECK(
			!pthread_create(&thread[i], NULL, live_and_die, NULL));
	use(50);
	for (int i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	CHILD_CHECK(!mm_verify());
	CHILD_CHECK(thread_cache_count() == 1);
	return 0;
}

static void test_a_child_starts_threads(void **state)
{
	(void)state;
	use(10);
	for (int i = 0; i < 20; i++)
		unit_child_passes(child_starts_threads, NULL);
	unit_verify();
}

static void test_events_are_summed(void **state)
{
	uint64_t before[NR_THREAD_EVENTS], after[NR_THREAD_EVENTS];

	(void)state;
	use(10);
	thread_cache_events(before);
	run_thread(live_well_and_die, NULL);
	thread_cache_events(after);
	assert_true(after[PGALLOC] > before[PGALLOC]);
	assert_true(after[PGFREE] > before[PGFREE]);
}

UNIT_MAIN(TEST(test_boot), TEST(test_only_a_creator_creates),
	  TEST(test_a_nested_call_sees_busy), TEST(test_nested_calls_work),
	  TEST(test_a_second_cache), TEST(test_a_second_cache_ends_masked),
	  TEST(test_no_memory_for_a_cache),
	  TEST(test_an_ended_thread_leaves_little),
	  TEST(test_an_ended_thread_gives_much_back),
	  TEST(test_caches_are_used_again), TEST(test_calls_after_the_end),
	  TEST(test_the_dead_are_reaped), TEST(test_many_threads_without_a_key),
	  TEST(test_the_living_are_not_reaped),
	  TEST(test_a_child_reaps_its_parents_threads),
	  TEST(test_a_fork_by_another_thread),
	  TEST(test_a_child_starts_threads), TEST(test_events_are_summed))
