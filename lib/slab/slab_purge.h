/*
 * Giving back the memory of slabs that are in use in part only.
 *
 * A slab of which a single object is out keeps its pages, but none of them
 * needs memory where all objects are free. So OS pages of which nothing is out
 * are purged (they read as zero when an object there is used again) in slabs of
 * which at least half is free: when many slabs had to take memory that nobody
 * has touched, when a thread has given back many objects in a row (then some
 * slabs at each call), and when the user asks for it (malloc_trim). Who holds a
 * slab may do so, as only the holder takes objects, and freeing one does not
 * touch it.
 */
#ifndef SLAB_SLAB_PURGE_H
#define SLAB_SLAB_PURGE_H

#include "kmem_cache.h"

/* From now on what is in free objects stays there (for poison). */
void slab_purge_disable(void);

/* Purges what it can of a slab that the caller holds; how many OS pages. */
uint32_t slab_purge(const struct kmem_cache *c, struct page *page);

/* The same for all slabs that nobody holds; those all free are retired. */
void slab_purge_all(struct mm_thread *t);

/* A slab of so many pages was made of memory that nobody had touched. */
void slab_purge_on_fresh(struct mm_thread *t, uint32_t pages);

/* A thread that only gives has given back so many bytes of objects. */
void slab_purge_on_freed(struct mm_thread *t, size_t bytes);

#endif
