/* The hardened mode: blocks are handed out. */
#include "harden.h"
#include "harden_block.h"
#include "large.h"
#include "malloc.h"

/*
 * The object has an entry from now on. When there is no memory for that the
 * program goes on with one of unknown size: its class's.
 */
static void *hand_out(unsigned int cache, void *obj, size_t size)
{
	const struct kmem_cache *c = &kmem_caches[cache];
	struct page *page = compound_head(pfn_to_page(addr_to_pfn(obj)));
	uint32_t *entry = ledger_entry(c, page, obj, true);
	uint32_t old;

	if (unlikely(!entry))
		return obj;
	old = ledger_swap(entry, LEDGER_IN_USE | (uint32_t)size);
	if (ledger_state(old) == LEDGER_FILLED)
		harden_check_poison(c, obj, "malloc");
	if (harden_has(HARDEN_CANARY))
		canary_set(obj, size, c->size);
	return obj;
}

void *harden_object(unsigned int cache, void *obj)
{
	/* A cache's objects have no rest that a canary could stand in. */
	return obj ? hand_out(cache, obj, kmem_caches[cache].size) : NULL;
}

static void *alloc_object(struct thread_cache *own, unsigned int class,
			  size_t size)
{
	void *obj = magazine_alloc_slow(own, class);

	return obj && harden_is_exact() ? hand_out(class, obj, size) : obj;
}

static struct page *fenced_run(struct thread_cache *own, size_t len,
			       size_t alignment, bool zero)
{
	unsigned int order = 0;
	struct page *page;

	if (alignment > PAGE_SIZE)
		order = order_at_least(alignment >> PAGE_SHIFT);
	page = fence_alloc(thread_mm(own), len, order);
	if (page && zero && !(page->flags & PG_ZEROED))
		harden_wipe(page_to_addr(page), len);
	return page;
}

static struct page *plain_run(struct thread_cache *own, size_t len,
			      size_t alignment, bool zero)
{
	void *p = alignment > MIN_OBJECT_SIZE
			  ? large_alloc_aligned(own, alignment, len)
			  : large_alloc(own, len, zero);

	return p ? page_of(p) : NULL;
}

static void *alloc_large(struct thread_cache *own, size_t size,
			 size_t alignment, bool zero)
{
	size_t len = size + harden_tail();
	struct page *page = NULL;
	void *p;

	if (harden_has(HARDEN_GUARD))
		page = fenced_run(own, len, alignment, zero);
	/* A process that has no mappings left must go on without. */
	if (!page)
		page = plain_run(own, len, alignment, zero);
	if (!page)
		return NULL;
	p = page_to_addr(page);
	if (!harden_has(HARDEN_EXACT | HARDEN_GUARD))
		return p;
	page->flags &= (uint16_t)~PG_ZEROED;
	page->flags |= PG_SIZED;
	page->requested = size;
	if (harden_has(HARDEN_CANARY))
		canary_set(p, size, harden_run_room(page));
	return p;
}

/* About how many blocks a miss of this size stands for. */
static uint32_t weight_of(const struct thread_cache *own, size_t size)
{
	if (!own || size > SMALL_MAX)
		return 1;
	return own->capacity[size_class(size)] / 2 + 1u;
}

static void *alloc_sample(const struct thread_cache *own, size_t size,
			  size_t alignment)
{
	if (!harden_has(HARDEN_SAMPLE) || !sample_is_due(weight_of(own, size)))
		return NULL;
	return sample_alloc(alignment, size);
}

void *harden_alloc(struct thread_cache *own, size_t size, size_t alignment,
		   bool zero)
{
	unsigned int class = 0;
	void *p;

	/* Of nothing one byte may be used: none would seem no block at all. */
	if (!size)
		size = 1;
	p = alloc_sample(own, size, alignment);
	if (p)
		return p;
	if (alignment > MIN_OBJECT_SIZE)
		class = aligned_class(alignment, size + harden_tail());
	else if (size + harden_tail() <= SMALL_MAX)
		class = size_class(size + harden_tail());
	if (class)
		p = alloc_object(own, class, size);
	if (!p && (!class || size > FINE_MAX))
		p = alloc_large(own, size, alignment, zero);
	return p;
}
