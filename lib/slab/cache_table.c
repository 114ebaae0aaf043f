/* The table of all caches: sizes, orders, what fits a slab. */
#include "kmem_cache.h"

/*
 * A slab is one page as long as two objects fit it: free() then finds its class
 * by the page's tag. What is left over behind the last object is never touched,
 * so it costs addresses only. Where few objects tile the page, each page of a
 * slab can have the tag; so these have slabs of 16, as making and ending one
 * costs more than all else of two or four. Larger ones have 512 KiB or 2 MiB.
 */
#define MEDIUM_SLAB_ORDER 3u
#define SLAB_ORDER(s)                               \
	((s) == PAGE_SIZE / 4	? 2                 \
	 : (s) == PAGE_SIZE / 2 ? 3                 \
	 : (s) < PAGE_SIZE / 2	? 0                 \
	 : (s) <= PAGE_SIZE	? MEDIUM_SLAB_ORDER \
				: PAGEBLOCK_ORDER)

#define INVERSE(s) ((uint32_t)(((UINT64_C(1) << 32) + (s)-1) / (s)))

#define CACHE(i, s)                                                          \
	[i] = {.size = (s),                                                  \
	       .inverse = INVERSE((uint64_t)(s)),                            \
	       .order = SLAB_ORDER(s),                                       \
	       .gfp = GFP_UNMOVABLE,                                         \
	       .nr_objects = (uint16_t)((PAGE_SIZE << SLAB_ORDER(s)) / (s)), \
	       .index = (i)}

#define LINEAR(i) CACHE(i, (i)*MIN_OBJECT_SIZE)
#define LINEAR_8(i)                                                   \
	LINEAR(i), LINEAR((i) + 1), LINEAR((i) + 2), LINEAR((i) + 3), \
		LINEAR((i) + 4), LINEAR((i) + 5), LINEAR((i) + 6),    \
		LINEAR((i) + 7)

/* Steps 1 to n of a doubling from 2^shift, and the class of the first. */
#define STEP(i, shift, steps, k)                      \
	CACHE((i) + (k)-1, (UINT32_C(1) << (shift)) + \
				   (k) * (UINT32_C(1) << ((shift) - (steps))))
#define FINE(i, shift)                                                    \
	STEP(i, shift, 3, 1), STEP(i, shift, 3, 2), STEP(i, shift, 3, 3), \
		STEP(i, shift, 3, 4), STEP(i, shift, 3, 5),               \
		STEP(i, shift, 3, 6), STEP(i, shift, 3, 7),               \
		STEP(i, shift, 3, 8)
#define COARSE(i, shift)                                                  \
	STEP(i, shift, 2, 1), STEP(i, shift, 2, 2), STEP(i, shift, 2, 3), \
		STEP(i, shift, 2, 4)

#define MAGAZINE(k) CACHE(CACHE_MAGAZINES + (k), UINT32_C(128) << (k))

_Static_assert(FINE_STEPS_SHIFT == 3 && COARSE_STEPS_SHIFT == 2,
	       "FINE and COARSE spell the steps out");

struct kmem_cache kmem_caches[NR_CACHES] = {
	LINEAR_8(1),	LINEAR_8(9),	FINE(17, 8),
	FINE(25, 9),	FINE(33, 10),	FINE(41, 11),
	FINE(49, 12),	COARSE(57, 13), COARSE(61, 14),
	COARSE(65, 15), COARSE(69, 16), COARSE(73, 17),
	MAGAZINE(0),	MAGAZINE(1),	MAGAZINE(2),
	MAGAZINE(3),	MAGAZINE(4),	MAGAZINE(5),
	MAGAZINE(6),	MAGAZINE(7),	CACHE(CACHE_THREADS, THREAD_CACHE_SIZE),
};

struct kmem_cache_node kmem_nodes[NR_CACHES];
char kmem_cache_names[NR_USER_CACHES][CACHE_NAME_SIZE];

_Static_assert(FIRST_FINE == 17 && FIRST_COARSE == 57 && NR_SIZE_CLASSES == 77,
	       "the table's class numbers");
_Static_assert(CACHE_MAGAZINES + 8 == FIRST_USER, "internal caches");

bool kmem_cache_init(struct kmem_cache *c, size_t size, unsigned int gfp)
{
	if (!size || size > SMALL_MAX)
		return false;
	c->size = (uint32_t)size;
	c->inverse = INVERSE((uint64_t)size);
	c->order = SLAB_ORDER(size);
	c->gfp = (uint8_t)gfp;
	c->nr_objects = (uint16_t)((PAGE_SIZE << c->order) / size);
	c->index = (uint16_t)(c - kmem_caches);
	return true;
}
