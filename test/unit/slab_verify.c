/*
 * kmem_cache_verify(), thread_cache_verify() and the repair of a broken cache:
 * every kind of damage that they must see is inflicted once.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#define SIZE 512

static struct kmem_cache *cache;
static struct mm_thread thread;

/*
 * The stage: three slabs of a cache, one full, one partial and one claimed.
 */
static struct page *full, *partial, *claimed;

static struct page *slab_of_object(const void *obj)
{
	return compound_head(page_of(obj));
}

static void stage(void)
{
	pfn_t claim = PFN_NONE;
	void *obj = NULL;

	cache = &kmem_caches[size_class(SIZE)];
	for (uint32_t i = 0; i < cache->nr_objects; i++)
		obj = kmem_cache_alloc_one(cache, &thread);
	full = slab_of_object(obj);
	obj = kmem_cache_alloc_one(cache, &thread);
	partial = slab_of_object(obj);
	/* Claims the partial one; so take that, and make another. */
	assert_int_equal(kmem_cache_alloc_bulk(cache, &thread, &claim, 1, &obj),
			 1);
	claimed = slab_of_object(obj);
	obj = kmem_cache_alloc_one(cache, &thread);
	partial = slab_of_object(obj);
	assert_ptr_not_equal(partial, claimed);
	unit_verify();
}

#define DAMAGE(name, ...)      \
	static void name(void) \
	{                      \
		__VA_ARGS__;   \
	}

/* The stack that `partial` is on. */
static struct slab_stack *stack(void)
{
	return &node_of(cache)->partial
			[slab_stack_first(&node_of(cache)->partial[0]) ? 0 : 1];
}

static void set_state(struct page *slab, enum slab_state s)
{
	slab->state = (slab->state >> SLAB_STATE_BITS << SLAB_STATE_BITS) | s;
}

static void take_off(void)
{
	assert_ptr_equal(slab_stack_pop(stack()), partial);
}

DAMAGE(bit_set, bitmap_set(full->bitmap, 3))
DAMAGE(bits_cleared, partial->bitmap[0] = 0; partial->bitmap[1] = 0)
DAMAGE(bit_of_nothing, cache->nr_objects--)
DAMAGE(partial_is_lost, take_off(); set_state(partial, SLAB_FULL))
DAMAGE(partial_off_the_list, take_off())
DAMAGE(full_on_the_list, set_state(full, SLAB_LISTED);
       slab_stack_push(stack(), full))
DAMAGE(stranger_on_the_list, slab_stack_push(stack(), claimed))
DAMAGE(no_state, set_state(claimed, SLAB_NONE))
DAMAGE(slab_count, node_of(cache)->nr_slabs++)
DAMAGE(slab_lost, full->type = PAGE_RUN)
DAMAGE(circle, partial->next = page_to_pfn(partial))

static const struct {
	const char *name;
	void (*inflict)(void);
} damages[] = {
	{"a free bit too many", bit_set},
	{"no free bit", bits_cleared},
	{"a bit of nothing", bit_of_nothing},
	{"lost", partial_is_lost},
	{"off the list", partial_off_the_list},
	{"full on the list", full_on_the_list},
	{"claimed on the list", stranger_on_the_list},
	{"no state", no_state},
	{"nr_slabs", slab_count},
	{"slab lost", slab_lost},
	{"circle", circle},
};

static int inflict_and_look(void *arg)
{
	stage();
	damages[*(size_t *)arg].inflict();
	CHILD_CHECK(kmem_cache_verify(cache) == -EUCLEAN);
	CHILD_CHECK(mm_verify() == -EUCLEAN);
	return 0;
}

static void test_damage_to_slabs_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct unit_child c = unit_child(inflict_and_look, &i);

		if (c.status ||
		    !strstr(c.output, "mm_verify: the cache of 512 byte "
				      "objects disagrees with itself: "))
			fail_msg("%s: status 0x%x: %s", damages[i].name,
				 (unsigned int)c.status, c.output);
	}
}

/* ---- magazines --------------------------------------------------------- */

static struct thread_cache *own;
static unsigned int class;

/* Some objects in the calling thread's magazine. */
static void fill_magazine(void)
{
	void *obj[6];

	class = size_class(SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(obj); i++)
		obj[i] = heap_malloc(SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(obj); i++)
		heap_free(obj[i], "free");
	own = thread_cache_now();
	assert_int_equal(mm_verify(), 0);
}

DAMAGE(top_below, own->top[class] = own->end[class] - own->capacity[class] - 1)
DAMAGE(top_above, own->top[class] = own->end[class] + 1)
DAMAGE(no_null, *(own->end[class] - own->capacity[class]) = own)
DAMAGE(foreign, *own->top[class] = &own)
DAMAGE(of_another_class, *own->top[class] = heap_malloc(SIZE / 2))
DAMAGE(interior, *own->top[class] = (char *)*own->top[class] + 16)
DAMAGE(free_in_its_slab, void *obj = *own->top[class];
       kmem_cache_free_bulk(&kmem_caches[class], &own->mm, 1, &obj))
DAMAGE(twice, own->top[class][-1] = *own->top[class])

static const struct {
	const char *name;
	void (*inflict)(void);
} magazine_damages[] = {
	{"top below", top_below},
	{"top above", top_above},
	{"no NULL", no_null},
	{"foreign", foreign},
	{"of another class", of_another_class},
	{"interior", interior},
	{"free in its slab", free_in_its_slab},
	{"twice", twice},
};

static int inflict_on_magazine(void *arg)
{
	fill_magazine();
	magazine_damages[*(size_t *)arg].inflict();
	CHILD_CHECK(thread_cache_verify() == -EUCLEAN);
	CHILD_CHECK(mm_verify() == -EUCLEAN);
	return 0;
}

static void test_damage_to_magazines_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(magazine_damages); i++) {
		struct unit_child c = unit_child(inflict_on_magazine, &i);

		if (c.status ||
		    !strstr(c.output, "mm_verify: a thread's cache is "
				      "unsound: "))
			fail_msg("%s: status 0x%x: %s",
				 magazine_damages[i].name,
				 (unsigned int)c.status, c.output);
	}
}

/* ---- a fork while others are at work ------------------------------------ */

static bool held, done;

/* In the midst of a sweep, with a slab in its hands. */
static void *hold_and_sweep(void *arg)
{
	struct timespec ms = {.tv_nsec = 1000000};

	node_of(cache)->sweeper = fork_epoch();
	take_off();
	__atomic_store_n(&held, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		nanosleep(&ms, NULL);
	slab_stack_push(stack(), partial);
	node_of(cache)->sweeper = 0;
	return arg;
}

static int child_goes_on(void *arg)
{
	uint32_t sweeps = node_of(cache)->nr_sweeps;
	void *obj[300];

	(void)arg;
	for (int i = 0; i < 300; i++) {
		obj[i] = kmem_cache_alloc_one(cache, &thread);
		CHILD_CHECK(obj[i]);
		memset(obj[i], i, SIZE);
	}
	CHILD_CHECK(!kmem_cache_verify(cache));
	kmem_cache_free_bulk(cache, &thread, 300, obj);
	/* Another process's sweep is none here. */
	kmem_cache_sweep(cache, &thread);
	CHILD_CHECK(node_of(cache)->nr_sweeps > sweeps);
	CHILD_CHECK(!mm_verify());
	CHILD_CHECK(node_of(cache)->nr_slabs == 3);
	return 0;
}

static void test_fork_in_the_midst_of_a_change(void **state)
{
	struct timespec ms = {.tv_nsec = 1000000};
	pthread_t holder;

	(void)state;
	stage();
	pthread_create(&holder, NULL, hold_and_sweep, NULL);
	while (!__atomic_load_n(&held, __ATOMIC_ACQUIRE))
		nanosleep(&ms, NULL);
	unit_child_passes(child_goes_on, NULL);
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	pthread_join(holder, NULL);
	unit_verify();
}

UNIT_MAIN(TEST(test_damage_to_slabs_is_seen),
	  TEST(test_damage_to_magazines_is_seen),
	  TEST(test_fork_in_the_midst_of_a_change))
