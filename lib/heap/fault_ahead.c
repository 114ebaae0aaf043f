/* Faulting large blocks in ahead of their use. */
#include "fault_ahead.h"

/* Shorter runs are not worth the calls: 512 KiB. */
#define MIN_PAGES 8u

/* Where a run is looked at: its end, and so many places before. */
#define PLACES 4u

/* One run in so many is left to the program, to see what it does. */
#define PROBE_INTERVAL 16u

static uint32_t used_pages; /* runs up to this length are used as a whole */
static uint32_t nr_ahead;
static pfn_t watched; /* the run that was left to the program last */

static bool used_as_a_whole(const struct page *page, uint32_t nr)
{
	size_t len = (size_t)nr << PAGE_SHIFT;
	const char *end = (char *)page_to_addr(page) + len;

	/* The last page is often touched in part only: look before it. */
	for (uint32_t i = 0; i < PLACES; i++) {
		size_t back = PAGE_SIZE + 1 + i * (len / PLACES);

		if (!os_is_resident(end - align_up(back, os_page_size())))
			return false;
	}
	return true;
}

static void learn(const struct page *page, uint32_t nr, bool ended)
{
	uint32_t known = READ_ONCE(used_pages);

	if (nr > known) {
		if (used_as_a_whole(page, nr))
			WRITE_ONCE(used_pages, nr);
	} else if (ended && !used_as_a_whole(page, nr)) {
		WRITE_ONCE(used_pages, nr / 2);
	}
}

/*
 * Most programs fill one block before they ask for the next. Another thread may
 * free this one meanwhile, and then it may be any: what is learnt is a hint.
 */
static void learn_from_watched(void)
{
	pfn_t pfn = {__atomic_exchange_n(&watched.nr, PFN_NONE.nr,
					 __ATOMIC_RELAXED)};
	const struct page *page = pfn_to_page(pfn);
	uint32_t nr;

	if (!pfn.nr)
		return;
	nr = READ_ONCE(page->nr);
	if (page_type(page) == PAGE_RUN && nr >= MIN_PAGES)
		learn(page, nr, false);
}

void fault_ahead(struct page *page)
{
	if (page->nr < MIN_PAGES || !(page->flags & (PG_ZEROED | PG_PATCHY)))
		return;
	learn_from_watched();
	if (page->nr > READ_ONCE(used_pages) ||
	    !(__atomic_add_fetch(&nr_ahead, 1, __ATOMIC_RELAXED) %
	      PROBE_INTERVAL)) {
		page->flags |= PG_LEARN;
		WRITE_ONCE(watched.nr, page_to_pfn(page).nr);
	} else {
		os_populate_huge(page_to_addr(page),
				 (size_t)page->nr << PAGE_SHIFT);
	}
}

void fault_ahead_learn(struct page *page)
{
	page->flags &= (uint16_t)~PG_LEARN;
	learn(page, page->nr, true);
}
