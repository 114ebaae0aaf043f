/*
 * The frame of a call that takes the slow path: what stands around the work on
 * the thread's cache.
 */
#ifndef HEAP_FRAME_H
#define HEAP_FRAME_H

#include "options.h"
#include "slab/slab.h"

struct frame {
	struct thread_cache *tc;  /* what the thread's pointer was */
	struct thread_cache *own; /* the thread's cache; NULL: work without */
};

/* The soft mask is set; `tc` is what soft_mask() returned. */
static inline struct frame frame_enter(struct thread_cache *tc)
{
	/* Before the first object is handed out, options are known. */
	if (unlikely(!cache_is_real(tc)))
		options_init();
	return (struct frame){tc, thread_cache_enter(tc, true)};
}

static inline void frame_leave(const struct frame *f)
{
	thread_cache_leave(f->tc, f->own);
}

/* What the page layer keeps for this thread, or NULL. */
static inline struct mm_thread *frame_mm(const struct frame *f)
{
	return thread_mm(f->own);
}

#endif
