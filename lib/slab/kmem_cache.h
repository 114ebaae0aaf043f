/*
 * Caches of objects of one size, in slabs.
 *
 * A slab is a block of 2^order pages, filled with objects from its first byte
 * on, so that sizes which are powers of two are aligned to themselves. Which
 * objects are free is a bitmap outside (struct page's `bitmap`); nothing is
 * ever stored in an object.
 *
 * There is no lock. Anybody may free an object, by setting its bit with one
 * atomic operation; only who holds the slab may take objects, by clearing bits.
 * Who that is, `state` of the slab's head page tells:
 *
 *	held	a thread has claimed it, or a call has it in its hands
 *	listed	objects are free; on one of its cache's stacks, for anybody
 *	full	none was free; on no stack. Who frees the next one takes hold
 *	none	no slab, any more or yet
 *
 *	        pop                        release, none free
 *	listed -----> held <------- none  held -------------> full
 *	       <-----      create         held <------------- full
 *	   release, some free             who set a bit first
 *
 * A release looks at the bitmap again after it wrote `full`, and who frees
 * reads the state after it set the bit: one of the two sees the other. Beside
 * the state stands the number of the page's life as a slab, so that who frees
 * the last object of one life cannot disturb the next.
 *
 * A slab of which nothing is out gives its pages back when it is released, or,
 * when it is listed, by a sweep: see `nr_empty`.
 *
 * All functions may be called in a signal handler that interrupted any of
 * them, and none ever waits for another thread. A thread that does not live on
 * in the child of a fork leaves behind a sound cache, and at worst the slab
 * that it was holding.
 */
#ifndef SLAB_KMEM_CACHE_H
#define SLAB_KMEM_CACHE_H

#include "size_class.h"
#include "slab_stack.h"

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

/* Room for struct thread_cache, which is of a higher file: a small OS page. */
#define THREAD_CACHE_SIZE 4096u

#define CACHE_NAME_SIZE 32

/* What does not change; who frees a large object reads it. */
struct kmem_cache {
	uint32_t size;	  /* of an object; 0: the entry is unused */
	uint32_t inverse; /* 2^32 / size, rounded up */
	uint8_t order;	  /* of its slabs */
	uint8_t gfp;
	uint16_t nr_objects; /* in a slab */
	uint16_t index;	     /* of this entry */
	void (*ctor)(void *);
};

/*
 * What changes all the time, atomically: in a line of the processor's cache
 * each, and apart from the above.
 */
struct kmem_cache_node {
	struct slab_stack partial[2];
	uint32_t current;   /* the stack that slabs are put on */
	uint32_t nr_listed; /* slabs on both stacks, about */
	uint32_t nr_empty;  /* of them, seen to have nothing out, about */
	uint32_t sweeper;   /* epoch of the process that sweeps; 0: none */
	uint32_t nr_slabs;
	uint32_t nr_sweeps;
} cacheline_aligned;

enum slab_state { SLAB_NONE, SLAB_HELD, SLAB_LISTED, SLAB_FULL };
#define SLAB_STATE_BITS 2

static inline enum slab_state slab_state(const struct page *page)
{
	uint32_t state = __atomic_load_n(&page->state, __ATOMIC_ACQUIRE);

	return state & ((1u << SLAB_STATE_BITS) - 1);
}

extern struct kmem_cache kmem_caches[NR_CACHES];
extern struct kmem_cache_node kmem_nodes[NR_CACHES];

static inline struct kmem_cache_node *node_of(const struct kmem_cache *c)
{
	return &kmem_nodes[c->index];
}

/* What the user calls a cache; apart, as few programs have any. */
extern char kmem_cache_names[NR_USER_CACHES][CACHE_NAME_SIZE];

static inline bool cache_is_internal(unsigned int index)
{
	return index >= FIRST_INTERNAL && index < FIRST_USER;
}

/* Objects that fit a slab of one page need not know its head. */
static inline bool cache_is_one_page(const struct kmem_cache *c)
{
	return !c->order;
}

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

/* Gives objects of this cache back. One that is free already is misuse. */
void kmem_cache_free_bulk(struct kmem_cache *c, struct mm_thread *t,
			  uint32_t nr, void *const *objects);

/* One object, without a claim. */
void *kmem_cache_alloc_one(struct kmem_cache *c,
			   struct mm_thread *t) must_check;

/* Ends the claim on a slab; its pages go back when nothing of it is out. */
void kmem_cache_unclaim(struct kmem_cache *c, struct mm_thread *t, pfn_t pfn);

/* Bytes from the start of a slab, given its head. */
static inline size_t offset_in_slab(const struct page *page, const void *obj)
{
	return (size_t)((const char *)obj - (const char *)page_to_addr(page));
}

/* Its slabs are blocks of pages, and so aligned to their size. */
static inline uintptr_t slab_mask(const struct kmem_cache *c)
{
	return ~((PAGE_SIZE << c->order) - 1);
}

/* The head of the slab of c that an object is in. */
static inline struct page *slab_of(const struct kmem_cache *c, const void *obj)
{
	uintptr_t start = (uintptr_t)obj & slab_mask(c);

	return pfn_to_page((pfn_t){(uint32_t)(start >> PAGE_SHIFT)});
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
	uint32_t i = object_index(c, (uintptr_t)obj & ~slab_mask(c));

	return i < c->nr_objects &&
	       READ_ONCE(READ_ONCE(page->bitmap)[i / BITS_PER_WORD]) >>
			       (i % BITS_PER_WORD) &
		       1;
}

/* Objects of a slab that are free in its bitmap; a snapshot. */
static inline uint32_t slab_nr_free(const struct kmem_cache *c,
				    const struct page *page)
{
	const uint64_t *map = READ_ONCE(page->bitmap);
	uint32_t n = 0;

	for (uint32_t w = 0; w < BITMAP_WORDS(c->nr_objects); w++)
		n += count_bits(READ_ONCE(map[w]));
	return n;
}

/* What slabinfo shows of a cache. */
struct slab_stat {
	uint32_t nr_slabs, nr_sweeps;
	uint64_t nr_objects; /* in all slabs */
	uint64_t nr_free;    /* in the bitmaps; magazines hold more */
};
struct slab_stat kmem_cache_stat(struct kmem_cache *c);

/*
 * Recounts a cache's slabs; 0 or -EUCLEAN with a message. While other threads
 * are at work it looks again before it complains.
 */
int kmem_cache_verify(struct kmem_cache *c) must_check;

/* Calls fn for the head page of every slab of c. */
void for_each_slab(const struct kmem_cache *c,
		   void (*fn)(struct page *page, void *arg), void *arg);

/* Retires the slabs on the stacks of which nothing is out. */
void kmem_cache_sweep(struct kmem_cache *c, struct mm_thread *t);

/* The same for all caches that have some; true when any went. */
bool kmem_cache_sweep_all(struct mm_thread *t);

/*
 * A sweep of at most *budget slabs that purges what it can of those which stay
 * (slab_purge.h); *purged grows by those OS pages. False when more are left,
 * which the next call goes on with.
 */
bool kmem_cache_purge(struct kmem_cache *c, struct mm_thread *t,
		      uint32_t *budget, uint32_t *purged);

#endif
