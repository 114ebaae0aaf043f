/* Free blocks that a zone keeps for any thread. */
#include "buddy.h"
#include "page_bug.h"
#include "stash.h"

/*
 * A slot, or 0 when it is empty:
 *
 *	 30 ........ 22  21 . 20  19 . 16  15 ...... 0
 *	+---------------+--------+--------+-----------+
 *	|     pages     |  type  |  order | its first |
 *	+---------------+--------+--------+-----------+
 *
 * The rest of a chain is read by who owns it, so it does no harm when the same
 * word, with another chain behind it, is back by the time of a
 * compare-and-swap.
 */
#define ORDER_SHIFT ZONE_PAGE_BITS
#define TYPE_SHIFT (ORDER_SHIFT + 4)
#define PAGES_SHIFT (TYPE_SHIFT + 2)

_Static_assert(MAX_PAGE_ORDER < 1u << 4, "an order in a slot");
_Static_assert(MIGRATE_PCPTYPES <= 1u << 2, "a type in a slot");
_Static_assert(STASH_PAGES < 1u << 9, "pages in a slot");

static uint32_t kind_of(unsigned int order, enum migratetype mt)
{
	return order << ORDER_SHIFT | (uint32_t)mt << TYPE_SHIFT;
}

static bool is_kind(uint32_t word, uint32_t kind)
{
	uint32_t mask = (UINT32_C(1) << PAGES_SHIFT) - ZONE_PAGES;

	return word && (word & mask) == kind;
}

static uint32_t pages_of(uint32_t word)
{
	return word >> PAGES_SHIFT;
}

static struct page *first_of(const struct zone *z, uint32_t word)
{
	return zone_page(z, word & (ZONE_PAGES - 1));
}

/* Pairs with itself: who takes a chain sees what was written of it before. */
static bool change_slot(uint32_t *slot, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(slot, &from, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

uint32_t stash_pages(const struct zone *z)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < STASH_SLOTS; i++)
		nr += pages_of(READ_ONCE(z->stash[i]));
	return nr;
}

struct page *stash_take(struct zone *z, unsigned int order, enum migratetype mt)
{
	uint32_t kind = kind_of(order, mt);

	for (uint32_t i = 0; i < STASH_SLOTS; i++) {
		uint32_t seen = READ_ONCE(z->stash[i]);

		if (is_kind(seen, kind) && change_slot(&z->stash[i], seen, 0))
			return first_of(z, seen);
	}
	return NULL;
}

void free_chain(struct zone *z, struct page *chain)
{
	uint64_t flags = zone_lock(z);

	while (chain) {
		uint32_t index = page_index(chain);
		uint32_t nr = 1u << chain->order;
		struct page *next = page_list_next(chain);

		VM_BUG_ON_PAGE(chain->type != PAGE_PCP, chain);
		VM_BUG_ON_PAGE(!bitmap_none_set(z->free_map, index, nr), chain);
		if (chain->flags & PG_CLEAN)
			mark_clean_locked(z, index, nr);
		set_page_type(chain, PAGE_TAIL);
		z->event[ZONE_FREE] += nr;
		free_one_page_locked(z, index, chain->order);
		chain = next;
	}
	zone_unlock(z, flags);
}

/* Gives the chain of a slot to the buddy; 0 when it is gone already. */
static uint32_t evict(struct zone *z, uint32_t i)
{
	uint32_t seen = READ_ONCE(z->stash[i]);

	if (!seen || !change_slot(&z->stash[i], seen, 0))
		return 0;
	free_chain(z, first_of(z, seen));
	return pages_of(seen);
}

/* Puts the word in a free slot, if there is one and room for its pages. */
static bool put_if_room(struct zone *z, uint32_t word)
{
	uint32_t *slot;

	do {
		uint32_t pages = pages_of(word);

		slot = NULL;
		for (uint32_t i = 0; i < STASH_SLOTS; i++) {
			uint32_t seen = READ_ONCE(z->stash[i]);

			pages += pages_of(seen);
			if (!seen)
				slot = &z->stash[i];
		}
		if (!slot || pages > STASH_PAGES)
			return false;
	} while (!change_slot(slot, 0, word));
	return true;
}

bool stash_put(struct zone *z, struct page *chain, enum migratetype mt,
	       uint32_t nr)
{
	uint32_t word = kind_of(chain->order, mt) | nr << PAGES_SHIFT |
			page_index(chain);
	uint32_t victim;

	VM_BUG_ON_PAGE(chain->type != PAGE_PCP, chain);
	VM_BUG_ON(!nr || nr > STASH_PAGES);
	/* The slots take turns at making room. */
	for (uint32_t i = 0; i <= STASH_SLOTS; i++) {
		if (put_if_room(z, word))
			return true;
		victim = __atomic_fetch_add(&z->stash_victim, 1,
					    __ATOMIC_RELAXED);
		evict(z, victim % STASH_SLOTS);
	}
	return false;
}

uint32_t stash_drain(struct zone *z)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < STASH_SLOTS; i++)
		nr += evict(z, i);
	return nr;
}
