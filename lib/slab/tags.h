/*
 * What the hot paths read: the empty magazines, and the tags of pages.
 *
 * A tag is a byte for each page near the first zone, that tells free() at one
 * look what kind of object an address belongs to. A page of a one-page slab is
 * tagged with its cache's index; so is each page of a slab whose objects tile
 * the page, and where objects are whole pages, the first page of each. All
 * others, and all addresses that are not the library's, read 0, which sends
 * free() to the slow path, where the full gate (page_of) decides. The window
 * covers 256 GiB around the first zone; slabs beyond it are served by the slow
 * path.
 */
#ifndef SLAB_TAGS_H
#define SLAB_TAGS_H

#include "kmem_cache.h"

#define NR_MAGAZINES NR_CACHES

#define TAG_WINDOW_SHIFT 38
#define NR_TAGS ((size_t)1 << (TAG_WINDOW_SHIFT - PAGE_SHIFT))

/*
 * The caches without slots: see thread_cache.h. First stands the one whose
 * address the hot paths need at hand.
 */
#ifdef BUDDY_IN_PROGRAM
enum empty_cache { EMPTY_GONE, EMPTY_BOOT, EMPTY_BUSY, NR_EMPTY_CACHES };
#else
enum empty_cache { EMPTY_BUSY, EMPTY_BOOT, EMPTY_GONE, NR_EMPTY_CACHES };
#endif

#define NR_EMPTY_SLOTS (2 * NR_MAGAZINES + NR_EMPTY_CACHES)

struct hot {
	/*
	 * The `top` and `end` of caches whose magazines have no slots. As all
	 * entries are the same the three may overlap, 8 bytes apart. First: the
	 * hot paths have this address in a register, and reach the rest by it.
	 */
	void **slots[NR_EMPTY_SLOTS];
	uintptr_t tag_base; /* the address that the first tag stands for */
	/* By tag, see tag_accepts(); 0: no slab has it yet. */
	struct {
		uint32_t inverse, limit;
	} test[NR_MAGAZINES];
	uint8_t class[TABLE_MAX + 1]; /* by size */
	/*
	 * By tag: the least size that leads to the class, and how many sizes
	 * do; 0: not one of malloc's classes.
	 */
	size_t least[NR_MAGAZINES];
	size_t sizes[NR_MAGAZINES];
#ifdef BUDDY_SHARED
	/* Here it takes no address of its own: an instruction less. */
	uint8_t tags[NR_TAGS];
#endif
};

extern struct hot hot;

#ifdef BUDDY_SHARED
static always_inline uint8_t *tag_at(size_t index)
{
	return &hot.tags[index];
}
#else
extern uint8_t tags[NR_TAGS];

static always_inline uint8_t *tag_at(size_t index)
{
	return &tags[index];
}
#endif

/* Index of an address's tag; NR_TAGS or more when it has none. */
static always_inline size_t tag_index(const void *p)
{
	return ((uintptr_t)p - hot.tag_base) >> PAGE_SHIFT;
}

/*
 * Whether an address in a page with this tag is the first byte of an object,
 * after D. Lemire et al., "Faster remainder by direct computation" (2019).
 *
 * With inverse = (2^32 + e) / size, 0 <= e < size, the lower half of
 * offset * inverse is k * e for object k, and at least `inverse` for an
 * offset inside an object. So it is below nr_objects * e for the objects
 * alone, not for what a slab has behind its last one; where e is 0 there is
 * nothing behind, and 1 is the limit. False for tag 0, whose limit is 0. For
 * objects of whole pages both are 1, which leaves a page's first byte.
 *
 * The tag is a pointer only so that the caller forgets it, too.
 */
static always_inline bool tag_accepts(size_t *tag, const void *p)
{
	uint32_t fraction = (uint16_t)(uintptr_t)p * hot.test[*tag].inverse;

	return fraction < hot.test[*tag].limit;
}

/* Whether a size leads to the class with this tag. */
static always_inline bool tag_serves(size_t tag, size_t size)
{
	return size - hot.least[tag] < hot.sizes[tag];
}

/* The cache of the tagged page that an object begins in; 0: none. */
static inline size_t tagged_class(const void *p)
{
	size_t i = tag_index(p);
	size_t tag = i < NR_TAGS ? *tag_at(i) : 0;

	return tag && tag_accepts(&tag, p) ? tag : 0;
}

/* Shared library only: before any call that reads `hot` (preload/early.c). */
void tags_fill_hot(void);

/* No page is tagged from now on, so that every call takes a slow path. */
void tags_disable(void);

/*
 * Tags n pages, each `step` behind the one before and the first at p, as of a
 * cache's slabs, or as of none (NULL).
 */
void tag_pages(const void *p, const struct kmem_cache *c, size_t n,
	       size_t step);

/* Tags the pages of a slab of c that have tags, or takes these off. */
void tag_slab(const struct kmem_cache *c, const struct page *slab, bool on);

#endif
