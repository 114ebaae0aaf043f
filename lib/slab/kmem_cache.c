/* Caches of objects of one size, in slabs. */
#include "kmem_cache.h"
#include "ledger.h"
#include "misuse.h"
#include "secret.h"
#include "tags.h"

/* ---- the table -------------------------------------------------------- */

/* Slabs of small objects are one page, of medium ones half or all of 1 MiB. */
#define SLAB_ORDER(s)                                 \
	((s) <= FINE_MAX    ? 0                       \
	 : (s) <= PAGE_SIZE ? PAGE_ALLOC_COSTLY_ORDER \
			    : PAGEBLOCK_ORDER)

#define INVERSE(s) ((uint32_t)(((UINT64_C(1) << 32) + (s)-1) / (s)))

#define CACHE(i, s)                                                          \
	[i] = {.size = (s),                                                  \
	       .inverse = INVERSE((uint64_t)(s)),                            \
	       .order = SLAB_ORDER(s),                                       \
	       .gfp = GFP_UNMOVABLE,                                         \
	       .nr_objects = (uint16_t)((PAGE_SIZE << SLAB_ORDER(s)) / (s)), \
	       .index = (i),                                                 \
	       .lock = LOCK_INIT(RANK_CACHE)}

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

/* Larger than struct thread_cache, which is of a higher file. */
#define THREAD_CACHE_SIZE 4096u

struct kmem_cache kmem_caches[NR_CACHES] = {
	LINEAR_8(1),
	LINEAR_8(9),
	LINEAR_8(17),
	LINEAR_8(25),
	LINEAR_8(33),
	LINEAR_8(41),
	LINEAR_8(49),
	LINEAR_8(57),
	FINE(65, 10),
	FINE(73, 11),
	FINE(81, 12),
	COARSE(89, 13),
	COARSE(93, 14),
	COARSE(97, 15),
	COARSE(101, 16),
	COARSE(105, 17),
	MAGAZINE(0),
	MAGAZINE(1),
	MAGAZINE(2),
	MAGAZINE(3),
	MAGAZINE(4),
	MAGAZINE(5),
	MAGAZINE(6),
	MAGAZINE(7),
	CACHE(CACHE_THREADS, THREAD_CACHE_SIZE),
};

_Static_assert(FIRST_FINE == 65 && FIRST_COARSE == 89 && NR_SIZE_CLASSES == 109,
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
	c->lock = (struct lock)LOCK_INIT(RANK_CACHE);
	c->partial = (struct page_list){PFN_NONE, PFN_NONE};
	c->nr_slabs = 0;
	return true;
}

/* ---- one slab --------------------------------------------------------- */

static uint64_t *slab_bitmap(const struct kmem_cache *c, struct page *page)
{
	if (c->nr_objects <= SLAB_INLINE_WORDS * BITS_PER_WORD)
		return page->map;
	return page_slab_map(page);
}

/* The slab that an object is in. */
static struct page *slab_of(const void *obj)
{
	return compound_head(pfn_to_page(addr_to_pfn(obj)));
}

static void construct(const struct kmem_cache *c, struct page *page)
{
	char *obj = page_to_addr(page);

	for (uint32_t i = 0; i < c->nr_objects; i++)
		c->ctor(obj + (size_t)i * c->size);
}

static struct page *slab_create(struct kmem_cache *c, struct mm_thread *t)
{
	unsigned int gfp = c->gfp | (t ? 0 : GFP_ATOMIC);
	struct page *page = alloc_pages(t, gfp, c->order);

	if (!page)
		return NULL;
	page->order = c->order;
	page->cache = (uint8_t)c->index;
	page->slab_flags = 0;
	page->nr_objects = c->nr_objects;
	page->nr_free = c->nr_objects;
	page->hint = 0;
	page->bitmap = slab_bitmap(c, page);
	for (size_t w = 0; w < BITMAP_WORDS(c->nr_objects); w++)
		page->bitmap[w] = 0;
	bitmap_set_range(page->bitmap, 0, c->nr_objects);
	prep_compound_page(page, c->order);
	ledger_begin(page);
	if (c->ctor)
		construct(c, page);
	return page;
}

/* A slab that is on no list and of which nothing is out. */
static void slab_destroy(struct kmem_cache *c, struct mm_thread *t,
			 struct page *page)
{
	free_pages(t, page, c->order);
}

static bool random_places;

void slab_randomize(void)
{
	random_places = true;
}

/*
 * The free object at a random place, or the next one. The hint stays where it
 * is: it only promises that there is nothing below.
 */
static slow_path uint32_t slab_take_random(const struct kmem_cache *c,
					   struct page *page, uint32_t left,
					   void **out)
{
	char *base = page_to_addr(page);

	while (left && page->nr_free) {
		size_t from = secret_below(c->nr_objects);
		size_t i = bitmap_next_set(page->bitmap, from, c->nr_objects);

		if (i == c->nr_objects)
			i = bitmap_next_set(page->bitmap, 0, from);
		bitmap_clear(page->bitmap, i);
		page->nr_free--;
		out[--left] = base + i * c->size;
	}
	return left;
}

/* Takes objects in the order of their addresses; returns how many are left. */
static uint32_t slab_take(const struct kmem_cache *c, struct page *page,
			  uint32_t left, void **out)
{
	char *base = page_to_addr(page);
	uint32_t w = page->hint;

	if (unlikely(random_places))
		return slab_take_random(c, page, left, out);
	while (left && page->nr_free) {
		uint64_t word = page->bitmap[w];
		size_t first = (size_t)w * BITS_PER_WORD;

		if (!word) {
			w++;
			continue;
		}
		do {
			size_t i = first + lowest_bit(word);

			word &= word - 1;
			out[--left] = base + i * c->size;
			page->nr_free--;
		} while (word && left);
		page->bitmap[w] = word;
	}
	page->hint = (uint16_t)w;
	return left;
}

/* ---- states, under the cache's lock ----------------------------------- */

static void list_slab(struct kmem_cache *c, struct page *page)
{
	page->slab_flags |= SLAB_LISTED;
	page_list_add_head(&c->partial, page);
}

static void unlist_slab(struct kmem_cache *c, struct page *page)
{
	page->slab_flags &= (uint8_t)~SLAB_LISTED;
	page_list_del(&c->partial, page);
}

/* From here on the pages are no slab: they wait to be freed on `empty`. */
static void retire_slab(struct kmem_cache *c, struct page *page,
			struct page_list *empty)
{
	if (page->slab_flags & SLAB_LISTED)
		unlist_slab(c, page);
	c->nr_slabs--;
	if (cache_is_one_page(c))
		tag_page(page_to_addr(page), NULL);
	WRITE_ONCE(page->type, PAGE_RUN);
	page_list_add_head(empty, page);
}

/* Puts an unclaimed slab where its number of free objects says. */
static void place_slab(struct kmem_cache *c, struct page *page,
		       struct page_list *empty)
{
	if (page->slab_flags & SLAB_CLAIMED)
		return;
	if (page->nr_free == page->nr_objects)
		retire_slab(c, page, empty);
	else if (page->nr_free && !(page->slab_flags & SLAB_LISTED))
		list_slab(c, page);
}

static void destroy_all(struct kmem_cache *c, struct mm_thread *t,
			struct page_list *empty)
{
	struct page *page;

	while ((page = page_list_first(empty))) {
		page_list_del(empty, page);
		slab_destroy(c, t, page);
	}
}

/* ---- the lock --------------------------------------------------------- */

struct relist {
	struct kmem_cache *cache;
	struct page_list empty;
};

static void relist_slab(struct page *page, void *arg)
{
	struct relist *r = arg;

	page->nr_free =
		(uint16_t)bitmap_count_range(page->bitmap, 0, page->nr_objects);
	page->hint = 0;
	page->slab_flags &= (uint8_t)~SLAB_LISTED;
	r->cache->nr_slabs++;
	if (page->nr_free && !(page->slab_flags & SLAB_CLAIMED))
		list_slab(r->cache, page);
}

/* A fork broke the lock: the bitmaps tell how things stand. */
static slow_path void kmem_cache_repair(struct kmem_cache *c)
{
	struct relist r = {.cache = c};

	c->partial = (struct page_list){PFN_NONE, PFN_NONE};
	c->nr_slabs = 0;
	for_each_slab(c, relist_slab, &r);
}

uint64_t kmem_cache_lock(struct kmem_cache *c, const struct mm_thread *t)
{
	uint64_t flags = 0;
	bool broken;

	if (t && t->masked)
		broken = lock_masked(&c->lock);
	else
		broken = lock_irqsave(&c->lock, &flags);
	if (unlikely(broken))
		kmem_cache_repair(c);
	return flags;
}

void kmem_cache_unlock(struct kmem_cache *c, const struct mm_thread *t,
		       uint64_t flags)
{
	if (t && t->masked)
		unlock_masked(&c->lock);
	else
		unlock_irqrestore(&c->lock, flags);
}

/* ---- taking ----------------------------------------------------------- */

static void claim_slab(struct kmem_cache *c, struct page *page, pfn_t *claim)
{
	if (page->slab_flags & SLAB_LISTED)
		unlist_slab(c, page);
	page->slab_flags |= SLAB_CLAIMED;
	*claim = page_to_pfn(page);
}

/* The claim is used up: it goes on without an owner. */
static void drop_claim(pfn_t *claim)
{
	pfn_to_page(*claim)->slab_flags &= (uint8_t)~SLAB_CLAIMED;
	*claim = PFN_NONE;
}

static uint32_t take_locked(struct kmem_cache *c, pfn_t *claim, uint32_t left,
			    void **out)
{
	if (claim && claim->nr) {
		left = slab_take(c, pfn_to_page(*claim), left, out);
		if (left)
			drop_claim(claim);
	}
	while (left) {
		struct page *page = page_list_first(&c->partial);

		if (!page)
			break;
		left = slab_take(c, page, left, out);
		if (claim && (!left || !page_list_next(page)))
			claim_slab(c, page, claim);
		else if (!page->nr_free)
			unlist_slab(c, page);
		if (claim && claim->nr)
			break;
	}
	return left;
}

/* A slab of the thread's own, or one for all when it claims none. */
static void publish_slab(struct kmem_cache *c, struct mm_thread *t,
			 struct page *page, pfn_t *claim)
{
	uint64_t flags = kmem_cache_lock(c, t);

	c->nr_slabs++;
	if (claim)
		claim_slab(c, page, claim);
	else if (page->nr_free)
		list_slab(c, page);
	WRITE_ONCE(page->type, PAGE_SLAB);
	if (cache_is_one_page(c) && !cache_is_internal(c->index))
		tag_page(page_to_addr(page), c);
	kmem_cache_unlock(c, t, flags);
}

uint32_t kmem_cache_alloc_bulk(struct kmem_cache *c, struct mm_thread *t,
			       pfn_t *claim, uint32_t nr, void **out)
{
	uint64_t flags = kmem_cache_lock(c, t);
	uint32_t left = take_locked(c, claim, nr, out);
	struct page *page;

	c->refills++;
	kmem_cache_unlock(c, t, flags);
	if (left < nr)
		return nr - left;
	page = slab_create(c, t);
	if (!page)
		return 0;
	left = slab_take(c, page, nr, out);
	publish_slab(c, t, page, claim);
	return nr - left;
}

void *kmem_cache_alloc_one(struct kmem_cache *c, struct mm_thread *t)
{
	void *obj;

	return kmem_cache_alloc_bulk(c, t, NULL, 1, &obj) ? obj : NULL;
}

/* ---- giving back ------------------------------------------------------ */

/* What is wrong with an object that is given back, or NULL. */
static const char *give_locked(struct kmem_cache *c, const void *obj,
			       struct page_list *empty)
{
	struct page *page = slab_of(obj);
	uint32_t i = object_index(c, offset_in_slab(page, obj));

	if (unlikely(i >= c->nr_objects))
		return "interior pointer";
	if (unlikely(bitmap_test(page->bitmap, i)))
		return "double free";
	bitmap_set(page->bitmap, i);
	page->nr_free++;
	if (page->hint > i / BITS_PER_WORD)
		page->hint = (uint16_t)(i / BITS_PER_WORD);
	place_slab(c, page, empty);
	return NULL;
}

void kmem_cache_free_bulk(struct kmem_cache *c, struct mm_thread *t,
			  uint32_t nr, void *const *objects)
{
	struct page_list empty = {PFN_NONE, PFN_NONE};
	const char *wrong = NULL;
	uint64_t flags;
	uint32_t i;

	if (!nr)
		return;
	flags = kmem_cache_lock(c, t);
	c->flushes++;
	for (i = 0; i < nr && !wrong; i++)
		wrong = give_locked(c, objects[i], &empty);
	kmem_cache_unlock(c, t, flags);
	/* Not with the lock held: a handler of SIGABRT may allocate. */
	if (unlikely(wrong))
		misuse(wrong, "free", objects[i - 1]);
	destroy_all(c, t, &empty);
}

void kmem_cache_unclaim(struct kmem_cache *c, struct mm_thread *t, pfn_t pfn)
{
	struct page_list empty = {PFN_NONE, PFN_NONE};
	struct page *page = pfn_to_page(pfn);
	uint64_t flags;

	flags = kmem_cache_lock(c, t);
	page->slab_flags &= (uint8_t)~SLAB_CLAIMED;
	place_slab(c, page, &empty);
	kmem_cache_unlock(c, t, flags);
	destroy_all(c, t, &empty);
}
