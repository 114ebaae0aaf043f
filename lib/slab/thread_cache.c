/*
 * A thread's cache: from its first call to its end.
 *
 * A thread ends in the destructor of a pthread key. Where there is no key left,
 * or none was set, its end is noticed later: new threads look whether some
 * others still exist. In the child of a fork only the thread that forked does.
 */
#include <pthread.h>
#include <string.h>

#include "thread_list.h"

enum key_state { KEY_NONE, KEY_MAKING, KEY_MADE, KEY_REFUSED };

/* What a thread may keep; many threads share it, each has a minimum. */
#define THREAD_MAX_BYTES (4u << 20)
#define ALL_THREADS_BYTES (32u << 20)
#define THREAD_MIN_BYTES (256u << 10)

/*
 * A new thread looks at so many caches for signs of life: each time when some
 * are known that no destructor will empty, else once in a while, as a thread
 * may end in ways that nobody hears of.
 */
#define REAP_LOOKS 2u
#define REAP_INTERVAL 64u

/* So many free caches keep so much for the next thread. */
#define KEEPING_CACHES 4u
#define KEPT_PAGES 16u
#define KEPT_BYTES (256u << 10) /* of objects */

#ifdef BUDDY_IN_PROGRAM
__thread ptrdiff_t thread_cache_distance =
	((ptrdiff_t)EMPTY_BOOT - EMPTY_GONE) * (ptrdiff_t)sizeof(hot.slots[0]);
#else
__thread void ***thread_cache_top = &hot.slots[EMPTY_BOOT];
#endif

static struct thread_cache *all_caches;
static struct thread_cache *reap_cursor;
static uint32_t nr_live, nr_free;
static uint32_t nr_keyless; /* live ones that no destructor knows of */
static uint32_t nr_created;
static uint32_t survivor_epoch; /* the epoch whose first thread is known */

static int key_state;
static pthread_key_t key;

/* ---- the list --------------------------------------------------------- */

static bool change_state(struct thread_cache *c, uint32_t from, uint32_t to)
{
	/* Pairs with itself: who takes a free cache sees it drained. */
	return __atomic_compare_exchange_n(&c->state, &from, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

struct thread_cache *first_cache(void)
{
	/* Pairs with the release in new_cache(). */
	return __atomic_load_n(&all_caches, __ATOMIC_ACQUIRE);
}

static void count(uint32_t *counter, int by)
{
	__atomic_fetch_add(counter, (uint32_t)by, __ATOMIC_RELAXED);
}

unsigned int thread_cache_count(void)
{
	return READ_ONCE(nr_live);
}

uint32_t thread_cache_budget(void)
{
	uint32_t share = ALL_THREADS_BYTES / (READ_ONCE(nr_live) + 1);

	if (share < THREAD_MIN_BYTES)
		return THREAD_MIN_BYTES;
	return share < THREAD_MAX_BYTES ? share : THREAD_MAX_BYTES;
}

/* ---- making ----------------------------------------------------------- */

static struct thread_cache *reuse_cache(void)
{
	if (!READ_ONCE(nr_free))
		return NULL;
	for (struct thread_cache *c = first_cache(); c; c = c->next) {
		if (READ_ONCE(c->state) == CACHE_FREE &&
		    change_state(c, CACHE_FREE, CACHE_ENDING)) {
			count(&nr_free, -1);
			return c;
		}
	}
	return NULL;
}

static struct thread_cache *new_cache(void)
{
	struct kmem_cache *from = &kmem_caches[CACHE_THREADS];
	struct thread_cache *c = kmem_cache_alloc_one(from, NULL);

	_Static_assert(sizeof(*c) <= THREAD_CACHE_SIZE, "room in its cache");
	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	for (unsigned int i = 0; i < NR_MAGAZINES; i++) {
		c->top[i] = hot.slots[0];
		c->end[i] = hot.slots[0];
	}
	memset(c->last_miss, MISS_NONE, sizeof(c->last_miss));
	c->state = CACHE_ENDING;
	c->next = first_cache();
	/* Pairs with the acquire in first_cache(). */
	while (!__atomic_compare_exchange_n(&all_caches, &c->next, c, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	return c;
}

/* Makes the calling thread the owner, and the cache live. */
static void adopt(struct thread_cache *c)
{
	WRITE_ONCE(c->pid, os_getpid());
	WRITE_ONCE(c->epoch, fork_epoch());
	/* Not before it is known who lives: it would be taken for dead. */
	__atomic_store_n(&c->state, live_state(os_gettid()), __ATOMIC_RELEASE);
}

static void look_for_dead(unsigned int looks);

struct thread_cache *thread_cache_create(unsigned int depth)
{
	uint32_t nth = __atomic_fetch_add(&nr_created, 1, __ATOMIC_RELAXED);
	struct thread_cache *c;

	/* In the child of a fork the dead are told without a system call. */
	if (READ_ONCE(nr_keyless) || fork_epoch() > 1 || !(nth % REAP_INTERVAL))
		look_for_dead(REAP_LOOKS);
	c = reuse_cache();
	if (!c)
		c = new_cache();
	if (!c)
		return NULL;
	count(&nr_live, 1);
	count(&nr_keyless, 1);
	c->keyed = false;
	c->working = false;
	c->above = false;
	c->depth = (uint8_t)depth;
	adopt(c);
	return c;
}

/* ---- ending ----------------------------------------------------------- */

static void drain_runs(struct mm_thread *t)
{
	run_cache_drain(&t->runs);
	if (t->growth.pages)
		growth_drain(t);
}

static void retain_objects(struct thread_cache *own)
{
	for (unsigned int i = 1; i < NR_MAGAZINES; i++)
		magazine_retain(own, i);
	drain_runs(&own->mm);
}

static void drain_objects(struct thread_cache *own)
{
	for (unsigned int i = 1; i < NR_MAGAZINES; i++)
		if (own->capacity[i] || own->claim[i].nr)
			magazine_drain(own, i);
	drain_runs(&own->mm);
}

void thread_cache_drain(struct thread_cache *own)
{
	drain_objects(own);
	drain_pcp(&own->mm);
}

static bool holds_few_pages(const struct thread_cache *c)
{
	return !c->mm.pcp.pageblocks && c->mm.pcp.count <= KEPT_PAGES;
}

static bool holds_few_objects(const struct thread_cache *c)
{
	size_t bytes = 0;

	for (unsigned int i = 1; i < NR_MAGAZINES; i++)
		if (c->capacity[i])
			bytes += magazine_bytes(c, i);
	return bytes <= KEPT_BYTES;
}

/*
 * What the next thread would have to fetch again waits for it. Not its slabs:
 * of these others may be in want, or they may be empty.
 */
static void thread_cache_end(struct thread_cache *c)
{
	bool keeps = READ_ONCE(nr_free) < KEEPING_CACHES;

	if (keeps && holds_few_objects(c))
		retain_objects(c);
	else
		drain_objects(c);
	if (!keeps || !holds_few_pages(c)) {
		drain_pcp(&c->mm);
		memset(&c->mm.pcp, 0, sizeof(c->mm.pcp));
	}
	count(&nr_live, -1);
	if (!c->keyed)
		count(&nr_keyless, -1);
	change_state(c, CACHE_ENDING, CACHE_FREE);
	count(&nr_free, 1);
}

/* The destructor of the key. What comes later works without a cache. */
static void thread_exits(void *arg)
{
	struct thread_cache *tc = soft_mask();

	(void)arg; /* the first cache; it may be the second's turn */
	if (!cache_is_real(tc)) {
		soft_unmask(tc);
		return;
	}
	change_state(tc, READ_ONCE(tc->state), CACHE_ENDING);
	thread_cache_end(tc);
	signal_fence();
	set_no_cache(EMPTY_GONE);
}

static bool key_is_made(void)
{
	int state = __atomic_load_n(&key_state, __ATOMIC_ACQUIRE);
	int none = KEY_NONE;

	if (likely(state != KEY_NONE))
		return state == KEY_MADE;
	if (!__atomic_compare_exchange_n(&key_state, &none, KEY_MAKING, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	state = pthread_key_create(&key, thread_exits) ? KEY_REFUSED : KEY_MADE;
	__atomic_store_n(&key_state, state, __ATOMIC_RELEASE);
	return state == KEY_MADE;
}

/* ---- noticing the dead ------------------------------------------------ */

static bool is_dead(const struct thread_cache *c, uint32_t state)
{
	uint32_t now = fork_epoch();

	/* Both pair with the releases in after_fork(). */
	if (__atomic_load_n(&c->epoch, __ATOMIC_ACQUIRE) != now)
		return __atomic_load_n(&survivor_epoch, __ATOMIC_ACQUIRE) ==
			       now &&
		       __atomic_load_n(&c->epoch, __ATOMIC_ACQUIRE) != now;
	/* A vfork child has the memory of its parent, but not its threads. */
	return READ_ONCE(c->pid) == os_getpid() &&
	       !os_thread_exists((int)(state >> STATE_BITS));
}

bool end_abandoned(struct thread_cache *c, uint32_t state)
{
	if (!change_state(c, state, CACHE_ENDING))
		return false;
	/* In the midst of a change: what it has is lost. */
	if (c->working) {
		count(&nr_live, -1);
		if (!c->keyed)
			count(&nr_keyless, -1);
		change_state(c, CACHE_ENDING, CACHE_LOST);
		return false;
	}
	thread_cache_end(c);
	return true;
}

static bool reap_one(struct thread_cache *c)
{
	uint32_t state = __atomic_load_n(&c->state, __ATOMIC_ACQUIRE);

	return is_live(state) && is_dead(c, state) && end_abandoned(c, state);
}

static void look_for_dead(unsigned int looks)
{
	/* Pairs with the release below: who came here first saw it made. */
	struct thread_cache *c =
		__atomic_load_n(&reap_cursor, __ATOMIC_ACQUIRE);

	for (; looks; looks--) {
		c = c ? c->next : first_cache();
		if (!c)
			break;
		reap_one(c);
	}
	__atomic_store_n(&reap_cursor, c, __ATOMIC_RELEASE);
}

/* What a cache without an owner has kept. */
static bool drain_free(struct thread_cache *c)
{
	bool had;

	/* Nobody's but this thread's from here on. */
	if (!change_state(c, CACHE_FREE, CACHE_ENDING))
		return false;
	had = c->mm.pcp.count || c->bytes;
	if (had)
		thread_cache_drain(c);
	change_state(c, CACHE_ENDING, CACHE_FREE);
	return had;
}

unsigned int thread_cache_reap(void)
{
	unsigned int n = 0;

	for (struct thread_cache *c = first_cache(); c; c = c->next) {
		bool reaped = reap_one(c);

		n += drain_free(c) || reaped;
	}
	return n;
}

/* ---- the slow paths' frame -------------------------------------------- */

/*
 * A thread that the owner started may be looking for the dead at this moment,
 * and the thread id that the state tells exists no more. So the state goes
 * first: who finds this epoch has either seen it, or fails to change the one
 * before.
 */
static void move_to_child(struct thread_cache *c, uint32_t now)
{
	__atomic_store_n(&c->state, live_state(os_gettid()), __ATOMIC_RELEASE);
	WRITE_ONCE(c->pid, os_getpid());
	/* Pairs with the acquires in is_dead(). */
	__atomic_store_n(&c->epoch, now, __ATOMIC_RELEASE);
}

/* Only the thread that forked runs on with a cache of the epoch before. */
static slow_path void after_fork(struct thread_cache *own)
{
	uint32_t now = fork_epoch();
	uint32_t state = own->state;
	uint32_t epoch = own->epoch;

	/* And with those of the calls that it has interrupted. */
	for (struct thread_cache *c = own->depth ? first_cache() : NULL; c;
	     c = c->next)
		if (c != own && same_owner(c, state, epoch))
			move_to_child(c, now);
	move_to_child(own, now);
	/* Pairs with the acquire in is_dead(). */
	__atomic_store_n(&survivor_epoch, now, __ATOMIC_RELEASE);
}

struct thread_cache *thread_cache_enter(struct thread_cache *tc, bool create)
{
	struct thread_cache *own = tc;

	if (unlikely(!cache_is_real(tc))) {
		if (cache_is(tc, EMPTY_GONE) || !create)
			return NULL;
		own = cache_is(tc, EMPTY_BOOT) ? thread_cache_create(0)
					       : nested_cache();
		if (!own)
			return NULL;
	}
	if (unlikely(READ_ONCE(own->above)))
		end_deeper(own);
	if (unlikely(own->epoch != fork_epoch()))
		after_fork(own);
	WRITE_ONCE(own->working, true);
	return own;
}

void thread_cache_leave(struct thread_cache *tc, struct thread_cache *own)
{
	if (likely(own == tc)) {
		WRITE_ONCE(own->working, false);
		soft_unmask(own);
	} else if (own) {
		WRITE_ONCE(own->working, false);
		soft_unmask(own);
		/* It may allocate: not before the cache can be used. */
		if (cache_is(tc, EMPTY_BOOT) && key_is_made() &&
		    !pthread_setspecific(key, own)) {
			WRITE_ONCE(own->keyed, true);
			count(&nr_keyless, -1);
		}
	} else {
		soft_unmask(tc);
	}
}
