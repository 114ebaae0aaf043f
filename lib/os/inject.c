/* Injected refusals; empty but in the test build. */
#include "inject.h"

#ifdef BUDDY_TEST
static struct {
	unsigned long count; /* calls so far */
	unsigned long nth;   /* 0: none is to fail */
	bool on;
} plan[NR_INJECT_KINDS];

void inject_arm(enum inject_kind kind, unsigned long nth, bool on)
{
	plan[kind].nth = plan[kind].count + nth;
	plan[kind].on = on;
}

void inject_disarm(void)
{
	for (int k = 0; k < NR_INJECT_KINDS; k++) {
		__atomic_store_n(&plan[k].count, 0, __ATOMIC_RELAXED);
		plan[k].nth = 0;
		plan[k].on = false;
	}
}

unsigned long inject_count(enum inject_kind kind)
{
	return __atomic_load_n(&plan[kind].count, __ATOMIC_RELAXED);
}

static bool clock_is_frozen;

void inject_freeze_clock(bool frozen)
{
	clock_is_frozen = frozen;
}

uint64_t inject_clock(uint64_t now)
{
	return clock_is_frozen ? 0 : now;
}

static uint64_t thread_ns_per_look, thread_ns;

void inject_slow_thread(uint64_t ns)
{
	thread_ns_per_look = ns;
}

uint64_t inject_thread_ns(uint64_t now)
{
	return now + __atomic_add_fetch(&thread_ns, thread_ns_per_look,
					__ATOMIC_RELAXED);
}

static int policy = -1;

void inject_huge_policy(int p)
{
	policy = p;
}

int inject_policy(int of_the_machine)
{
	return policy < 0 ? of_the_machine : policy;
}

bool inject_fails(enum inject_kind kind)
{
	unsigned long n;

	n = __atomic_add_fetch(&plan[kind].count, 1, __ATOMIC_RELAXED);
	if (!plan[kind].nth)
		return false;
	return plan[kind].on ? n >= plan[kind].nth : n == plan[kind].nth;
}
#endif
