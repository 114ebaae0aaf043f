/*
 * A lock that sleeps, is only held with signals masked, and survives fork.
 *
 * Every lock of the library is one of these, so a signal handler never finds
 * its own thread holding one: a nested call may simply take it. The order in
 * which a thread may take several is enum lock_rank, lowest first.
 *
 * The word carries the epoch of the process that took it (os/fork.h). A child
 * that finds a lock of another epoch takes it over, and is told that what the
 * lock guards may have been left half changed.
 *
 *	 31 ........ 2    1         0
 *	+-------------+---------+------+
 *	|    epoch    | waiters | held |
 *	+-------------+---------+------+
 */
#ifndef OS_LOCK_H
#define OS_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

enum lock_rank {
	RANK_THREADS, /* the list of thread caches */
	RANK_ZONES,   /* the list of zones */
	RANK_ZONE,    /* one zone */
	NR_LOCK_RANKS
};

struct lock {
	uint32_t word;
	uint16_t rank;	    /* constant */
	uint32_t contended; /* how often a taker had to wait; a statistic */
};

#define LOCK_INIT(r)        \
	{                   \
		.rank = (r) \
	}

/*
 * Masks signals and takes the lock. *flags is for unlock_irqrestore(). True
 * means that a fork broke the lock: the caller repairs what it guards.
 */
bool lock_irqsave(struct lock *l, uint64_t *flags) must_check;
void unlock_irqrestore(struct lock *l, uint64_t flags);

/* The same for a caller that has masked signals already. */
bool lock_masked(struct lock *l) must_check;
void unlock_masked(struct lock *l);

/* For assertions: somebody in this process holds it. */
bool lock_is_held(const struct lock *l);

/* The same, and where BUDDY_DEBUG knows it: this thread holds one like it. */
bool lock_is_mine(const struct lock *l);

#endif
