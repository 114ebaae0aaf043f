/*
 * The page layer: 2^order pages of 64 KiB, one at a time by order, on several
 * threads, in bulk, and at random over time, by the functions of pages_api.h.
 * A word in every 64 KiB page is written.
 */
#include "../pages_api.h"
#include "micro.h"

#include <stdbool.h>
#include <stdio.h>

#define BATCH 16
#define BULK 64u
#define SLOTS 256u
#define SETTLING 4u /* times that each slot is replaced before the clock */
#define TOP_PAIR_ORDER 9u
#define TOP_RANDOM_ORDER 4u

static struct pages_api api;

static void write_pages(void *addr, unsigned int order)
{
	char *bytes = addr;

	for (size_t at = 0; at < BUDDY_PAGE_SIZE << order;
	     at += BUDDY_PAGE_SIZE)
		*(volatile char *)(bytes + at) = 1;
}

static void pages_pair(struct bench_state *state)
{
	unsigned order = bench_what(state)->mode;

	while (bench_batch(state, BATCH)) {
		for (unsigned i = 0; i < BATCH; i++) {
			void *addr = api.alloc(BUDDY_GFP_MOVABLE, order);

			if (addr == NULL) {
				bench_fail(state, "out of memory");
				return;
			}
			write_pages(addr, order);
			api.free(addr, order);
		}
	}
}

static void pages_bulk(struct bench_state *state)
{
	while (bench_batch(state, BULK)) {
		void *array[BULK] = {NULL};

		if (api.alloc_bulk(BUDDY_GFP_MOVABLE, BULK, array) != BULK) {
			bench_fail(state, "out of memory");
			return;
		}
		for (unsigned i = 0; i < BULK; i++)
			write_pages(array[i], 0);
		api.free_bulk(BULK, array);
	}
}

struct pages_slot {
	void *addr;
	unsigned order;
};

static bool fill_slot(struct pages_slot *slot, uint32_t random)
{
	slot->order = (random >> 8) % (TOP_RANDOM_ORDER + 1);
	slot->addr = api.alloc(BUDDY_GFP_MOVABLE, slot->order);
	if (slot->addr == NULL)
		return false;
	write_pages(slot->addr, slot->order);
	return true;
}

static bool replace_slots(struct pages_slot *slots, uint32_t *random)
{
	for (unsigned i = 0; i < BATCH; i++) {
		uint32_t drawn = micro_random(random);
		struct pages_slot *slot = &slots[(drawn >> 16) % SLOTS];

		api.free(slot->addr, slot->order);
		if (!fill_slot(slot, drawn))
			return false;
	}
	return true;
}

/*
 * One block at random is replaced by another. The clock does not run while the
 * slots are filled, and every block was replaced some times: what is measured
 * is how it goes on, however short the run is.
 */
static void pages_random(struct bench_state *state)
{
	struct pages_slot slots[SLOTS] = {{NULL, 0}};
	uint32_t random = bench_thread(state) + 1;
	bool ok = true;

	for (unsigned i = 0; ok && i < SLOTS; i++)
		ok = fill_slot(&slots[i], micro_random(&random));
	for (unsigned i = 0; ok && i < SETTLING * SLOTS; i += BATCH)
		ok = replace_slots(slots, &random);
	while (ok && bench_batch(state, BATCH))
		ok = replace_slots(slots, &random);
	if (!ok)
		bench_fail(state, "out of memory");
	for (unsigned i = 0; i < SLOTS; i++)
		api.free(slots[i].addr, slots[i].order);
}

void micro_add_pages(void)
{
	char label[24];

	api = pages_api();
	for (unsigned order = 0; order <= TOP_PAIR_ORDER; order++) {
		snprintf(label, sizeof(label), "order-%u", order);
		micro_add("pages", label, pages_pair, 0, order, 1);
	}
	for (unsigned threads = 2; threads <= 4; threads *= 2) {
		snprintf(label, sizeof(label), "order-0/%u-threads", threads);
		micro_add("pages", label, pages_pair, 0, 0, threads);
	}
	micro_add("pages", "bulk", pages_bulk, 0, 0, 1);
	micro_add("pages", "random", pages_random, 0, 0, 1);
	micro_add("pages", "random/2-threads", pages_random, 0, 0, 2);
}
