/*
 * A stack of slabs that needs no lock.
 *
 * After R. K. Treiber, "Systems Programming: Coping with Parallelism" (1986):
 * the head is swapped in one piece, and beside the first page's number stands
 * a count of all changes, so that a page which was taken and put back in
 * between is not mistaken for one that stayed.
 *
 *	head:	 63 ......... 32 31 .......... 0
 *		+---------------+---------------+
 *		|    changes    |      pfn      | --> page->next --> ... --> 0
 *		+---------------+---------------+
 *
 * A page that is popped belongs to who popped it. Any function may be called
 * in a signal handler that interrupted any other, and a fork at any moment
 * leaves the child a sound stack.
 */
#ifndef SLAB_SLAB_STACK_H
#define SLAB_SLAB_STACK_H

#include "mm/mm.h"

struct slab_stack {
	uint64_t head;
};

void slab_stack_push(struct slab_stack *s, struct page *page);

/* The page that was pushed last, or NULL. */
struct page *slab_stack_pop(struct slab_stack *s) must_check;

/* For statistics and checks: a snapshot of the first page, or NULL. */
struct page *slab_stack_first(const struct slab_stack *s);

#endif
