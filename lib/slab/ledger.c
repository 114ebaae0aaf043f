/* What is known of each object of a slab. */
#include <string.h>

#include "ledger.h"

/* Entries for a page: one for each of the smallest objects that fit. */
#define PAGE_ENTRIES (PAGE_SIZE / MIN_OBJECT_SIZE)
#define PAGE_BYTES (PAGE_ENTRIES * sizeof(uint32_t))

/* A zone's part is made usable for so many pages at a time: 1 MiB. */
#define STEP_PAGES 64u

struct part {
	uint32_t *entries;
	uint32_t usable; /* pages, from the zone's first on */
};

bool ledger_is_kept;

static struct part parts[MAX_ZONES] sparse; /* by zone id */

void ledger_enable(void)
{
	ledger_is_kept = true;
}

static struct part *part_of(const struct page *head)
{
	return &parts[zone_of(head)->id];
}

static bool reserve_part(struct part *part, const struct page *head)
{
	size_t len = (size_t)zone_of(head)->span * PAGE_BYTES;
	uint32_t *entries = os_reserve(len);
	uint32_t *none = NULL;

	if (!entries)
		return false;
	os_small_pages(entries, len);
	/* Pairs with the acquire in entries_of(). */
	if (!__atomic_compare_exchange_n(&part->entries, &none, entries, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		os_release(entries, len);
	return true;
}

static uint32_t *entries_of(const struct part *part)
{
	return __atomic_load_n(&part->entries, __ATOMIC_ACQUIRE);
}

/* Two threads may do the same: it does no harm, and the larger end stays. */
static bool make_usable(struct part *part, const struct page *head)
{
	uint32_t span = zone_of(head)->span;
	uint32_t end = (uint32_t)align_up(page_index(head) + 1, STEP_PAGES);
	uint32_t usable = READ_ONCE(part->usable);
	char *base = (char *)entries_of(part);

	if (end > span)
		end = span;
	if (os_commit(base + usable * PAGE_BYTES, (end - usable) * PAGE_BYTES))
		return false;
	while (usable < end &&
	       !__atomic_compare_exchange_n(&part->usable, &usable, end, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	return true;
}

static bool is_usable(const struct part *part, const struct page *head)
{
	return page_index(head) <
	       __atomic_load_n(&part->usable, __ATOMIC_ACQUIRE);
}

/* The entries of a slab's objects, or NULL. */
static uint32_t *slab_entries(const struct page *head, bool make)
{
	struct part *part = part_of(head);

	if (unlikely(!is_usable(part, head))) {
		if (!make || (!entries_of(part) && !reserve_part(part, head)) ||
		    !make_usable(part, head))
			return NULL;
	}
	return entries_of(part) + page_index(head) * PAGE_ENTRIES;
}

uint32_t *ledger_entry(const struct kmem_cache *c, const struct page *head,
		       const void *obj, bool make)
{
	uint32_t *entries = slab_entries(head, make);

	if (!entries)
		return NULL;
	return entries + object_index(c, offset_in_slab(head, obj));
}

void ledger_begin_slow(const struct page *head)
{
	uint32_t *entries = slab_entries(head, false);

	if (entries)
		memset(entries, 0,
		       kmem_caches[head->cache].nr_objects * sizeof(*entries));
}
