/*
 * The list of all threads' caches, for the files that make, end and count them.
 *
 * It only grows, so that it needs no lock and no fork can break it; a cache
 * whose thread ended is free for the next one.
 */
#ifndef SLAB_THREAD_LIST_H
#define SLAB_THREAD_LIST_H

#include "magazine.h"
#include "thread_cache.h"

/*
 * Of a live cache the word tells the owner's thread id, too: who takes it for
 * dead must not end it when it has become another thread's in between.
 */
enum cache_state { CACHE_FREE, CACHE_LIVE, CACHE_ENDING, CACHE_LOST };
#define STATE_BITS 2

static inline uint32_t live_state(int tid)
{
	return (uint32_t)tid << STATE_BITS | CACHE_LIVE;
}

static inline bool is_live(uint32_t state)
{
	return (state & ((1u << STATE_BITS) - 1)) == CACHE_LIVE;
}

/* Whether a live cache is one of the thread whose state and epoch these are. */
static inline bool same_owner(const struct thread_cache *c, uint32_t state,
			      uint32_t epoch)
{
	return READ_ONCE(c->state) == state && c->epoch == epoch;
}

/* The cache made last; `next` leads to the others. */
struct thread_cache *first_cache(void);

/* A live cache for the calling thread, for calls of that depth; or NULL. */
struct thread_cache *thread_cache_create(unsigned int depth);

/* Ends a cache whose owner has left it in this state, and maybe in a call. */
bool end_abandoned(struct thread_cache *c, uint32_t state);

/* A cache for a nested call, now and then: see thread_nested.c. */
struct thread_cache *nested_cache(void);

/* Ends the caches of calls deeper than own's, which have returned. */
void end_deeper(struct thread_cache *own);

#endif
