/* Caches of objects of one size, in slabs. */
#include "kmem_cache.h"
#include "ledger.h"
#include "misuse.h"
#include "slab_map.h"
#include "slab_purge.h"
#include "tags.h"

/*
 * Listed slabs with nothing out are retired when they are this part of all
 * that are listed: a sweep looks at each of them.
 */
#define EMPTY_SHARE 4u

/*
 * From so many slabs on a cache is in demand: what it gets next, because its
 * slabs are used up, will be used as a whole, or is a small part of what it
 * has. To fault a slab's memory in by one call takes a fraction of the time of
 * a fault for each of its OS pages.
 */
#define DEMAND_SLABS 8u

#define STATE_MASK ((1u << SLAB_STATE_BITS) - 1)

/* ---- states ----------------------------------------------------------- */

static uint32_t in_state(uint32_t state, enum slab_state s)
{
	return (state & ~STATE_MASK) | (uint32_t)s;
}

static uint32_t next_life(uint32_t state)
{
	return (state & ~STATE_MASK) + STATE_MASK + 1;
}

/* The caller holds the slab: nobody else writes its state. */
static void set_state(struct page *page, enum slab_state s)
{
	__atomic_store_n(&page->state, in_state(READ_ONCE(page->state), s),
			 __ATOMIC_SEQ_CST);
}

/* From `full` whoever frees an object may take hold of a slab, once. */
static bool hold_if_full(struct page *page, uint32_t seen)
{
	return (seen & STATE_MASK) == SLAB_FULL &&
	       __atomic_compare_exchange_n(&page->state, &seen,
					   in_state(seen, SLAB_HELD), false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* ---- making and ending ------------------------------------------------ */

static void construct(const struct kmem_cache *c, struct page *page)
{
	char *obj = page_to_addr(page);

	for (uint32_t i = 0; i < c->nr_objects; i++)
		c->ctor(obj + (size_t)i * c->size);
}

/* Of an object above an OS page's size a program may use the beginning only. */
static void populate_slab(const struct kmem_cache *c, const struct page *page)
{
	if (page->flags & PG_ZEROED && c->size <= os_page_size() &&
	    READ_ONCE(node_of(c)->nr_slabs) >= DEMAND_SLABS)
		populate_pages(page, align_up((size_t)c->nr_objects * c->size,
					      os_page_size()));
}

/* A slab that the caller holds, with all objects free; or NULL. */
static struct page *slab_create(struct kmem_cache *c, struct mm_thread *t,
				bool demand)
{
	unsigned int gfp = c->gfp | (t ? 0 : GFP_ATOMIC);
	struct page *page = alloc_pages(t, gfp, c->order);

	if (!page)
		return NULL;
	if (demand && cache_is_one_page(c))
		populate_slab(c, page);
	page->order = c->order;
	/* Pairs with the acquire in is_slab_of(): no slab yet. */
	__atomic_store_n(&page->cache, (uint8_t)c->index, __ATOMIC_RELEASE);
	page->hint = 0;
	page->touched = 0;
	WRITE_ONCE(page->bitmap, slab_bitmap(c, page));
	for (uint32_t w = 0; w < BITMAP_WORDS(c->nr_objects); w++)
		WRITE_ONCE(slab_bitmap(c, page)[w],
			   bitmap_mask(w, 0, c->nr_objects));
	/* Another life of this page: who speaks of the last one is mistaken. */
	WRITE_ONCE(page->state, next_life(READ_ONCE(page->state)));
	set_state(page, SLAB_HELD);
	prep_compound_page(page, c->order);
	ledger_begin(page);
	if (c->ctor)
		construct(c, page);
	__atomic_fetch_add(&node_of(c)->nr_slabs, 1, __ATOMIC_RELAXED);
	set_page_type(page, PAGE_SLAB);
	if (!cache_is_internal(c->index))
		tag_slab(c, page, true);
	if (page->flags & PG_ZEROED)
		slab_purge_on_fresh(t, 1u << c->order);
	return page;
}

/* A slab that the caller holds and of which nothing is out. */
static void slab_retire(struct kmem_cache *c, struct mm_thread *t,
			struct page *page)
{
	VM_BUG_ON_PAGE(page->type != PAGE_SLAB, page);
	VM_BUG_ON_PAGE(slab_state(page) != SLAB_HELD, page);
	VM_BUG_ON_PAGE(!slab_all_free(c, page), page);
	set_state(page, SLAB_NONE);
	tag_slab(c, page, false);
	set_page_type(page, PAGE_RUN);
	__atomic_fetch_sub(&node_of(c)->nr_slabs, 1, __ATOMIC_RELAXED);
	free_pages(t, page, c->order);
}

/* ---- the stacks ------------------------------------------------------- */

/* The one that slabs are put on. */
static uint32_t current_stack(const struct kmem_cache *c)
{
	return READ_ONCE(node_of(c)->current) & 1;
}

static void list_slab(struct kmem_cache *c, struct page *page)
{
	uint32_t i = current_stack(c);

	VM_BUG_ON_PAGE(slab_state(page) != SLAB_HELD, page);
	set_state(page, SLAB_LISTED);
	__atomic_fetch_add(&node_of(c)->nr_listed, 1, __ATOMIC_RELAXED);
	slab_stack_push(&node_of(c)->partial[i], page);
}

static struct page *pop_from(struct kmem_cache *c, uint32_t i)
{
	struct page *page = slab_stack_pop(&node_of(c)->partial[i]);

	if (page) {
		VM_BUG_ON_PAGE(slab_state(page) != SLAB_LISTED, page);
		__atomic_fetch_sub(&node_of(c)->nr_listed, 1, __ATOMIC_RELAXED);
		set_state(page, SLAB_HELD);
		page->hint = 0;
	}
	return page;
}

/* A slab with free objects, which the caller then holds; or NULL. */
static struct page *pop_slab(struct kmem_cache *c)
{
	uint32_t i = current_stack(c);
	struct page *page = pop_from(c, i);

	return page ? page : pop_from(c, i ^ 1);
}

static void note_empty(struct kmem_cache *c, struct mm_thread *t)
{
	uint32_t n =
		__atomic_add_fetch(&node_of(c)->nr_empty, 1, __ATOMIC_RELAXED);

	if (n * EMPTY_SHARE >= READ_ONCE(node_of(c)->nr_listed))
		kmem_cache_sweep(c, t);
}

/* The caller's hold ends: the slab goes where its bitmap says. */
static void release_slab(struct kmem_cache *c, struct mm_thread *t,
			 struct page *page)
{
	while (!slab_has_free(c, page)) {
		uint32_t full = in_state(READ_ONCE(page->state), SLAB_FULL);

		set_state(page, SLAB_FULL);
		/* Who freed one before may have found the slab held. */
		if (!slab_has_free(c, page) || !hold_if_full(page, full))
			return;
	}
	if (slab_all_free(c, page)) {
		slab_retire(c, t, page);
		return;
	}
	list_slab(c, page);
	/* As above. From here on it may be another's, and this a guess. */
	if (slab_all_free(c, page))
		note_empty(c, t);
}

/* One sweep at a time; one that a fork ended does not count. */
static bool begin_sweep(struct kmem_cache *c)
{
	uint32_t seen = READ_ONCE(node_of(c)->sweeper);
	uint32_t mine = fork_epoch();

	return seen != mine && __atomic_compare_exchange_n(
				       &node_of(c)->sweeper, &seen, mine, false,
				       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void end_sweep(struct kmem_cache *c)
{
	__atomic_store_n(&node_of(c)->sweeper, 0, __ATOMIC_RELEASE);
}

/*
 * Slabs move from stack `from` to the other one by one, so that nothing is lost
 * when the sweep is ended by a fork, and little is missed by who needs a slab.
 * At most *budget of them, which is what is left of it afterwards; the OS pages
 * purged.
 */
static uint32_t sweep_stack(struct kmem_cache *c, struct mm_thread *t,
			    uint32_t from, bool purge, uint32_t *budget)
{
	uint32_t most = READ_ONCE(node_of(c)->nr_listed);
	uint32_t purged = 0;

	WRITE_ONCE(node_of(c)->current, from ^ 1);
	for (uint32_t i = 0; i <= most && *budget; i++, --*budget) {
		struct page *page = pop_from(c, from);

		if (!page)
			break;
		if (slab_all_free(c, page)) {
			slab_retire(c, t, page);
			continue;
		}
		if (purge)
			purged += slab_purge(c, page);
		list_slab(c, page);
	}
	return purged;
}

/* What a purge has left over is on the stack that is not the current one. */
static bool has_rest(const struct kmem_cache *c)
{
	return slab_stack_first(&node_of(c)->partial[current_stack(c) ^ 1]);
}

void kmem_cache_sweep(struct kmem_cache *c, struct mm_thread *t)
{
	uint32_t all = UINT32_MAX;

	if (!begin_sweep(c))
		return;
	WRITE_ONCE(node_of(c)->nr_empty, 0);
	if (has_rest(c))
		sweep_stack(c, t, current_stack(c) ^ 1, false, &all);
	sweep_stack(c, t, current_stack(c), false, &all);
	node_of(c)->nr_sweeps++;
	end_sweep(c);
}

bool kmem_cache_purge(struct kmem_cache *c, struct mm_thread *t,
		      uint32_t *budget, uint32_t *purged)
{
	uint32_t from = current_stack(c);
	bool rest;

	if (!begin_sweep(c))
		return true;
	WRITE_ONCE(node_of(c)->nr_empty, 0);
	if (has_rest(c))
		from ^= 1;
	*purged += sweep_stack(c, t, from, true, budget);
	node_of(c)->nr_sweeps++;
	rest = !*budget && has_rest(c);
	end_sweep(c);
	return !rest;
}

bool kmem_cache_sweep_all(struct mm_thread *t)
{
	bool any = false;

	for (unsigned int i = 1; i < NR_CACHES; i++) {
		struct kmem_cache *c = &kmem_caches[i];
		uint32_t before = READ_ONCE(node_of(c)->nr_slabs);

		if (!READ_ONCE(node_of(c)->nr_listed))
			continue;
		kmem_cache_sweep(c, t);
		any |= READ_ONCE(node_of(c)->nr_slabs) < before;
	}
	return any;
}

/* ---- taking ----------------------------------------------------------- */

static uint32_t take_claimed(struct kmem_cache *c, struct mm_thread *t,
			     pfn_t *claim, uint32_t left, void **out)
{
	struct page *page = pfn_to_page(*claim);

	left = slab_take(c, page, left, out);
	if (left) {
		*claim = PFN_NONE;
		release_slab(c, t, page);
	}
	return left;
}

/* From a slab that is held: it becomes the claim, or goes back. */
static uint32_t take_held(struct kmem_cache *c, struct mm_thread *t,
			  struct page *page, pfn_t *claim, uint32_t left,
			  void **out)
{
	left = slab_take(c, page, left, out);
	if (claim && !left)
		*claim = page_to_pfn(page);
	else
		release_slab(c, t, page);
	return left;
}

uint32_t kmem_cache_alloc_bulk(struct kmem_cache *c, struct mm_thread *t,
			       pfn_t *claim, uint32_t nr, void **out)
{
	/* A thread's first slab tells nothing of what it will need. */
	bool demand = !claim || claim->nr;
	uint32_t left = nr;
	struct page *page;

	if (claim && claim->nr)
		left = take_claimed(c, t, claim, left, out);
	while (left && (page = pop_slab(c)))
		left = take_held(c, t, page, claim, left, out);
	/* Better few than a new slab. */
	if (left < nr)
		return nr - left;
	page = slab_create(c, t, demand);
	if (page)
		left = take_held(c, t, page, claim, left, out);
	return nr - left;
}

void *kmem_cache_alloc_one(struct kmem_cache *c, struct mm_thread *t)
{
	void *obj;

	return kmem_cache_alloc_bulk(c, t, NULL, 1, &obj) ? obj : NULL;
}

/* ---- giving back ------------------------------------------------------ */

/* Objects of one slab whose bits stand in one word. */
struct group {
	uintptr_t slab; /* its first byte */
	uint32_t word;
	uint32_t nr;
	uint64_t bits;
};

static inline uint32_t object_at(size_t offset, uint64_t inverse)
{
	return (uint32_t)(offset * inverse >> 32);
}

/*
 * What has come to be true of a slab whose objects were just marked free, and
 * whose word of the bitmap is all set by that or not.
 */
static void after_free(struct kmem_cache *c, struct mm_thread *t,
		       struct page *page, uint32_t now, bool word_is_free)
{
	if (hold_if_full(page, now))
		release_slab(c, t, page);
	else if ((now & STATE_MASK) == SLAB_LISTED && word_is_free &&
		 slab_all_free(c, page))
		note_empty(c, t);
}

noreturn_fn static void wrong_object(const struct kmem_cache *c,
				     const struct group *g, uint64_t wrong)
{
	size_t i = (size_t)g->word * BITS_PER_WORD + lowest_bit(wrong);

	misuse("double free", "free", (char *)g->slab + i * c->size);
}

static void mark_free(struct kmem_cache *c, struct mm_thread *t,
		      const struct group *g)
{
	struct page *page = pfn_to_page(addr_to_pfn((void *)g->slab));
	/* Before the bits are set, as its life may end with them. */
	uint32_t life = READ_ONCE(page->state) & ~STATE_MASK;
	uint32_t now;
	uint64_t old;

	old = __atomic_fetch_or(&slab_bitmap(c, page)[g->word], g->bits,
				__ATOMIC_SEQ_CST);
	if (unlikely(old & g->bits))
		wrong_object(c, g, old & g->bits);
	now = __atomic_load_n(&page->state, __ATOMIC_SEQ_CST);
	if ((now & STATE_MASK) != SLAB_HELD && (now & ~STATE_MASK) == life)
		after_free(c, t, page, now,
			   (old | g->bits) ==
				   bitmap_mask(g->word, 0, c->nr_objects));
}

/* One of a group's objects is in it twice. */
noreturn_fn static slow_path void object_twice(const struct kmem_cache *c,
					       const struct group *g,
					       void *const *objects)
{
	uint64_t seen = 0, bit = 0;

	for (uint32_t n = 0; !(seen & bit); n++) {
		size_t offset = (uintptr_t)objects[n] - g->slab;

		seen |= bit;
		bit = UINT64_C(1)
		      << (object_at(offset, c->inverse) % BITS_PER_WORD);
	}
	wrong_object(c, g, bit);
}

/*
 * The first of the objects, and those behind it as far as they stand in the
 * same word. A word's objects are a range of addresses, so that to see whether
 * one is among them takes one comparison.
 */
static inline struct group next_group(const struct kmem_cache *c, uint32_t nr,
				      void *const *objects)
{
	uint64_t inverse = c->inverse;
	size_t mask = ~slab_mask(c);
	size_t range = (size_t)c->size * BITS_PER_WORD;
	size_t offset = (uintptr_t)objects[0] & mask;
	uint32_t i = object_at(offset, inverse);
	struct group g = {.slab = (uintptr_t)objects[0] & ~mask,
			  .word = i / BITS_PER_WORD,
			  .bits = UINT64_C(1) << (i % BITS_PER_WORD)};
	size_t start = g.word * range;
	uint32_t n = 1;

	/* The last word's objects end with the slab. */
	if (range > mask + 1 - start)
		range = mask + 1 - start;
	start += g.slab;
	for (; n < nr; n++) {
		offset = (uintptr_t)objects[n] - start;
		if (offset >= range)
			break;
		g.bits |= UINT64_C(1) << object_at(offset, inverse);
	}
	g.nr = n;
	return g;
}

void kmem_cache_free_bulk(struct kmem_cache *c, struct mm_thread *t,
			  uint32_t nr, void *const *objects)
{
	while (nr) {
		struct group g = next_group(c, nr, objects);

		if (g.nr > 1 && unlikely(count_bits(g.bits) != g.nr))
			object_twice(c, &g, objects);
		mark_free(c, t, &g);
		objects += g.nr;
		nr -= g.nr;
	}
}

void kmem_cache_unclaim(struct kmem_cache *c, struct mm_thread *t, pfn_t pfn)
{
	release_slab(c, t, pfn_to_page(pfn));
}
