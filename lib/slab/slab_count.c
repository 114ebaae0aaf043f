/* Counting the slabs of a cache, for statistics and to prove them sound. */
#include <errno.h>

#include "kmem_cache.h"
#include "thread_cache.h"

/* How often a check looks again before it complains, and how long it waits. */
#define LOOKS 20
#define LOOK_MS 1u

/*
 * A page that was another cache's slab may become one of ours while we look.
 * Its type is looked at again behind the cache that it names.
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

/*
 * A call that was interrupted may stand between the two steps of a change; in
 * the child of a fork, so may one of a thread that is gone.
 */
static bool in_the_midst(void)
{
	return cache_is(thread_cache_now(), EMPTY_BUSY) || fork_epoch() > 1;
}

static void count_slab(struct page *page, void *arg)
{
	struct count *n = arg;
	const struct kmem_cache *c = n->cache;
	uint32_t free = slab_nr_free(c, page);
	uint32_t last = c->nr_objects / BITS_PER_WORD;

	n->stat.nr_slabs++;
	n->stat.nr_objects += c->nr_objects;
	n->stat.nr_free += free;
	n->listed += slab_state(page) == SLAB_LISTED;
	if (slab_state(page) == SLAB_NONE && !in_the_midst())
		n->why = "a slab's state";
	else if (slab_state(page) == SLAB_FULL && free && !in_the_midst())
		n->why = "a slab with free objects that is lost";
	else if (slab_state(page) == SLAB_LISTED && !free)
		n->why = "a full slab that is listed";
	else if (c->nr_objects % BITS_PER_WORD &&
		 READ_ONCE(READ_ONCE(page->bitmap)[last]) &
			 ~bitmap_mask(last, 0, c->nr_objects))
		n->why = "a bit of no object";
}

struct slab_stat kmem_cache_stat(struct kmem_cache *c)
{
	struct count n = {.cache = c};

	if (READ_ONCE(node_of(c)->nr_slabs))
		for_each_slab(c, count_slab, &n);
	n.stat.nr_sweeps = READ_ONCE(node_of(c)->nr_sweeps);
	return n.stat;
}

static uint32_t count_stack(const struct kmem_cache *c, uint32_t i,
			    const char **why)
{
	struct page *page = slab_stack_first(&node_of(c)->partial[i]);
	uint32_t n = 0;

	while (page) {
		pfn_t next = {READ_ONCE(page->next.nr)};

		if (!is_slab_of(page, c) || slab_state(page) != SLAB_LISTED ||
		    ++n > READ_ONCE(node_of(c)->nr_slabs)) {
			*why = "a page on a stack of slabs";
			break;
		}
		page = next.nr ? pfn_to_page(next) : NULL;
	}
	return n;
}

/* Then a slab may be in nobody's count yet, or no more. */
static bool may_have_lost(uint32_t found, uint32_t expected)
{
	return found < expected && in_the_midst();
}

/* What changes with every slab that is made, ended, listed or taken. */
static uint64_t changes(const struct kmem_cache *c)
{
	return READ_ONCE(node_of(c)->partial[0].head) +
	       READ_ONCE(node_of(c)->partial[1].head) +
	       READ_ONCE(node_of(c)->nr_slabs);
}

/* What is wrong, or NULL; also when it cannot be told, as things change. */
static const char *look(const struct kmem_cache *c)
{
	struct count n = {.cache = c};
	uint64_t before = changes(c);
	uint32_t stacked;

	for_each_slab(c, count_slab, &n);
	if (n.stat.nr_slabs != READ_ONCE(node_of(c)->nr_slabs) &&
	    !may_have_lost(n.stat.nr_slabs, READ_ONCE(node_of(c)->nr_slabs)))
		n.why = "nr_slabs";
	stacked = count_stack(c, 0, &n.why) + count_stack(c, 1, &n.why);
	if (!n.why && stacked != n.listed && !may_have_lost(stacked, n.listed))
		n.why = "how many slabs are listed";
	return changes(c) == before ? n.why : NULL;
}

int kmem_cache_verify(struct kmem_cache *c)
{
	const char *why = look(c);
	struct report r;

	for (int i = 0; why && i < LOOKS; i++) {
		os_sleep(LOOK_MS);
		why = look(c);
	}
	if (!why)
		return 0;
	report_begin(&r);
	text_str(&r.text, "mm_verify: the cache of ");
	text_dec(&r.text, c->size);
	text_str(&r.text, " byte objects disagrees with itself: ");
	text_str(&r.text, why);
	report_end(&r);
	return -EUCLEAN;
}
