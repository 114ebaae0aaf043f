/*
 * A lock on a futex, after a short spin: U. Drepper, "Futexes Are Tricky",
 * the three-state mutex, with an epoch in the upper bits of the word.
 */
#include <linux/futex.h>
#include <stddef.h>

#include "bug.h"
#include "fork.h"
#include "lock.h"
#include "sigmask.h"
#include "syscall.h"

#define LOCK_HELD 1u
#define LOCK_WAITERS 2u
#define LOCK_EPOCH_SHIFT 2

#define SPINS 100

#ifdef BUDDY_DEBUG
/* Which ranks this thread holds; only debug builds spend TLS on it. */
static __thread unsigned int held_ranks;

static void rank_check(const struct lock *l)
{
	VM_BUG_ON(held_ranks >> l->rank); /* out of order */
	held_ranks |= 1u << l->rank;
}

static void rank_drop(const struct lock *l)
{
	VM_BUG_ON(!lock_is_mine(l));
	held_ranks &= ~(1u << l->rank);
}

static bool rank_is_mine(const struct lock *l)
{
	return held_ranks >> l->rank & 1;
}
#else
static inline void rank_check(const struct lock *l)
{
	(void)l;
}

static inline void rank_drop(const struct lock *l)
{
	(void)l;
}

static inline bool rank_is_mine(const struct lock *l)
{
	(void)l;
	return true;
}
#endif

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static bool try_word(struct lock *l, uint32_t from, uint32_t to)
{
	/* Pairs with the release in unlock_masked(). */
	return __atomic_compare_exchange_n(&l->word, &from, to, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static slow_path bool lock_slow(struct lock *l, uint32_t stamp)
{
	uint32_t mine = stamp | LOCK_HELD;

	__atomic_fetch_add(&l->contended, 1, __ATOMIC_RELAXED);
	for (int i = 0;; i++) {
		uint32_t seen = READ_ONCE(l->word);

		if (!(seen & LOCK_HELD)) {
			if (try_word(l, seen, mine))
				return false;
		} else if ((seen & ~(LOCK_HELD | LOCK_WAITERS)) != stamp) {
			if (try_word(l, seen, mine))
				return true;
		} else if (i < SPINS) {
			cpu_relax();
		} else if (seen & LOCK_WAITERS ||
			   try_word(l, seen, seen | LOCK_WAITERS)) {
			/* Who slept may not be the last: keep the bit. */
			mine |= LOCK_WAITERS;
			syscall4(__NR_futex, &l->word, FUTEX_WAIT_PRIVATE,
				 seen | LOCK_WAITERS, NULL);
		}
	}
}

bool lock_masked(struct lock *l)
{
	uint32_t stamp = fork_epoch() << LOCK_EPOCH_SHIFT;
	bool broken = false;

	VM_BUG_ON(!sigmask_is_set());
	if (unlikely(!try_word(l, 0, stamp | LOCK_HELD)))
		broken = lock_slow(l, stamp);
	rank_check(l);
	return broken;
}

void unlock_masked(struct lock *l)
{
	uint32_t old;

	rank_drop(l);
	/* Pairs with the acquire in try_word(). */
	old = __atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE);
	if (unlikely(old & LOCK_WAITERS))
		syscall3(__NR_futex, &l->word, FUTEX_WAKE_PRIVATE, 1);
}

bool lock_irqsave(struct lock *l, uint64_t *flags)
{
	*flags = sigmask_save();
	return lock_masked(l);
}

void unlock_irqrestore(struct lock *l, uint64_t flags)
{
	unlock_masked(l);
	sigmask_restore(flags);
}

bool lock_is_held(const struct lock *l)
{
	return READ_ONCE(l->word) & LOCK_HELD;
}

bool lock_is_mine(const struct lock *l)
{
	return lock_is_held(l) && rank_is_mine(l);
}
