/* Zones: reserving them, bringing them online, finding them. */
#include <errno.h>

#include "buddy.h"
#include "populate.h"
#include "zone.h"

/* Sections grow with the zone, from 4 MiB to 64 MiB. */
#define MIN_SECTION_PAGES 64u
#define MAX_SECTION_PAGES 1024u
#define SECTION_FRACTION 4u /* of what is online */

#define MIN_ZONE_SPAN 64u /* pages: 4 MiB */

/* So many are not huge where all others are: 64 MiB. */
#define SMALL_PAGES 1024u

uint8_t slot_map[NR_SLOTS] sparse;
struct zone *zones[MAX_ZONES];
uint32_t nr_zones;
static struct lock zones_lock = LOCK_INIT(RANK_ZONES);

void slot_set(const void *p, enum slot_state state)
{
	/* Pairs with the acquire in slot_of(). */
	__atomic_store_n(&slot_map[(uintptr_t)p >> ZONE_SHIFT], state,
			 __ATOMIC_RELEASE);
}

/*
 * Reserves below, above and near what there is: zones side by side make
 * addresses that one table can cover.
 */
static void *reserve_beside(uintptr_t neighbour, size_t len)
{
	const int tries = 16;

	for (int i = 1; i <= tries; i++) {
		uintptr_t below = neighbour - (uintptr_t)i * ZONE_SIZE;
		int err;

		if (below < ZONE_SIZE || below > neighbour)
			break;
		err = os_reserve_at((void *)below, len);
		if (!err)
			return (void *)below;
		/* A limit refuses every other place, too. */
		if (err != -EEXIST)
			break;
	}
	return NULL;
}

static void *reserve_anywhere(size_t len)
{
	size_t slack = ZONE_SIZE - PAGE_SIZE;
	uintptr_t start, base;
	void *p = os_reserve(len + slack);

	if (!p) {
		/* No room for the slack: look where the kernel looks. */
		p = os_reserve(len);
		if (!p)
			return NULL;
		os_release(p, len);
		start = align_up((uintptr_t)p, ZONE_SIZE);
		return reserve_beside(start, len);
	}
	start = (uintptr_t)p;
	base = align_up(start, ZONE_SIZE);
	if (base > start)
		os_release((void *)start, base - start);
	if (base + len < start + len + slack)
		os_release((void *)(base + len), start + slack - base);
	return (void *)base;
}

void *reserve_aligned(size_t len)
{
	uint32_t n = nr_zones_now();
	void *p = NULL;

	if (n)
		p = reserve_beside((uintptr_t)zones[n - 1], len);
	if (!p)
		p = reserve_anywhere(len);
	if (p && (uintptr_t)p >> ADDRESS_BITS) {
		os_release(p, len);
		p = NULL;
	}
	return p;
}

static uint32_t header_pages(uint32_t span)
{
	size_t bytes = MEM_MAP_OFFSET + span * sizeof(struct page) +
		       span * SLAB_MAP_WORDS * sizeof(uint64_t);

	return (uint32_t)(align_up(bytes, PAGE_SIZE) >> PAGE_SHIFT);
}

/* Commits the metadata of the pages [from, to), in whole OS pages. */
static int commit_array(void *array, size_t size, uint32_t from, uint32_t to)
{
	uintptr_t start = (uintptr_t)array + from * size;
	uintptr_t end = (uintptr_t)array + to * size;

	start = align_down(start, os_page_size());
	end = align_up(end, os_page_size());
	return os_commit((void *)start, end - start);
}

static int online_pages(struct zone *z, uint32_t nr)
{
	uint32_t from = z->online;
	int err;

	err = commit_array(zone_page(z, 0), sizeof(struct page), from,
			   from + nr);
	if (!err)
		err = commit_array(z->slab_maps,
				   SLAB_MAP_WORDS * sizeof(uint64_t), from,
				   from + nr);
	if (!err)
		err = os_commit(page_to_addr(zone_page(z, from)),
				(size_t)nr << PAGE_SHIFT);
	return err;
}

static uint32_t section_pages(const struct zone *z)
{
	uint32_t nr = (z->online - z->first_page) / SECTION_FRACTION;

	if (nr < MIN_SECTION_PAGES)
		nr = MIN_SECTION_PAGES;
	return nr < MAX_SECTION_PAGES ? nr : MAX_SECTION_PAGES;
}

int zone_grow_locked(struct zone *z, uint32_t nr)
{
	uint32_t want = section_pages(z);
	uint32_t from = z->online;

	VM_BUG_ON(!lock_is_mine(&z->lock));
	if (want < nr)
		want = nr;
	/* Sections end at a pageblock, so that blocks can be large. */
	want = (uint32_t)align_up(from + want, PAGEBLOCK_PAGES) - from;
	if (want > z->span - from)
		want = z->span - from;
	if (want < nr || !want)
		return -ENOMEM;
	if (online_pages(z, want)) {
		want = nr;
		if (online_pages(z, want))
			return -ENOMEM;
	}
	/* Pairs with the read in page_of(): the metadata is there first. */
	__atomic_store_n(&z->online, from + want, __ATOMIC_RELEASE);
	/* Asked here, as most zones are small and never run the rest. */
	if (z->online > READ_ONCE(z->small_end))
		zone_has_grown(z);
	free_range_locked(z, from, want);
	return 0;
}

/*
 * Where all memory is of huge pages, a small program shall not pay for them,
 * so the metadata and the lowest pages are small; a large one has them as with
 * any other allocator. Where nothing is of huge pages, all is small.
 */
static void keep_low_pages_small(struct zone *z)
{
	enum os_huge_policy policy = os_huge_policy();
	uint32_t low = z->first_page + SMALL_PAGES;

	if (policy != HUGE_NEVER)
		z->small_end = z->span;
	if (policy == HUGE_ALWAYS) {
		if (low < z->span)
			z->small_end = low;
		os_small_pages(z, (size_t)z->small_end << PAGE_SHIFT);
	}
}

static struct zone *zone_init(void *base, uint32_t span)
{
	struct zone *z = base;

	if (os_commit(z, align_up(sizeof(*z), os_page_size())))
		return NULL;
	z->span = span;
	z->first_page = header_pages(span);
	z->online = z->first_page;
	z->slab_maps = (uint64_t *)zone_page(z, span);
	z->lock = (struct lock)LOCK_INIT(RANK_ZONE);
	for (uint32_t i = 0; i < ZONE_PAGEBLOCKS; i++)
		z->pageblock_type[i] = MIGRATE_MOVABLE;
	keep_low_pages_small(z);
	return z;
}

/* The largest zone that can be had, down to what the request needs. */
static struct zone *zone_reserve(uint32_t nr)
{
	uint32_t span = ZONE_PAGES;

	for (; span >= MIN_ZONE_SPAN; span /= 2) {
		struct zone *z;
		void *base;

		if (span <= nr || header_pages(span) + nr > span)
			return NULL;
		base = reserve_aligned((size_t)span << PAGE_SHIFT);
		if (!base)
			continue;
		z = zone_init(base, span);
		if (z)
			return z;
		os_release(base, (size_t)span << PAGE_SHIFT);
	}
	return NULL;
}

struct zone *zone_create(uint32_t nr, uint32_t at_most)
{
	struct zone *z = NULL;
	uint64_t flags;

	/* A broken lock guards but the list's end, which one store moves. */
	if (lock_irqsave(&zones_lock, &flags))
		signal_fence();
	if (nr_zones > at_most) {
		z = zones[nr_zones - 1];
	} else if (nr_zones < MAX_ZONES) {
		z = zone_reserve(nr);
		if (z) {
			z->id = nr_zones;
			zones[nr_zones] = z;
			slot_set(z, SLOT_ZONE);
			__atomic_store_n(&nr_zones, nr_zones + 1,
					 __ATOMIC_RELEASE);
		}
	}
	unlock_irqrestore(&zones_lock, flags);
	return z;
}

uint64_t zone_lock(struct zone *z)
{
	uint64_t flags;

	if (unlikely(lock_irqsave(&z->lock, &flags)))
		zone_rebuild_locked(z);
	z->event[ZONE_LOCKED]++;
	return flags;
}

void zone_unlock(struct zone *z, uint64_t flags)
{
	unlock_irqrestore(&z->lock, flags);
}
