/* Giving back the memory of slabs that are in use in part only. */
#include "slab_map.h"
#include "slab_purge.h"

/* In the largest slab. */
#define MAX_OS_PAGES ((PAGE_SIZE << PAGEBLOCK_ORDER) / 4096)

/* So much of a slab must be free: else there is little to gain. */
#define FREE_SHARE 2u

/*
 * All slabs are looked at each time that fresh ones are an eighth of them, or
 * that an eighth of their bytes was given back: so looks cost the less the
 * larger a heap is. Who gives back and takes again would fault in each time
 * what was purged; the faults tell (see workingset.h). After that, and after a
 * look that found little, there is none of that kind for FREED_INTERVAL.
 */
#define SHARE 8u
#define LEAST_PAGES 64u	     /* 4 MiB */
#define FREED_INTERVAL 3200u /* ms */
#define PAGE_KIB ((uint32_t)(PAGE_SIZE >> 10))

/* What a look for freed objects must gain: so much of the bytes given back. */
#define LEAST_GAIN 8u

/* Slabs that one call looks at, so that none takes long. */
#define SLICE 256u

static bool disabled;
static uint32_t fresh_kib, freed_kib;	     /* since the last look */
static uint32_t nr_slab_pages = LEAST_PAGES; /* at its end */
static struct workingset freed_set; /* what looks for freed objects purged */

/* The look that is going on. Hints, which several threads may be changing. */
static struct {
	uint32_t left;	 /* the cache to go on with, downwards; 0: none */
	bool for_freed;	 /* what began it */
	uint32_t purged; /* OS pages, so far */
} look;

void slab_purge_disable(void)
{
	disabled = true;
}

/* ---- one slab --------------------------------------------------------- */

/* The bitmap as it is now. Who freed an object is done with it. */
static uint32_t read_map(const struct kmem_cache *c, struct page *page,
			 uint64_t *seen)
{
	const uint64_t *map = slab_bitmap(c, page);
	uint32_t nr = 0;

	for (uint32_t w = 0; w < BITMAP_WORDS(c->nr_objects); w++) {
		/* Pairs with the release in mark_free(). */
		seen[w] = __atomic_load_n(&map[w], __ATOMIC_ACQUIRE);
		nr += count_bits(seen[w]);
	}
	return nr;
}

/* Whether all objects that are in [from, to) in part or as a whole are free. */
static bool range_is_free(const struct kmem_cache *c, const uint64_t *seen,
			  size_t from, size_t to)
{
	size_t first = from / c->size;
	size_t end = (to - 1) / c->size + 1;

	if (end > c->nr_objects)
		end = c->nr_objects;
	return first >= end || bitmap_all_set(seen, first, end - first);
}

/* OS pages of a slab, from the one at `from` on: nothing is out on them. */
struct stretch {
	size_t from;
	uint32_t resident; /* of them */
};

/* What ends at `to` is purged, and another one begins at `next`; OS pages. */
static uint32_t end_stretch(struct stretch *s, char *base, size_t to,
			    size_t next)
{
	uint32_t nr = s->resident;

	if (nr && os_purge(base + s->from, to - s->from))
		nr = 0;
	*s = (struct stretch){.from = next};
	return nr;
}

uint32_t slab_purge(const struct kmem_cache *c, struct page *page)
{
	unsigned char resident[MAX_OS_PAGES];
	uint64_t seen[SLAB_MAP_WORDS];
	size_t step = os_page_size(), len = PAGE_SIZE << c->order;
	struct stretch s = {0};
	char *base = page_to_addr(page);
	uint32_t purged = 0;

	VM_BUG_ON_PAGE(slab_state(page) != SLAB_HELD, page);
	/* A constructed object is handed out as it was given back. */
	if (disabled || c->ctor ||
	    read_map(c, page, seen) * FREE_SHARE < c->nr_objects)
		return 0;
	os_resident(base, len, resident);
	for (size_t at = 0; at < len; at += step) {
		if (!range_is_free(c, seen, at, at + step))
			purged += end_stretch(&s, base, at, at + step);
		else
			s.resident += resident[at / step] & 1;
	}
	return purged + end_stretch(&s, base, len, len);
}

/* ---- all of them ------------------------------------------------------ */

static uint32_t count_pages(void)
{
	uint32_t nr = 0;

	for (unsigned int i = 1; i < NR_CACHES; i++)
		nr += READ_ONCE(kmem_nodes[i].nr_slabs) << kmem_caches[i].order;
	return nr;
}

void slab_purge_all(struct mm_thread *t)
{
	uint32_t all = UINT32_MAX;
	uint32_t purged = 0;

	for (unsigned int i = 1; i < NR_CACHES; i++)
		if (READ_ONCE(kmem_nodes[i].nr_listed))
			kmem_cache_purge(&kmem_caches[i], t, &all, &purged);
}

/* KiB that begin a look. */
static uint32_t share_kib(void)
{
	uint32_t pages = READ_ONCE(nr_slab_pages) / SHARE;

	return (pages > LEAST_PAGES ? pages : LEAST_PAGES) * PAGE_KIB;
}

/* Looks like the last one are worth nothing for a while. */
static void lose_interest(void)
{
	WRITE_ONCE(freed_set.patience, MAX_PATIENCE);
}

/* Page faults stand for what is resident: they grow as it comes back. */
static void learn(uint32_t purged)
{
	uint64_t now = inject_clock(os_milliseconds());

	workingset_purged(&freed_set, purged, os_minor_faults(), now);
	if (purged * (os_page_size() >> 10) < share_kib() / LEAST_GAIN)
		lose_interest();
}

static void end_look(void)
{
	if (READ_ONCE(look.for_freed))
		learn(READ_ONCE(look.purged));
	WRITE_ONCE(nr_slab_pages, count_pages());
}

/* Goes on with the look; nothing is lost when two threads do so at once. */
static slow_path void look_at_some(struct mm_thread *t)
{
	uint32_t budget = SLICE, i = READ_ONCE(look.left);
	uint32_t purged = READ_ONCE(look.purged);

	while (i && budget) {
		struct kmem_cache *c = &kmem_caches[i];

		if (READ_ONCE(node_of(c)->nr_listed) &&
		    !kmem_cache_purge(c, t, &budget, &purged))
			break;
		i--;
	}
	WRITE_ONCE(look.purged, purged);
	WRITE_ONCE(look.left, i);
	if (!i)
		end_look();
}

static void begin_look(struct mm_thread *t, bool for_freed)
{
	WRITE_ONCE(look.for_freed, for_freed);
	WRITE_ONCE(look.purged, 0);
	WRITE_ONCE(look.left, NR_CACHES - 1);
	look_at_some(t);
}

/* Counts up to a share of all slabs, and anew; true when it is reached. */
static bool reaches_share(uint32_t *count, uint32_t kib)
{
	if (likely(__atomic_add_fetch(count, kib, __ATOMIC_RELAXED) <
		   share_kib()))
		return false;
	return __atomic_exchange_n(count, 0, __ATOMIC_RELAXED);
}

void slab_purge_on_fresh(struct mm_thread *t, uint32_t pages)
{
	if (unlikely(READ_ONCE(look.left)))
		look_at_some(t);
	else if (unlikely(reaches_share(&fresh_kib, pages * PAGE_KIB)))
		begin_look(t, false);
}

/* Not if the objects that were purged last are wanted again. */
static slow_path bool may_look_for_freed(void)
{
	uint64_t now = inject_clock(os_milliseconds());

	if (READ_ONCE(freed_set.patience) &&
	    now - READ_ONCE(freed_set.purged_at) < FREED_INTERVAL)
		return false;
	if (!workingset_refaulted(&freed_set, os_minor_faults(), now))
		return true;
	lose_interest();
	return false;
}

void slab_purge_on_freed(struct mm_thread *t, size_t bytes)
{
	if (unlikely(READ_ONCE(look.left)))
		look_at_some(t);
	else if (unlikely(reaches_share(&freed_kib,
					(uint32_t)((bytes + 512) >> 10)) &&
			  may_look_for_freed()))
		begin_look(t, true);
}
