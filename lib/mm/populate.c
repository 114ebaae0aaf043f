/* Bringing pages in, where the kernel makes huge ones of itself. */
#include "populate.h"

/* The least that a touch brings in there. */
#define HUGE_BYTES (PAGE_SIZE << PAGEBLOCK_ORDER)

void zone_keep_small(struct zone *z)
{
	uint32_t from = READ_ONCE(z->small_end);
	uint32_t to = __atomic_load_n(&z->online, __ATOMIC_ACQUIRE);

	if (from >= to)
		return;
	os_small_pages(page_to_addr(zone_page(z, from)), (size_t)(to - from)
								 << PAGE_SHIFT);
	/* Another thread may have come further meanwhile. */
	while (from < to &&
	       !__atomic_compare_exchange_n(&z->small_end, &from, to, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void zone_has_grown(struct zone *z)
{
	if (os_huge_policy() == HUGE_ALWAYS && os_huge_are_dear())
		zone_keep_small(z);
}

void populate_pages(const struct page *page, size_t len)
{
	uint64_t before;

	if (os_huge_policy() != HUGE_ALWAYS || page->flags & PG_HUGE ||
	    run_is_of_small_pages(page)) {
		os_populate(page_to_addr(page), len);
		return;
	}
	before = os_thread_ns();
	os_populate(page_to_addr(page), len);
	if (os_huge_took(os_thread_ns() - before, align_up(len, HUGE_BYTES)))
		zone_keep_small(zone_of(page));
}
