/*
 * Runs between fences: pages without access in front of a block and behind it.
 *
 *	| no access |  the block's bytes ...... |  | no access          |
 *	+-----------+---------------------------+--+- - - - +-----------+
 *	^ a page    ^ its head page     p + len ^  ^ the next OS page
 *
 * The fences are runs of their own (PG_FENCE), so that to the buddy nothing is
 * special about them; they hold no memory. The block's head page has
 * PG_FENCED. A run that is too large for a zone has a mapping of its own, with
 * nothing usable in front of it, and a fence behind it.
 */
#ifndef MM_FENCE_H
#define MM_FENCE_H

#include "page_alloc.h"

/*
 * A block of which len bytes (above 0) can be used, and up to the end of the
 * OS page in which they end; aligned to 2^order pages. NULL when there is no
 * memory, or when the process has no mappings left for fences.
 */
struct page *fence_alloc(struct mm_thread *t, size_t len,
			 unsigned int order) must_check;

/* Takes a block back with its fences, also when it has no access itself. */
void fence_free(struct mm_thread *t, struct page *page);

/* Bytes that can be used when len were asked for. */
static inline size_t fence_usable(size_t len)
{
	return align_up(len, os_page_size());
}

#endif
