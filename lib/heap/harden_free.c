/* The hardened mode: blocks are filled, kept for a while and taken back. */
#include <string.h>

#include "harden.h"
#include "harden_block.h"
#include "large.h"
#include "malloc.h"
#include "options.h"

/* Below this, memset() zeroes faster than the kernel takes pages back. */
#define PURGE_MIN ((size_t)1 << 20)

void harden_wipe(void *p, size_t len)
{
	size_t whole = align_down(len, os_page_size());

	if (whole < PURGE_MIN || os_purge(p, whole))
		whole = 0;
	memset((char *)p + whole, 0, len - whole);
}

void harden_check_poison(const struct kmem_cache *c, const void *obj,
			 const char *function)
{
	size_t bad = poison_check(obj, c->size, harden_poison);

	if (unlikely(bad < c->size))
		misuse_block(MISUSE_AFTER_FREE, function, obj, c->size, bad);
}

/* False for an object that is given back as its constructor left it. */
static bool fill(const struct kmem_cache *c, void *obj)
{
	if (c->ctor)
		return false;
	if (harden_has(HARDEN_ZERO | HARDEN_POISON))
		poison_fill(obj, c->size, harden_poison);
	else if (options.junk)
		memset(obj, JUNK_FREE, c->size);
	return harden_has(HARDEN_POISON);
}

/* From the program's last free to the slab, after the quarantine if any. */
static void give_object_back(struct thread_cache *own, void *obj, bool check)
{
	struct page *page = compound_head(pfn_to_page(addr_to_pfn(obj)));
	const struct kmem_cache *c = &kmem_caches[page->cache];
	uint32_t *entry = ledger_entry(c, page, obj, false);
	bool filled = harden_has(HARDEN_POISON) && !c->ctor;

	if (filled && check)
		harden_check_poison(c, obj, "free");
	if (entry)
		ledger_swap(entry, filled ? LEDGER_FILLED : LEDGER_UNKNOWN);
	magazine_free_slow(own, page->cache, obj, "free");
}

void harden_free_object(struct thread_cache *own, const struct seen *s, void *p,
			const char *function)
{
	const struct kmem_cache *c = &kmem_caches[s->page->cache];

	/* The exchange tells apart two threads that free the same block. */
	if (s->entry &&
	    ledger_state(ledger_swap(s->entry, LEDGER_FREED)) == LEDGER_FREED)
		misuse("double free", function, p);
	fill(c, p);
	/* A user's cache could not be ended while its objects were kept. */
	if (!harden_has(HARDEN_QUARANTINE) || c->index >= FIRST_INTERNAL) {
		give_object_back(own, p, false);
		return;
	}
	p = quarantine_put(p, c->size);
	if (p)
		give_object_back(own, p, true);
}

static void give_run_back(struct thread_cache *own, struct page *page)
{
	size_t len = (size_t)page->nr << PAGE_SHIFT;

	if (page->flags & PG_CACHED && !(page->flags & PG_FENCED) &&
	    os_protect(page_to_addr(page), len, true))
		return; /* without access it is of no use to anybody */
	page->flags &= (uint16_t)~PG_CACHED;
	if (page->flags & PG_FENCED)
		fence_free(thread_mm(own), page);
	else
		large_free(own, page);
}

/* Takes access and memory away; false when the run cannot be kept. */
static bool lock_run_up(struct page *page)
{
	return harden_has(HARDEN_QUARANTINE) && !(page->flags & PG_HUGE) &&
	       page->nr <= QUARANTINE_RUN_PAGES &&
	       !os_decommit(page_to_addr(page), (size_t)page->nr << PAGE_SHIFT);
}

void harden_free_run(struct thread_cache *own, const struct seen *s)
{
	struct page *page = s->page;

	page->flags &= (uint16_t)~PG_SIZED;
	if (lock_run_up(page)) {
		page->flags |= PG_CACHED;
		page = quarantine_put_run(page);
	} else if (harden_has(HARDEN_ZERO) && !(page->flags & PG_HUGE)) {
		harden_wipe(page_to_addr(page), s->size);
	} else if (options.junk) {
		memset(page_to_addr(page), JUNK_FREE, s->size);
	}
	if (page)
		give_run_back(own, page);
}

unsigned int harden_drain(struct thread_cache *own)
{
	unsigned int n = 0;
	struct page *page;
	void *obj;

	for (; (obj = quarantine_take()); n++)
		give_object_back(own, obj, true);
	for (; (page = quarantine_take_run()); n++)
		give_run_back(own, page);
	return n;
}
