/*
 * The hardened mode: what BUDDY_CONF switches on, and the calls that obey it.
 *
 * The hot paths know nothing of it. An option that must see each call turns
 * the magazines off, so that all calls miss, and the tags, so that no pointer
 * is taken for what its page says; the slow paths ask here. Three kinds:
 *
 *	exact	canary, zero, poison, quarantine: each block's size is known
 *		(in the ledger for small ones, in struct page for others), and
 *		each call is seen
 *	random	each call is seen, no size is kept
 *	loose	guard, sample: the magazines stay on; large blocks stand
 *		between fences, and misses may give a sample
 *
 * Nothing here locks or waits. docs/hardening.md says what is caught by which.
 */
#ifndef HEAP_HARDEN_H
#define HEAP_HARDEN_H

#include "slab/slab.h"

enum harden_flag {
	HARDEN_CANARY = 1,
	HARDEN_ZERO = 2,
	HARDEN_POISON = 4,
	HARDEN_QUARANTINE = 8,
	HARDEN_RANDOM = 16,
	HARDEN_GUARD = 32,
	HARDEN_SAMPLE = 64,
};
#define HARDEN_EXACT \
	(HARDEN_CANARY | HARDEN_ZERO | HARDEN_POISON | HARDEN_QUARANTINE)

extern uint32_t harden_flags;

static inline bool harden_is_on(void)
{
	return READ_ONCE(harden_flags);
}

static inline bool harden_is_exact(void)
{
	return READ_ONCE(harden_flags) & HARDEN_EXACT;
}

/*
 * Does what the options say, as they are read. Blocks may have been handed out
 * before that, as the environment comes late; then what must see each call
 * waits for harden_settle(), which the library's constructor calls.
 */
void harden_begin(void);
void harden_settle(void);

/* A block, zeroed if need be; NULL when there is no memory. In a frame. */
void *harden_alloc(struct thread_cache *own, size_t size, size_t alignment,
		   bool zero) must_check;

/* An object that was just taken from its slab, or NULL, is handed out. */
void *harden_object(unsigned int cache, void *obj) must_check;

/*
 * The calls of these names, for blocks that this mode knows. False when p is
 * none, and nothing was done: it is for the plain path, also to be reported.
 */
bool harden_free(void *p, struct thread_cache *tc, const char *function);
bool harden_free_sized(void *p, size_t alignment, size_t size,
		       const char *function);
bool harden_realloc(void *p, size_t size, const char *function, void **out);
bool harden_usable_size(const void *p, const char *function, size_t *size);

/* Ends the quarantine of all blocks; how many there were. In a frame. */
unsigned int harden_drain(struct thread_cache *own);

#endif
