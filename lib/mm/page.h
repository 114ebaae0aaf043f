/*
 * Pages: their numbers, their state, and the way from an address to both.
 *
 * A page is 64 KiB. Its number (pfn) is its address divided by that, so it
 * needs 32 bits in a 48-bit address space. A zone is aligned to 4 GiB, so the
 * upper half of a pfn names the zone's slot in the address space and the lower
 * half the page in the zone:
 *
 *	address	 47 .......... 32  31 ......... 16  15 ....... 0
 *		+----------------+----------------+--------------+
 *		|      slot      |   page index   |   in page    |
 *		+----------------+----------------+--------------+
 *	pfn	 31 .......... 16  15 .......... 0
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

#define PAGE_SHIFT 16
#define PAGE_SIZE ((size_t)1 << PAGE_SHIFT)

#define ZONE_SHIFT 32
#define ZONE_SIZE ((size_t)1 << ZONE_SHIFT)
#define ZONE_PAGE_BITS (ZONE_SHIFT - PAGE_SHIFT)
#define ZONE_PAGES (UINT32_C(1) << ZONE_PAGE_BITS)

#define ADDRESS_BITS 48
#define NR_SLOTS (1u << (ADDRESS_BITS - ZONE_SHIFT))

/* A pageblock is a huge page: 2 MiB. Migratetypes are kept by pageblock. */
#define PAGEBLOCK_ORDER 5u
#define PAGEBLOCK_PAGES (UINT32_C(1) << PAGEBLOCK_ORDER)
#define ZONE_PAGEBLOCKS (ZONE_PAGES / PAGEBLOCK_PAGES)

/* The largest free block, inclusive. The tiny configuration finds more bugs. */
#ifdef BUDDY_TINY
#define MAX_PAGE_ORDER 7u
#else
#define MAX_PAGE_ORDER 14u
#endif
#define NR_PAGE_ORDERS (MAX_PAGE_ORDER + 1)

/*
 * Orders up to this one go through the pcp, and the pageblock order. The
 * kernel's is 3; a page here is 16 of its own.
 */
#define PAGE_ALLOC_COSTLY_ORDER 4u

typedef struct {
	uint32_t nr;
} pfn_t;

#define PFN_NONE ((pfn_t){0})

/*
 * What a page is. Only the first page of anything says so: pages inside a
 * block, a run or a slab are PAGE_TAIL, and so are pages never used.
 */
enum page_type {
	PAGE_TAIL,
	PAGE_FREE,     /* head of a free block, on a free list */
	PAGE_PCP,      /* head of a block in a thread's pcp, or a stash */
	PAGE_RUN,      /* head of pages handed out */
	PAGE_SLAB,     /* head of a slab */
	PAGE_GUARD,    /* head of a split-off block without access */
	PAGE_ISOLATED, /* head of a free block being given back to the OS */
	PAGE_BAD,      /* quarantined: its state made no sense */
	NR_PAGE_TYPES
};

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_PCPTYPES, /* how many types the pcp keeps apart */
	MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES,
	MIGRATE_ISOLATE,
	MIGRATE_TYPES
};

enum page_flags {
	PG_CLEAN = 1,	 /* a block in the pcp: still zero, never handed out */
	PG_MOVED = 2,	 /* a run: mremap() brought its pages from elsewhere */
	PG_HUGE = 4,	 /* a run: it has a mapping of its own */
	PG_ZEROED = 8,	 /* a run just handed out: known to be zero */
	PG_CACHED = 16,	 /* a run: free, kept by a thread */
	PG_SIZED = 32,	 /* a run: `requested` is known */
	PG_FENCE = 64,	 /* a run of one page that is a fence (fence.h) */
	PG_FENCED = 128, /* a run that stands between fences */
	PG_PATCHY = 256, /* a run just handed out: some of it is untouched */
	PG_LEARN = 512,	 /* a run: see heap/fault_ahead.h */
	PG_ADVISED = 1024, /* a run: the same */
};

#define SLAB_INLINE_WORDS 4u

/*
 * One per page, out of line, in one cache line. A head's fields are written by
 * who owns the pages, or under zone->lock while they are free.
 */
struct page {
	uint8_t type;	     /* enum page_type */
	uint8_t order;	     /* of a block or a slab */
	uint16_t flags;	     /* enum page_flags */
	uint32_t nr;	     /* head: pages; tail of a slab: to its head */
	pfn_t prev, next;    /* on a page_list */
	uint8_t migratetype; /* of the list that a free block is on */

	/* Of a slab: see slab/kmem_cache.h. */
	uint8_t cache;	  /* index of its kmem_cache */
	uint8_t hint;	  /* holder only: the word to look at first */
	uint8_t touched;  /* holder only: words of which some were out */
	uint32_t state;	  /* atomic, of all lives of this page as a slab */
	uint64_t *bitmap; /* 1: free; points to `map` when that is enough */
	union {
		uint64_t map[SLAB_INLINE_WORDS];
		struct {
			size_t bytes; /* PG_HUGE: of its mapping, with header */
			size_t requested; /* PG_SIZED: what was asked for */
		};
	};
};

_Static_assert(sizeof(struct page) == CACHE_LINE, "one page, one line");

/*
 * What a page is changes under its owner's hands while others look at it: who
 * has the zone's lock looks whether a neighbour is free, and statistics look
 * at every page. Under the lock PAGE_FREE and PAGE_GUARD neither come nor go;
 * of other types only this may be concluded: what the page said before it
 * became that is there to be read.
 */
static inline enum page_type page_type(const struct page *page)
{
	/* Pairs with the release in set_page_type(). */
	return (enum page_type)__atomic_load_n(&page->type, __ATOMIC_ACQUIRE);
}

static inline void set_page_type(struct page *page, enum page_type type)
{
	/* Pairs with the acquire in page_type(). */
	__atomic_store_n(&page->type, (uint8_t)type, __ATOMIC_RELEASE);
}

static inline pfn_t addr_to_pfn(const void *p)
{
	return (pfn_t){(uint32_t)((uintptr_t)p >> PAGE_SHIFT)};
}

static inline void *pfn_to_addr(pfn_t pfn)
{
	return (void *)((uintptr_t)pfn.nr << PAGE_SHIFT);
}

/*
 * The mem_map stands at this offset in a zone, behind struct zone. Programs
 * write first to the beginning of what they get, and a processor holds up a
 * load whose address agrees in the lower twelve bits with a store's that is
 * under way. By an odd number of lines the heads of all aligned blocks keep out
 * of that way, and of one set of the processor's cache.
 */
#define MEM_MAP_OFFSET (PAGE_SIZE - 43 * sizeof(struct page))

static inline struct page *pfn_to_page(pfn_t pfn)
{
	uintptr_t base = (uintptr_t)(pfn.nr >> ZONE_PAGE_BITS) << ZONE_SHIFT;

	return (struct page *)(base + MEM_MAP_OFFSET) +
	       (pfn.nr & (ZONE_PAGES - 1));
}

static inline uint32_t page_index(const struct page *page)
{
	uintptr_t in_zone = (uintptr_t)page & (ZONE_SIZE - 1);

	return (uint32_t)((in_zone - MEM_MAP_OFFSET) / sizeof(struct page));
}

static inline pfn_t page_to_pfn(const struct page *page)
{
	uint32_t slot = (uint32_t)((uintptr_t)page >> ZONE_SHIFT);

	return (pfn_t){slot << ZONE_PAGE_BITS | page_index(page)};
}

static inline void *page_to_addr(const struct page *page)
{
	return pfn_to_addr(page_to_pfn(page));
}

#endif
