/*
 * Injected refusals, for tests: "the nth call of this kind fails"; and clocks
 * and a policy that are not the machine's.
 *
 * In the library as it is shipped the question is a constant false.
 */
#ifndef OS_INJECT_H
#define OS_INJECT_H

#include <stdbool.h>
#include <stdint.h>

enum inject_kind {
	INJECT_MAP,	/* reserving address space */
	INJECT_COMMIT,	/* making reserved memory usable */
	INJECT_PURGE,	/* giving memory back while keeping its address */
	INJECT_MOVE,	/* moving pages to another address */
	INJECT_PROTECT, /* taking access away or giving it back */
	NR_INJECT_KINDS
};

#ifdef BUDDY_TEST
/* Fails the nth call from now (1 is the next), and all later ones if `on`. */
void inject_arm(enum inject_kind kind, unsigned long nth, bool on);
void inject_disarm(void);

/* How many calls of that kind there were since the last inject_disarm(). */
unsigned long inject_count(enum inject_kind kind);

bool inject_fails(enum inject_kind kind);

/* Stops the clock for the page layer, so that a seed gives one run. */
void inject_freeze_clock(bool frozen);
uint64_t inject_clock(uint64_t now);

/* From each look at a thread's own clock to the next so much more goes by. */
void inject_slow_thread(uint64_t ns);
uint64_t inject_thread_ns(uint64_t now);

/* The policy for huge pages (thp.h), before it is asked for first. */
void inject_huge_policy(int policy);
int inject_policy(int of_the_machine);
#else
static inline bool inject_fails(enum inject_kind kind)
{
	(void)kind;
	return false;
}

static inline uint64_t inject_clock(uint64_t now)
{
	return now;
}

static inline uint64_t inject_thread_ns(uint64_t now)
{
	return now;
}

static inline int inject_policy(int of_the_machine)
{
	return of_the_machine;
}
#endif

#endif
