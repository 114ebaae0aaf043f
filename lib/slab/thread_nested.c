/*
 * Caches for calls of handlers whose interrupted call may never be finished.
 *
 * A handler that interrupted a call of malloc and leaves by siglongjmp() leaves
 * the soft mask set, and nothing tells its thread from one whose handler is
 * still at work. So no question is asked: one nested call of many gets its
 * thread a second cache, one deeper than those it has. Where the interrupted
 * call goes on after all it never sees that one: it works on its own cache,
 * and leads the pointer back to it. Then all deeper ones are out of use, as
 * the handlers that used them have returned, and the next slow path ends them.
 */
#include "thread_list.h"

/* Of so many nested calls one gets a cache. */
#ifdef BUDDY_TINY
#define NESTED_PATIENCE 3u
#else
#define NESTED_PATIENCE 1000u
#endif
#define MAX_DEPTH 64u

static slow_path struct thread_cache *second_cache(void)
{
	uint32_t state = live_state(os_gettid());
	uint32_t epoch = fork_epoch();
	unsigned int depth = 1;

	for (struct thread_cache *c = first_cache(); c; c = c->next) {
		if (!same_owner(c, state, epoch))
			continue;
		WRITE_ONCE(c->above, true);
		if (c->depth >= depth)
			depth = c->depth + 1u;
	}
	return depth <= MAX_DEPTH ? thread_cache_create(depth) : NULL;
}

struct thread_cache *nested_cache(void)
{
	static uint32_t nr_nested; /* calls, of all threads */

	if (__atomic_add_fetch(&nr_nested, 1, __ATOMIC_RELAXED) %
	    NESTED_PATIENCE)
		return NULL;
	return second_cache();
}

slow_path void end_deeper(struct thread_cache *own)
{
	/* First this: a handler may have one made meanwhile. */
	WRITE_ONCE(own->above, false);
	for (struct thread_cache *c = first_cache(); c; c = c->next) {
		if (!same_owner(c, own->state, own->epoch) ||
		    c->depth <= own->depth)
			continue;
		/* A handler that came since may have left the pointer at c. */
		set_no_cache(EMPTY_BUSY);
		signal_fence();
		end_abandoned(c, own->state);
	}
}
