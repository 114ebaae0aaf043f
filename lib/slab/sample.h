/*
 * Samples: single blocks that stand alone, before a page without access.
 *
 * One allocation in n gets pages of its own in a pool of slots. It ends where
 * its last page does, as far as its alignment allows, and behind that is no
 * access; nor is there any after it was freed, until the slot's turn comes
 * again. So an overflow or a use after free of a sampled block faults at the
 * instruction that does it. All others are left as they are, which is why
 * this may stay on in production: seldom enough, it costs next to nothing.
 *
 *	| no access ......... |     the block | no access ...
 *	+---------------------+---------------+------- - -
 *	^ slot    ^ the pages that it needs   ^ next slot
 *
 * A slot is changed by who moved its state by one compare-and-swap. There are
 * no locks; a fork in between costs the child that one slot.
 */
#ifndef SLAB_SAMPLE_H
#define SLAB_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

/* Larger blocks are not sampled, nor such with a larger alignment. */
#define SAMPLE_MAX ((size_t)16 << 10)
#define SAMPLE_MAX_ALIGN ((size_t)4096)

/* Slots; a freed one stays as it is while half of them come first. */
#define NR_SAMPLES 512u

/* One allocation in `interval` from now on; 0: none. */
void sample_enable(uint32_t interval);

/*
 * Whether the next allocation is to be sampled. `weight` allocations went by
 * since the last call. The distance is random, its mean is the interval.
 */
bool sample_is_due(uint32_t weight);

/* A block that reads as zero; NULL when no slot is free or no memory left. */
void *sample_alloc(size_t alignment, size_t size);

/*
 * False when p does not begin a sampled block that is in use, and nothing was
 * done. A block of which the bytes behind its end were changed is misuse.
 */
bool sample_free(void *p, const char *function);

enum sample_state { SAMPLE_NONE, SAMPLE_BUSY, SAMPLE_IN_USE, SAMPLE_FREED };

struct sample_view {
	enum sample_state state; /* of the slot that p lies in */
	bool at_start;		 /* p is the address that was handed out */
	size_t size;		 /* that was asked for */
};

/* False when p does not lie in the pool. */
bool sample_look(const void *p, struct sample_view *view);

#endif
