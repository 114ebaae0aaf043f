/*
 * Zones: 4 GiB-aligned arenas of pages, and the map of all of them.
 *
 *	+----------+--------------------+--------------------+----------- - -
 *	| struct   | mem_map: 64 bytes  | slab bitmaps: 512  | pages that are
 *	| zone     | for each page      | bytes for each     | handed out
 *	+----------+--------------------+--------------------+----------- - -
 *	0	   MEM_MAP_OFFSET			     first_page
 *
 * A zone is reserved as a whole and brought online from below in sections:
 * pages [first_page, online) and their metadata are committed. All of that is
 * under zone->lock; what is above `online` must not even be read.
 *
 * The truth about which pages are free is `free_map`; lists, orders and counts
 * follow from it, so that a child of a fork that interrupted an update can
 * make them anew (zone_rebuild_locked).
 */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include "os/os.h"
#include "page_list.h"
#include "workingset.h"

struct free_area {
	struct page_list free_list[MIGRATE_TYPES];
	uint32_t nr_free; /* blocks on all of them */
};

enum zone_event {
	ZONE_ALLOC,    /* pages taken from the buddy */
	ZONE_FREE,     /* pages given to it */
	ZONE_STEAL,    /* pageblocks that changed their migratetype */
	ZONE_FALLBACK, /* blocks served from another migratetype's list */
	ZONE_PURGED,   /* pages given back to the operating system */
	ZONE_REFAULT,  /* of them, handed out again */
	ZONE_LOCKED,   /* holds of the lock */
	NR_ZONE_EVENTS
};

#define STASH_SLOTS 31u

struct zone {
	/* Under lock. First, as loads of the first bytes of an OS page may have
	 * to wait: see MEM_MAP_OFFSET. */
	uint64_t event[NR_ZONE_EVENTS];

	/* Constant once the zone is in the map. */
	uint32_t id cacheline_aligned; /* 0, 1, 2 ... */
	uint32_t span;		       /* pages, header included */
	uint32_t first_page; /* index of the first that can be handed out */
	uint64_t *slab_maps;

	/* Atomic. */
	uint32_t small_end;   /* index: see populate.h */
	uint64_t dirty_since; /* ms: above the soft watermark; 0: it is not */
	struct workingset workingset;
	uint32_t direct_purged;	  /* pages: the last reclaim_for_run() */
	uint32_t direct_refaults; /* ZONE_REFAULT after it */
	/* See stash.h. */
	uint32_t stash[STASH_SLOTS] cacheline_aligned;
	uint32_t stash_victim;	/* the slot to empty next, about */
	uint32_t reclaim_looks; /* calls of reclaim_dirty_at_times() */

	/* Under lock. */
	struct lock lock cacheline_aligned;
	uint32_t online;	/* index of the first page not online */
	uint32_t nr_free;	/* pages on the free lists */
	uint32_t nr_free_dirty; /* those of them that may hold memory */
	uint32_t nr_guard;
	uint32_t nr_isolated;
	uint32_t nr_bad;
	uint32_t nr_highatomic;		  /* pageblocks reserved */
	uint32_t nonempty[MIGRATE_TYPES]; /* bit n: order n has blocks */
	struct free_area free_area[NR_PAGE_ORDERS];
	uint64_t block_map[BITMAP_WORDS(ZONE_PAGEBLOCKS)]; /* wholly free */
	uint8_t pageblock_type[ZONE_PAGEBLOCKS];
	uint64_t free_map[BITMAP_WORDS(ZONE_PAGES)];
	uint64_t dirty_map[BITMAP_WORDS(ZONE_PAGES)];  /* 0: reads as zero */
	uint64_t purged_map[BITMAP_WORDS(ZONE_PAGES)]; /* 1: not used since */
};

_Static_assert(sizeof(struct zone) <= MEM_MAP_OFFSET, "header fits its page");

/* Room for one bit per smallest object (16 bytes) of a page. */
#define MIN_OBJECT_SIZE 16u
#define SLAB_MAP_WORDS (PAGE_SIZE / MIN_OBJECT_SIZE / BITS_PER_WORD)

/* What a 4 GiB slot of the address space holds. */
enum slot_state {
	SLOT_NONE,
	SLOT_ZONE,
	SLOT_HUGE,	/* a mapping with one run in it begins here */
	SLOT_HUGE_TAIL, /* and goes on here */
	SLOT_HUGE_GONE, /* it was here last */
};

extern uint8_t slot_map[NR_SLOTS];

static inline enum slot_state slot_of(const void *p)
{
	uintptr_t slot = (uintptr_t)p >> ZONE_SHIFT;

	if (slot >= NR_SLOTS)
		return SLOT_NONE;
	/* Pairs with the release in slot_set(). */
	return __atomic_load_n(&slot_map[slot], __ATOMIC_ACQUIRE);
}

void slot_set(const void *p, enum slot_state state);

/* The zone (or the header of the huge run) around an address in it. */
static inline struct zone *zone_of(const void *p)
{
	return (struct zone *)align_down((uintptr_t)p, ZONE_SIZE);
}

static inline struct page *zone_page(const struct zone *z, uint32_t index)
{
	return (struct page *)((uintptr_t)z + MEM_MAP_OFFSET) + index;
}

/* Its pageblock's migratetype, which others may be changing: for a choice. */
static inline enum migratetype pageblock_type_hint(const struct page *page)
{
	const uint8_t *types = zone_of(page)->pageblock_type;

	return (enum migratetype)READ_ONCE(
		types[page_index(page) >> PAGEBLOCK_ORDER]);
}

/* Whether the kernel makes a run of small pages, and of huge ones if asked. */
static inline bool run_is_of_small_pages(const struct page *page)
{
	return page_index(page) + page->nr <=
	       READ_ONCE(zone_of(page)->small_end);
}

/* Dirty free pages as they were a moment ago: without the lock, for a choice.
 */
static inline uint32_t zone_dirty_hint(const struct zone *z)
{
	return READ_ONCE(z->nr_free_dirty);
}

/* Free pages of a word of the maps that may hold memory. */
static inline uint64_t zone_dirty_word(const struct zone *z, size_t w)
{
	return z->free_map[w] & z->dirty_map[w];
}

static inline uint64_t *page_slab_map(const struct page *page)
{
	return zone_of(page)->slab_maps +
	       (size_t)page_index(page) * SLAB_MAP_WORDS;
}

/*
 * The one gate from a user's pointer to its page: NULL unless the address is
 * on a page that a zone has online, or on the head page of a huge run.
 */
static inline struct page *page_of(const void *p)
{
	struct page *page = pfn_to_page(addr_to_pfn(p));
	const struct zone *z = zone_of(p);

	switch (slot_of(p)) {
	case SLOT_ZONE:
		/* Pairs with the release in zone_grow_locked(). */
		if (page_index(page) < z->first_page ||
		    page_index(page) >=
			    __atomic_load_n(&z->online, __ATOMIC_ACQUIRE))
			return NULL;
		return page;
	case SLOT_HUGE:
		return page_index(page) == z->first_page ? page : NULL;
	default:
		return NULL;
	}
}

/* All zones, by id; only ever more of them. */
#define MAX_ZONES 1024u
extern struct zone *zones[MAX_ZONES];

static inline uint32_t nr_zones_now(void)
{
	extern uint32_t nr_zones;

	return __atomic_load_n(&nr_zones, __ATOMIC_ACQUIRE);
}

/*
 * Another zone with room for a run of nr pages, or NULL. With `at_most` the
 * number of zones that the caller saw: when another thread has added one since,
 * that one is returned.
 */
struct zone *zone_create(uint32_t nr, uint32_t at_most) must_check;

/* Takes the lock, masks signals, and repairs the zone if a fork broke it. */
uint64_t zone_lock(struct zone *z);
void zone_unlock(struct zone *z, uint64_t flags);

/*
 * Brings at least nr more pages online and frees them to the buddy. 0 or
 * -ENOMEM.
 */
int zone_grow_locked(struct zone *z, uint32_t nr) must_check;

/* A 4 GiB-aligned reservation of len bytes, or NULL. */
void *reserve_aligned(size_t len) must_check;

#endif
