/* Free blocks above the pcp's orders, kept by a zone. */
#include "page_bug.h"
#include "pcp.h"
#include "stash.h"

/*
 * A slot: the block's order and the index of its first page; 0 when empty. As
 * the word says all there is to know of a block, it does no harm when the same
 * one is back by the time of a compare-and-swap.
 */
#define ORDER_SHIFT ZONE_PAGE_BITS

static uint32_t slot_word(uint32_t index, unsigned int order)
{
	return order << ORDER_SHIFT | index;
}

static unsigned int slot_order(uint32_t word)
{
	return word >> ORDER_SHIFT;
}

static uint32_t slot_pages(uint32_t word)
{
	return word ? 1u << slot_order(word) : 0;
}

static struct page *slot_page(const struct zone *z, uint32_t word)
{
	return zone_page(z, word & (ZONE_PAGES - 1));
}

/* Pairs with itself: who takes a block sees what was written of it before. */
static bool change_slot(uint32_t *slot, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(slot, &from, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

uint32_t stash_pages(const struct zone *z)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < STASH_SLOTS; i++)
		nr += slot_pages(READ_ONCE(z->stash[i]));
	return nr;
}

struct page *stash_take(struct zone *z, unsigned int order)
{
	for (uint32_t i = 0; i < STASH_SLOTS; i++) {
		uint32_t seen = READ_ONCE(z->stash[i]);

		if (seen && slot_order(seen) == order &&
		    change_slot(&z->stash[i], seen, 0)) {
			struct page *page = slot_page(z, seen);

			VM_BUG_ON_PAGE(page->type != PAGE_PCP, page);
			VM_BUG_ON_PAGE(page->order != order, page);
			return page;
		}
	}
	return NULL;
}

/* Gives the block of a slot to the buddy; 0 when it is gone already. */
static uint32_t evict(struct zone *z, uint32_t i)
{
	uint32_t seen = READ_ONCE(z->stash[i]);
	uint64_t flags;

	if (!seen || !change_slot(&z->stash[i], seen, 0))
		return 0;
	flags = zone_lock(z);
	free_pcp_block_locked(z, slot_page(z, seen));
	zone_unlock(z, flags);
	return slot_pages(seen);
}

/* Makes room for nr pages; the slots take turns. */
static void make_room(struct zone *z, uint32_t nr)
{
	for (uint32_t i = 0; i < STASH_SLOTS; i++) {
		if (stash_pages(z) + nr <= STASH_PAGES)
			break;
		evict(z, z->stash_victim++ % STASH_SLOTS);
	}
}

static bool put_in_free_slot(struct zone *z, uint32_t word)
{
	for (uint32_t i = 0; i < STASH_SLOTS; i++)
		if (!READ_ONCE(z->stash[i]) &&
		    change_slot(&z->stash[i], 0, word))
			return true;
	return false;
}

bool stash_put(struct page *page, unsigned int order)
{
	uint32_t word = slot_word(page_index(page), order);
	struct zone *z = zone_of(page);

	VM_BUG_ON_PAGE(page->type != PAGE_RUN, page);
	if (pageblock_type_hint(page) != MIGRATE_MOVABLE)
		return false;
	make_room(z, 1u << order);
	page->order = (uint8_t)order;
	page->flags = 0;
	set_page_type(page, PAGE_PCP);
	if (put_in_free_slot(z, word))
		return true;
	/* Others were faster. */
	set_page_type(page, PAGE_RUN);
	return false;
}

uint32_t stash_drain(struct zone *z)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < STASH_SLOTS; i++)
		nr += evict(z, i);
	return nr;
}
