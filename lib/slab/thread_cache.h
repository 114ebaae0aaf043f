/*
 * What a thread keeps: its magazines, its slabs, its pcp.
 *
 * A magazine is an array of free objects of one cache, used as a stack. Below
 * its first slot stands a NULL, so one load tells both the object and whether
 * there is any:
 *
 *	array:	NULL | obj | obj | obj |  ?  |  ?  |  ?  |
 *			            ^ top		^ end
 *
 * The soft mask. The thread-local pointer leads to the thread's cache, to its
 * `top` that is, which the hot paths then have at a small distance. While
 * the owner works on the cache, the pointer leads to one whose magazines are
 * all empty and full at once (they have no slots). A call in a signal handler
 * so finds nothing it could disturb, takes the slow path, sees that the
 * pointer was `busy`, and works on the slabs themselves, under their locks.
 * Masking so costs two stores, and asking "may I?" costs nothing: it is the
 * test for an empty magazine that is made anyway. Before a thread has a cache
 * its pointer leads to `boot`, and after it gave it up to `gone`: the same
 * magazines without slots, told apart by their address.
 */
#ifndef SLAB_THREAD_CACHE_H
#define SLAB_THREAD_CACHE_H

#include "kmem_cache.h"
#include "tags.h"

struct thread_cache {
	/* Owner only, with the soft mask set. */
	uint16_t capacity[NR_MAGAZINES]; /* slots; 0: no array yet */
	uint8_t last_miss[NR_MAGAZINES]; /* enum miss, in magazine.c */
	uint64_t streams[2][BITMAP_WORDS(NR_MAGAZINES)]; /* by enum miss */
	pfn_t claim[NR_MAGAZINES];
	/* Counted in magazine_wraps, too, when they begin again at 0. */
	uint16_t refills[NR_MAGAZINES], flushes[NR_MAGAZINES];
	uint32_t bytes;	 /* what all magazines could hold */
	uint16_t victim; /* the magazine to shrink next */
	uint16_t denied; /* misses that found no budget */
	bool working;	 /* in the slow path, not just in the hot one */
	struct mm_thread mm;

	/* Of the list of all caches: see thread_list.h. */
	uint32_t state;
	uint32_t epoch; /* of the process that the owner runs in */
	bool keyed;	/* a destructor of the owner's will empty it */
	int pid;
	uint8_t depth; /* of the calls that the owner interrupted: see there */
	bool above;    /* the owner had deeper ones since */
	struct thread_cache *next;

	char pad[16]; /* for `top` to begin a cache line */
	/*
	 * Read by the hot paths; the slow path sets `end`. Not at the beginning
	 * of the cache, which is an OS page: programs write to the first bytes
	 * of OS pages, and the first magazines stand in some; and a load whose
	 * address agrees with such a store's in the lower twelve bits waits for
	 * it.
	 */
	void **top[NR_MAGAZINES];
	void **end[NR_MAGAZINES];
};

/* What the page layer keeps for the owner; NULL without a cache. */
static inline struct mm_thread *thread_mm(struct thread_cache *own)
{
	return own ? &own->mm : NULL;
}

/* Where `top` stands in a thread's cache, whose own address is a page's. */
#define TOP_OFFSET offsetof(struct thread_cache, top)

_Static_assert(TOP_OFFSET % CACHE_LINE == 0, "a line begins");
_Static_assert(offsetof(struct thread_cache, end) - TOP_OFFSET ==
		       NR_MAGAZINES * sizeof(void *),
	       "hot.slots stands in for top and end");

/* The cache whose `top` this is. */
static always_inline struct thread_cache *cache_of_top(void ***top)
{
	return (struct thread_cache *)((char *)top - TOP_OFFSET);
}

/* A cache without slots is nothing but its top. */
static always_inline bool cache_is(const struct thread_cache *tc,
				   enum empty_cache which)
{
	return tc->top == &hot.slots[which];
}

static always_inline bool cache_is_real(const struct thread_cache *tc)
{
	return !cache_is(tc, EMPTY_BUSY) && !cache_is(tc, EMPTY_BOOT) &&
	       !cache_is(tc, EMPTY_GONE);
}

/*
 * The thread-local pointer. IFUNC resolvers of a program run while it reads as
 * zero: the loader copies the thread-locals' first values later. A shared
 * library can set it before (preload/early.c). In a program that has the
 * library in itself nothing is sure to come first; there it can be kept as its
 * distance from `gone`, so that this is what zero means. It costs each call two
 * instructions, and so is a choice (BUDDY_IFUNC).
 */
#ifdef BUDDY_IN_PROGRAM
extern __thread ptrdiff_t thread_cache_distance;

static always_inline struct thread_cache *thread_cache_now(void)
{
	char *top = (char *)&hot.slots[EMPTY_GONE] +
		    READ_ONCE(thread_cache_distance);

	forget_value(top); /* it need not be in `hot` */
	return cache_of_top((void ***)top);
}

static always_inline void set_thread_top(void ***top)
{
	WRITE_ONCE(thread_cache_distance,
		   (char *)top - (char *)&hot.slots[EMPTY_GONE]);
}
#else
extern __thread void ***thread_cache_top;

static always_inline struct thread_cache *thread_cache_now(void)
{
	return cache_of_top(READ_ONCE(thread_cache_top));
}

static always_inline void set_thread_top(void ***top)
{
	WRITE_ONCE(thread_cache_top, top);
}
#endif

static always_inline void set_thread_cache(struct thread_cache *tc)
{
	set_thread_top(tc->top);
}

/* Makes the thread's cache one without slots. */
static always_inline void set_no_cache(enum empty_cache which)
{
	set_thread_top(&hot.slots[which]);
}

/* Sets the soft mask and returns what the pointer was. */
static always_inline struct thread_cache *soft_mask(void)
{
	struct thread_cache *tc = thread_cache_now();

	set_no_cache(EMPTY_BUSY);
	signal_fence();
	return tc;
}

static always_inline void soft_unmask(struct thread_cache *tc)
{
	signal_fence();
	set_thread_cache(tc);
}

/*
 * What the slow paths do first and last. `tc` is what soft_mask() returned;
 * the result is the thread's own cache, made if need be (and if `create`), or
 * NULL when the call is nested (but now and then such a call gets a second
 * cache), when the thread is gone, or for want of memory: then the caller
 * works without one.
 */
struct thread_cache *thread_cache_enter(struct thread_cache *tc, bool create);

/* Takes the soft mask off; `tc` as given to enter, `own` as it returned. */
void thread_cache_leave(struct thread_cache *tc, struct thread_cache *own);

/* Gives back all that a cache holds: magazines, claims, runs, pages. */
void thread_cache_drain(struct thread_cache *own);

/* Drains the caches of threads that are gone; how many had something. */
unsigned int thread_cache_reap(void);

/* Sums over all threads. */
void thread_cache_events(uint64_t events[NR_THREAD_EVENTS]);

/* How often magazines of one cache were refilled and flushed, by all threads.
 */
struct magazine_stat {
	uint64_t refills, flushes;
};
struct magazine_stat magazine_stat(unsigned int cache);

/* What the threads' own counters had no room for. */
extern struct magazine_stat magazine_wraps[NR_MAGAZINES];

/* Objects in all threads' magazines of one cache; a snapshot. */
uint64_t thread_cache_objects(unsigned int cache);

/* Appends the pcp of each thread that has a cache now. */
void thread_cache_text_pagesets(struct text *t);

/* Free pages in all threads' pcps and caches of runs; a snapshot. */
uint64_t thread_cache_pages(void);

/* Whether some thread has, or had, a magazine of that cache. */
bool thread_cache_knows(unsigned int cache);

/* Bytes that a thread may keep in its magazines, and again in runs. */
uint32_t thread_cache_budget(void);

/* Threads that have a cache now. */
unsigned int thread_cache_count(void);

/* Every object in the calling thread's magazines lies in a slab of its cache,
 * is not free there, and is there once. 0 or -EUCLEAN with a message. */
int thread_cache_verify(void) must_check;

#endif
