/* Counting the slabs of a cache, for statistics and to prove them sound. */
#include <errno.h>

#include "kmem_cache.h"

/*
 * A page that was another cache's slab may become one of ours while we look:
 * it is none before it is published, for which the lock is needed that the
 * caller has. Its type is looked at again behind the cache that it names.
 */
static bool is_slab_of(const struct page *page, const struct kmem_cache *c)
{
	/* Pairs with the release in slab_create(). */
	return page_type(page) == PAGE_SLAB &&
	       __atomic_load_n(&page->cache, __ATOMIC_ACQUIRE) == c->index &&
	       page_type(page) == PAGE_SLAB;
}

void for_each_slab(const struct kmem_cache *c,
		   void (*fn)(struct page *page, void *arg), void *arg)
{
	for (uint32_t n = 0; n < nr_zones_now(); n++) {
		struct zone *z = zones[n];
		uint32_t end = __atomic_load_n(&z->online, __ATOMIC_ACQUIRE);

		for (uint32_t i = z->first_page; i < end; i++) {
			struct page *page = zone_page(z, i);

			if (is_slab_of(page, c))
				fn(page, arg);
		}
	}
}

struct count {
	const struct kmem_cache *cache;
	struct slab_stat stat;
	uint32_t listed;
	const char *why;
};

static void count_slab(struct page *page, void *arg)
{
	struct count *n = arg;
	size_t free = bitmap_count_range(page->bitmap, 0, page->nr_objects);

	n->stat.nr_slabs++;
	n->stat.nr_objects += page->nr_objects;
	n->stat.nr_free += free;
	n->listed += !!(page->slab_flags & SLAB_LISTED);
	if (free != page->nr_free)
		n->why = "a slab's nr_free";
	else if (page->nr_objects != n->cache->nr_objects)
		n->why = "a slab's nr_objects";
	else if (page->slab_flags & SLAB_LISTED && !free)
		n->why = "a full slab on the list";
	else if (free && !page->slab_flags)
		n->why = "a partial slab that is lost";
	else if (bitmap_next_set(page->bitmap, 0, page->nr_objects) <
		 (size_t)page->hint * BITS_PER_WORD)
		n->why = "a slab's hint";
}

struct slab_stat kmem_cache_stat(struct kmem_cache *c)
{
	struct count n = {.cache = c};
	uint64_t flags = kmem_cache_lock(c, NULL);

	if (c->nr_slabs)
		for_each_slab(c, count_slab, &n);
	n.stat.refills = c->refills;
	n.stat.flushes = c->flushes;
	n.stat.contended = c->lock.contended;
	kmem_cache_unlock(c, NULL, flags);
	return n.stat;
}

static uint32_t count_list(const struct kmem_cache *c, const char **why)
{
	uint32_t n = 0;

	for (struct page *p = page_list_first(&c->partial); p;
	     p = page_list_next(p)) {
		if (p->type != PAGE_SLAB || p->cache != c->index ||
		    !(p->slab_flags & SLAB_LISTED) || ++n > c->nr_slabs) {
			*why = "a page on the partial list";
			break;
		}
	}
	return n;
}

int kmem_cache_verify(struct kmem_cache *c)
{
	struct count n = {.cache = c};
	uint64_t flags = kmem_cache_lock(c, NULL);
	struct report r;

	for_each_slab(c, count_slab, &n);
	if (n.stat.nr_slabs != c->nr_slabs)
		n.why = "nr_slabs";
	if (count_list(c, &n.why) != n.listed && !n.why)
		n.why = "the length of the partial list";
	kmem_cache_unlock(c, NULL, flags);
	if (!n.why)
		return 0;
	report_begin(&r);
	text_str(&r.text, "mm_verify: the cache of ");
	text_dec(&r.text, c->size);
	text_str(&r.text, " byte objects disagrees with itself: ");
	text_str(&r.text, n.why);
	report_end(&r);
	return -EUCLEAN;
}
