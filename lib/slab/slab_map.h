/*
 * The bitmap of a slab: which of its objects are free. Anybody may set a bit;
 * only who holds the slab clears them.
 */
#ifndef SLAB_SLAB_MAP_H
#define SLAB_SLAB_MAP_H

#include "kmem_cache.h"

/* By its cache, not by `bitmap`: the page may be another's by now. */
static inline uint64_t *slab_bitmap(const struct kmem_cache *c,
				    struct page *page)
{
	if (c->nr_objects <= SLAB_INLINE_WORDS * BITS_PER_WORD)
		return page->map;
	return page_slab_map(page);
}

/* From now on each object is taken from a random place of its slab. */
void slab_randomize(void);

bool slab_has_free(const struct kmem_cache *c, struct page *page);
bool slab_all_free(const struct kmem_cache *c, struct page *page);

/*
 * Takes up to `left` objects, which are written downwards from out + left, the
 * lowest address last. How many of them it could not get.
 */
uint32_t slab_take(const struct kmem_cache *c, struct page *page, uint32_t left,
		   void **out);

#endif
