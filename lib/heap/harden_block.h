/*
 * A block under the hardened mode: what the mode's own files share. How one is
 * handed out is in harden_alloc.c, what is known of it in harden_seen.c, how it
 * is taken back in harden_free.c, and the calls that do so in harden.c.
 */
#ifndef HEAP_HARDEN_BLOCK_H
#define HEAP_HARDEN_BLOCK_H

#include "harden.h"

/* What freed objects are filled with. */
extern uint64_t harden_poison;

static inline bool harden_has(uint32_t flag)
{
	return READ_ONCE(harden_flags) & flag;
}

/* Bytes behind what was asked for that a block has at least. */
static inline size_t harden_tail(void)
{
	return harden_has(HARDEN_CANARY) ? 1 : 0;
}

/* Reports a write to a freed object, as seen by `function`. */
void harden_check_poison(const struct kmem_cache *c, const void *obj,
			 const char *function);

/* Zeroes memory, by giving it back where that is faster. */
void harden_wipe(void *p, size_t len);

/* What is known of a block. */
struct seen {
	struct page *page; /* NULL: a sample */
	uint32_t *entry;   /* of an object, unless it has none */
	size_t size;	   /* that was asked for */
	size_t room;	   /* bytes that are the block's */
	bool exact;	   /* `size` is what the program said */
	bool freed;
};

/* False when this mode knows nothing of the block at p, or it is none. */
bool harden_see(struct seen *s, const void *p) must_check;

/* Bytes of a run that may be touched. */
size_t harden_run_room(const struct page *page);

/* Reports a write behind the end of a block, as seen by `function`. */
void harden_check_end(const struct seen *s, const void *p,
		      const char *function);

/* Take a block back that is in use. In a frame. */
void harden_free_object(struct thread_cache *own, const struct seen *s, void *p,
			const char *function);
void harden_free_run(struct thread_cache *own, const struct seen *s);

#endif
