/* Freed blocks wait here. */
#include "quarantine.h"
#include "mm/mm.h"

#define RING_BYTES ((size_t)1 << 20)

/* The ranges end at these sizes; the last is that of the largest class. */
#define RANGE_0 ((size_t)256)
#define RANGE_1 ((size_t)4096)
#define RANGE_2 ((size_t)65536)
#define RANGE_3 ((size_t)262144)
#define SLOTS(range) (RING_BYTES / (range))
#define RUN_SLOTS 16

struct ring {
	size_t largest; /* block */
	uint32_t nr;	/* slots, a power of two */
	uint32_t next;	/* slot, modulo nr */
	void **slot;
};

static void *slots_0[SLOTS(RANGE_0)] sparse, *slots_1[SLOTS(RANGE_1)] sparse;
static void *slots_2[SLOTS(RANGE_2)], *slots_3[SLOTS(RANGE_3)];
static void *run_slots[RUN_SLOTS];

static struct ring rings[] = {
	{RANGE_0, SLOTS(RANGE_0), 0, slots_0},
	{RANGE_1, SLOTS(RANGE_1), 0, slots_1},
	{RANGE_2, SLOTS(RANGE_2), 0, slots_2},
	{RANGE_3, SLOTS(RANGE_3), 0, slots_3},
};
static struct ring run_ring = {0, RUN_SLOTS, 0, run_slots};

static void *ring_swap(struct ring *r, uint32_t i, void *p)
{
	/* Pairs with itself: who gets a block sees what was done to it. */
	return __atomic_exchange_n(&r->slot[i & (r->nr - 1)], p,
				   __ATOMIC_ACQ_REL);
}

static void *ring_put(struct ring *r, void *p)
{
	return ring_swap(r, __atomic_fetch_add(&r->next, 1, __ATOMIC_RELAXED),
			 p);
}

static void *ring_take(struct ring *r)
{
	for (uint32_t i = 0; i < r->nr; i++) {
		void *p = READ_ONCE(r->slot[i]) ? ring_swap(r, i, NULL) : NULL;

		if (p)
			return p;
	}
	return NULL;
}

void *quarantine_put(void *block, size_t size)
{
	struct ring *r = rings;

	while (size > r->largest)
		r++;
	return ring_put(r, block);
}

struct page *quarantine_put_run(struct page *page)
{
	return ring_put(&run_ring, page);
}

void *quarantine_take(void)
{
	void *block = NULL;

	for (size_t i = 0; !block && i < ARRAY_SIZE(rings); i++)
		block = ring_take(&rings[i]);
	return block;
}

struct page *quarantine_take_run(void)
{
	return ring_take(&run_ring);
}
