/* A stack of slabs that needs no lock. */
#include "slab_stack.h"

#define CHANGE (UINT64_C(1) << 32)

static uint32_t pfn_of(uint64_t head)
{
	return (uint32_t)head;
}

/* The head with another page first, as one more change. */
static uint64_t changed(uint64_t head, uint32_t pfn)
{
	return ((head + CHANGE) & ~(CHANGE - 1)) | pfn;
}

static bool swap_head(struct slab_stack *s, uint64_t *seen, uint32_t pfn)
{
	/* Release: `next`, and what the slab holds, is there before its page
	 * can be popped. Acquire: pairs with that. */
	return __atomic_compare_exchange_n(&s->head, seen, changed(*seen, pfn),
					   false, __ATOMIC_SEQ_CST,
					   __ATOMIC_ACQUIRE);
}

void slab_stack_push(struct slab_stack *s, struct page *page)
{
	uint64_t seen = __atomic_load_n(&s->head, __ATOMIC_RELAXED);
	uint32_t pfn = page_to_pfn(page).nr;

	do
		WRITE_ONCE(page->next.nr, pfn_of(seen));
	while (!swap_head(s, &seen, pfn));
}

struct page *slab_stack_pop(struct slab_stack *s)
{
	uint64_t seen = __atomic_load_n(&s->head, __ATOMIC_ACQUIRE);

	while (pfn_of(seen)) {
		struct page *page = pfn_to_page((pfn_t){pfn_of(seen)});
		/* Of a page that another took meanwhile this means nothing,
		 * and the swap fails; its struct page is there for ever. */
		uint32_t next = READ_ONCE(page->next.nr);

		if (swap_head(s, &seen, next))
			return page;
	}
	return NULL;
}

struct page *slab_stack_first(const struct slab_stack *s)
{
	uint64_t head = __atomic_load_n(&s->head, __ATOMIC_ACQUIRE);

	return pfn_of(head) ? pfn_to_page((pfn_t){pfn_of(head)}) : NULL;
}
