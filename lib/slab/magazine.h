/*
 * The stacks of free objects of a thread, and the hot paths through them.
 *
 * Capacities start small and double each time that a magazine runs empty or
 * full, as far as MAX_MAGAZINE and the thread's budget allow; then the budget
 * is taken from the other magazines in turn.
 */
#ifndef SLAB_MAGAZINE_H
#define SLAB_MAGAZINE_H

#include "thread_cache.h"

/* Slots; an array is one object of an internal cache, with the NULL below. */
#define MIN_MAGAZINE 15u
#ifdef BUDDY_TINY
#define MAX_MAGAZINE 31u
#else
#define MAX_MAGAZINE 2047u
#endif

/* How a magazine missed last: see magazine.c. */
enum miss { MISS_EMPTY, MISS_FULL, MISS_NONE };

/* With magazines off every call works on the slabs: each misuse is seen. */
void magazines_disable(void);

/*
 * An object after a miss: from a refilled magazine, or from the slab when the
 * thread has no cache (own is NULL). NULL when there is no memory.
 */
void *magazine_alloc_slow(struct thread_cache *own,
			  unsigned int cache) must_check;

/*
 * Takes an object that is known to be one. A double free that can be seen at
 * once is reported, as done by `function`.
 */
void magazine_free_slow(struct thread_cache *own, unsigned int cache, void *obj,
			const char *function);

/* Whether a slot's object stands in one below it, too. */
static inline bool magazine_has_below(void *const *array, void *const *slot)
{
	for (void *const *other = array + 1; other < slot; other++)
		if (*other == *slot)
			return true;
	return false;
}

/* Bytes of the objects in a thread's magazine of one cache. */
size_t magazine_bytes(const struct thread_cache *own, unsigned int cache);

/* Empties a thread's magazine of one cache, and ends its claim. */
void magazine_drain(struct thread_cache *own, unsigned int cache);

/*
 * The owner is gone. Ends its claim; if the magazine's objects are few they
 * wait for the next owner. A block that is in it twice is reported.
 */
void magazine_retain(struct thread_cache *own, unsigned int cache);

/*
 * Writes a magazine's top. Not changed in place, which would read it again:
 * that load, too, would wait for the store of the call before (docs/design.md).
 * And with the class in a register for which its load needs no prefix, so that
 * malloc is 64 bytes of code, one line of the processor's cache.
 */
static always_inline void set_top(struct thread_cache *tc, size_t cache,
				  void **top)
{
#ifdef __x86_64__
	__asm__ volatile("mov %0, (%1,%2,8)"
			 :
			 : "r"(top), "r"(tc->top), "d"(cache)
			 : "memory");
#else
	tc->top[cache] = top;
#endif
}

/*
 * The hot path of malloc: NULL when the magazine has nothing, and then the
 * soft mask is still set, for the slow path. The whole of malloc is then 15
 * instructions on x86-64: no call, no lock, no atomic.
 */
static always_inline void *magazine_pop(struct thread_cache *tc, size_t cache)
{
	void **top = tc->top[cache];
	void *obj = *top;

	in_return_register(obj);
	if (unlikely(!obj))
		return NULL;
	set_top(tc, cache, top - 1);
	return obj;
}

/* Puts the object behind the top; false: as below. The top itself stays. */
static always_inline bool put_behind(struct thread_cache *tc, size_t cache,
				     void *obj)
{
	void **top = tc->top[cache];

	if (unlikely(top == tc->end[cache]) || unlikely(*top == obj))
		return false;
	top[1] = obj;
	return true;
}

/*
 * The hot path of free: false when the magazine is full, or has this very
 * object on top, which was then just freed.
 */
static always_inline bool magazine_push(struct thread_cache *tc, size_t cache,
					void *obj)
{
	void **top = tc->top[cache];

	if (unlikely(!put_behind(tc, cache, obj)))
		return false;
	set_top(tc, cache, top + 1);
	return true;
}

/*
 * The same for the sized forms. One instruction that works on memory is shorter
 * than two, and so they are two lines of code instead of three.
 */
static always_inline bool magazine_push_sized(struct thread_cache *tc,
					      size_t cache, void *obj)
{
	if (unlikely(!put_behind(tc, cache, obj)))
		return false;
	forget_value(cache);
	tc->top[cache]++;
	return true;
}

#endif
