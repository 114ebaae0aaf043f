/* The hardened mode: what is known of a block. */
#include "harden.h"
#include "harden_block.h"
#include "large.h"
#include "malloc.h"

size_t harden_run_room(const struct page *page)
{
	size_t most = large_usable(page);
	size_t room = fence_usable(page->requested + harden_tail());

	return page->flags & PG_FENCED && room < most ? room : most;
}

static bool see_run(struct seen *s, struct page *page)
{
	if (!(page->flags & PG_SIZED))
		return false;
	*s = (struct seen){.page = page,
			   .size = page->requested,
			   .room = harden_run_room(page),
			   .exact = true};
	return true;
}

static bool see_object(struct seen *s, struct page *page, const void *p)
{
	const struct kmem_cache *c = &kmem_caches[page->cache];
	uint32_t *entry = ledger_entry(c, page, p, false);
	uint32_t known = entry ? READ_ONCE(*entry) : LEDGER_UNKNOWN;

	if (!harden_is_exact())
		return false;
	*s = (struct seen){.page = page,
			   .entry = entry,
			   .size = c->size,
			   .room = c->size,
			   .freed = ledger_state(known) == LEDGER_FREED ||
				    slab_object_is_free(c, page, p)};
	if (ledger_state(known) == LEDGER_IN_USE) {
		s->size = ledger_bytes(known);
		s->exact = true;
	}
	return true;
}

static bool see_sample(struct seen *s, const void *p)
{
	struct sample_view v;

	if (!harden_has(HARDEN_SAMPLE) || !sample_look(p, &v) || !v.at_start ||
	    v.state != SAMPLE_IN_USE)
		return false;
	*s = (struct seen){.size = v.size, .room = v.size, .exact = true};
	return true;
}

bool harden_see(struct seen *s, const void *p)
{
	struct page *page;

	if (see_sample(s, p))
		return true;
	page = block_of(p);
	if (!page)
		return false;
	return page->type == PAGE_RUN ? see_run(s, page)
				      : see_object(s, page, p);
}

void harden_check_end(const struct seen *s, const void *p, const char *function)
{
	size_t bad;

	if (!harden_has(HARDEN_CANARY) || !s->exact)
		return;
	bad = canary_check(p, s->size, s->room);
	if (unlikely(bad < s->room))
		misuse_block(MISUSE_OVERFLOW, function, p, s->size, bad);
}
