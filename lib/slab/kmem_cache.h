/*
 * Caches of objects of one size, in slabs.
 *
 * A slab is a block of 2^order pages, filled with objects from its first byte
 * on, so that sizes which are powers of two are aligned to themselves. Which
 * objects are free is a bitmap outside (struct page's `bitmap`); nothing is
 * ever stored in an object. A slab is in one of these states:
 *
 *	claimed   one thread takes its objects from it; on no list
 *	partial   some objects are free; on the cache's list
 *	full      none is; on no list
 *	empty	  all are, and it is not claimed: its pages go back
 *
 * The cache's lock guards its slabs' bitmaps and states and its list. The
 * bitmaps are the truth, from which a broken lock's list is made anew.
 */
#ifndef SLAB_KMEM_CACHE_H
#define SLAB_KMEM_CACHE_H

#include "size_class.h"

/* Caches: malloc's size classes, the library's own, then the user's. */
#define NR_INTERNAL_CACHES 9u
#define NR_USER_CACHES 40u
#define FIRST_INTERNAL NR_SIZE_CLASSES
#define FIRST_USER (FIRST_INTERNAL + NR_INTERNAL_CACHES)
#define NR_CACHES (FIRST_USER + NR_USER_CACHES)

_Static_assert(NR_CACHES <= UINT8_MAX, "a cache's index fits struct page");

/* For the library's own: the thread caches, and magazines by size. */
#define CACHE_THREADS FIRST_INTERNAL
#define CACHE_MAGAZINES (FIRST_INTERNAL + 1)

#define CACHE_NAME_SIZE 32

struct kmem_cache {
	/* Constant. */
	uint32_t size;	  /* of an object; 0: the entry is unused */
	uint32_t inverse; /* 2^32 / size, rounded up */
	uint8_t order;	  /* of its slabs */
	uint8_t gfp;
	uint16_t nr_objects; /* in a slab */
	uint16_t index;	     /* of this entry */
	void (*ctor)(void *);
	char name[CACHE_NAME_SIZE]; /* "" for a size class */

	/* Under lock. */
	struct lock lock cacheline_aligned;
	struct page_list partial;
	uint32_t nr_slabs;
	uint64_t refills, flushes; /* holds of the lock */
};

enum slab_flags {
	SLAB_CLAIMED = 1,
	SLAB_LISTED = 2,
};

extern struct kmem_cache kmem_caches[NR_CACHES];

static inline bool cache_is_internal(unsigned int index)
{
	return index >= FIRST_INTERNAL && index < FIRST_USER;
}

/* Objects that fit a slab of one page need not know its head. */
static inline bool cache_is_one_page(const struct kmem_cache *c)
{
	return !c->order;
}

/* From now on each object is taken from a random place of its slab. */
void slab_randomize(void);

/*
 * Fills in a cache's constant fields, from size, alignment (a power of two)
 * and gfp. False when no slab order suits. The caller publishes it.
 */
bool kmem_cache_init(struct kmem_cache *c, size_t size, unsigned int gfp);

/*
 * Takes up to nr objects, at least one unless memory runs out, and returns how
 * many. They are written downwards, out[nr - 1] first, so that the lowest
 * address ends up on top of a magazine: out[nr - n] to out[nr - 1] are valid.
 * *claim is the thread's slab of this cache (PFN_NONE: none yet); NULL for a
 * caller that claims none.
 */
uint32_t kmem_cache_alloc_bulk(struct kmem_cache *c, struct mm_thread *t,
			       pfn_t *claim, uint32_t nr,
			       void **out) must_check;

/*
 * Gives objects of this cache back. One that is free already is misuse.
 *
 * To mask signals costs more than all else that the bulk calls do. A thread
 * that has several caches to serve does it once around them (t->masked).
 */
void kmem_cache_free_bulk(struct kmem_cache *c, struct mm_thread *t,
			  uint32_t nr, void *const *objects);

/* One object, without a claim. */
void *kmem_cache_alloc_one(struct kmem_cache *c,
			   struct mm_thread *t) must_check;

/* Ends the claim on a slab; its pages go back when it is empty. */
void kmem_cache_unclaim(struct kmem_cache *c, struct mm_thread *t, pfn_t pfn);

/* Bytes from the start of a slab, given its head. */
static inline size_t offset_in_slab(const struct page *page, const void *obj)
{
	return (size_t)((const char *)obj - (const char *)page_to_addr(page));
}

/* Exact for an object's first byte; inside one it may be the next one's. */
static inline uint32_t object_index(const struct kmem_cache *c, size_t offset)
{
	return (uint32_t)(((uint64_t)offset * c->inverse) >> 32);
}

/* Whether an address in a slab of c, whose head is page, begins an object. */
static inline bool slab_is_object(const struct kmem_cache *c,
				  const struct page *page, const void *obj)
{
	size_t offset = offset_in_slab(page, obj);
	uint32_t i = object_index(c, offset);

	return i < c->nr_objects && (size_t)i * c->size == offset;
}

/*
 * Whether that object is free in the bitmap. It takes no lock: it is for
 * reports, and for objects that nobody else may free just now.
 */
static inline bool slab_object_is_free(const struct kmem_cache *c,
				       const struct page *page, const void *obj)
{
	uint32_t i = object_index(c, offset_in_slab(page, obj));

	return i < c->nr_objects && bitmap_test(page->bitmap, i);
}

/* What slabinfo shows of a cache. */
struct slab_stat {
	uint32_t nr_slabs;
	uint64_t nr_objects; /* in all slabs */
	uint64_t nr_free;    /* in the bitmaps; magazines hold more */
	uint64_t refills, flushes, contended;
};
struct slab_stat kmem_cache_stat(struct kmem_cache *c);

/* Recounts a cache's slabs; 0 or -EUCLEAN with a message. */
int kmem_cache_verify(struct kmem_cache *c) must_check;

/* Calls fn for the head page of every slab of c; the caller holds the lock. */
void for_each_slab(const struct kmem_cache *c,
		   void (*fn)(struct page *page, void *arg), void *arg);

/* `t` as for the bulk calls: signals are masked unless they are already. */
uint64_t kmem_cache_lock(struct kmem_cache *c, const struct mm_thread *t);
void kmem_cache_unlock(struct kmem_cache *c, const struct mm_thread *t,
		       uint64_t flags);

#endif
