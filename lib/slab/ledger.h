/*
 * The ledger: what is known of each object of a slab, out of line.
 *
 * An entry of 32 bits for each object: whether it is in use and how many bytes
 * were asked for, or whether it is on its way back to its slab. So neither
 * stands in a block, where an overflow could reach it, and an entry tells a
 * double free of a block that the slab does not have back yet.
 *
 *	 31      30        29 .. 20   19 ........... 0
 *	+-------+--------+----------+-----------------+
 *	| state          |    0     | bytes asked for |
 *	+-------+--------+----------+-----------------+
 *
 * Each zone has its part, of 16 KiB for a page, reserved when the first entry
 * is needed, and made usable from below as the zone is. An entry is changed by
 * who has the object; the exchange in ledger_swap() tells two who both believe
 * to have it apart. Objects that were handed out while the ledger was not kept
 * have the state LEDGER_UNKNOWN.
 */
#ifndef SLAB_LEDGER_H
#define SLAB_LEDGER_H

#include "kmem_cache.h"

#define LEDGER_UNKNOWN UINT32_C(0)
#define LEDGER_IN_USE (UINT32_C(1) << 30)
#define LEDGER_FREED (UINT32_C(2) << 30)  /* given back by the program */
#define LEDGER_FILLED (UINT32_C(3) << 30) /* free, and filled (poison.h) */
#define LEDGER_STATES (UINT32_C(3) << 30)

/* From here on slabs begin with a clean page of the ledger. */
void ledger_enable(void);

/*
 * The entry of an object in a slab with that head page. NULL when it has none:
 * with `make`, for want of memory, else when none was made yet.
 */
uint32_t *ledger_entry(const struct kmem_cache *c, const struct page *head,
		       const void *obj, bool make);

static inline uint32_t ledger_swap(uint32_t *entry, uint32_t to)
{
	return __atomic_exchange_n(entry, to, __ATOMIC_ACQ_REL);
}

static inline uint32_t ledger_state(uint32_t entry)
{
	return entry & LEDGER_STATES;
}

static inline size_t ledger_bytes(uint32_t entry)
{
	return entry & ~LEDGER_STATES;
}

/* A new slab: nothing is known of its objects. */
void ledger_begin_slow(const struct page *head);

static inline void ledger_begin(const struct page *head)
{
	extern bool ledger_is_kept;

	if (unlikely(ledger_is_kept))
		ledger_begin_slow(head);
}

#endif
