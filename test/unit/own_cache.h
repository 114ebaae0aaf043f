/* The calling thread's cache, with the soft mask set, as slow paths have it. */
#ifndef OWN_CACHE_H
#define OWN_CACHE_H

#include "unit.h"

static struct thread_cache *own;
static struct thread_cache *masked;

static void setup(void)
{
	heap_free(heap_malloc(1), "free");
	masked = soft_mask();
	own = thread_cache_enter(masked, true);
	assert_non_null(own);
}

static void teardown(void)
{
	thread_cache_leave(masked, own);
	unit_verify();
}

#endif
