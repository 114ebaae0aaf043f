/* Faulting large blocks in ahead of their use. */
#include "fault_ahead.h"

/* Shorter runs are not worth the calls: 512 KiB. */
#define MIN_PAGES 8u

/* Huge pages are for runs of so many at least: 4 MiB. */
#define ADVISED_MIN_PAGES (2 * PAGEBLOCK_PAGES)

/* And not for those of more than so many times what is known. */
#define NEAR 4u

/* Where a run is looked at: its end, and so many places before. */
#define PLACES 4u

/* One run in so many is left to the program, to see what it does. */
#define PROBE_INTERVAL 16u

static uint32_t used_pages; /* runs up to this length are used as a whole */
static uint32_t nr_ahead;

/* The run that was left to the program last: pages << 32 | pfn; or 0. */
static uint64_t watched;

static bool used_as_a_whole(pfn_t pfn, uint32_t nr)
{
	size_t len = (size_t)nr << PAGE_SHIFT;
	const char *end = (char *)pfn_to_addr(pfn) + len;

	/* The last page is often touched in part only: look before it. */
	for (uint32_t i = 0; i < PLACES; i++) {
		size_t back = PAGE_SIZE + 1 + i * (len / PLACES);

		if (!os_is_resident(end - align_up(back, os_page_size())))
			return false;
	}
	return true;
}

static void learn(pfn_t pfn, uint32_t nr, bool ended)
{
	uint32_t known = READ_ONCE(used_pages);

	if (nr > known) {
		if (used_as_a_whole(pfn, nr))
			WRITE_ONCE(used_pages, nr);
	} else if (ended && !used_as_a_whole(pfn, nr)) {
		WRITE_ONCE(used_pages, nr / 2);
	}
}

/*
 * Most programs fill one block before they ask for the next. Another thread may
 * have freed this one meanwhile: what is learnt is a hint.
 */
static void learn_from_watched(void)
{
	uint64_t w = __atomic_exchange_n(&watched, 0, __ATOMIC_RELAXED);

	if (w)
		learn((pfn_t){(uint32_t)w}, (uint32_t)(w >> 32), false);
}

static size_t bytes_of(const struct page *page)
{
	return (size_t)page->nr << PAGE_SHIFT;
}

/* What is not expected to be used as a whole yet, but may be. */
static void leave_to_program(struct page *page, uint32_t known)
{
	page->flags |= PG_LEARN;
	WRITE_ONCE(watched, (uint64_t)page->nr << 32 | page_to_pfn(page).nr);
	if (page->nr > known && page->nr / NEAR <= known &&
	    page->nr >= ADVISED_MIN_PAGES && run_is_of_small_pages(page) &&
	    os_huge_pages(page_to_addr(page), bytes_of(page)))
		page->flags |= PG_ADVISED;
}

static void bring_in(const struct page *page)
{
	if (run_is_of_small_pages(page))
		os_populate_huge(page_to_addr(page), bytes_of(page));
	else
		os_populate(page_to_addr(page), bytes_of(page));
}

void fault_ahead(struct page *page)
{
	uint32_t known;

	if (page->nr < MIN_PAGES || !(page->flags & (PG_ZEROED | PG_PATCHY)))
		return;
	learn_from_watched();
	known = READ_ONCE(used_pages);
	if (page->nr <= known &&
	    __atomic_add_fetch(&nr_ahead, 1, __ATOMIC_RELAXED) % PROBE_INTERVAL)
		bring_in(page);
	else
		leave_to_program(page, known);
}

void fault_ahead_resized(struct page *page)
{
	if (unlikely(page->flags & PG_ADVISED)) {
		page->flags &= (uint16_t)~PG_ADVISED;
		os_small_pages(page_to_addr(page), bytes_of(page));
	}
}

void fault_ahead_ends(struct page *page)
{
	if (page->flags & PG_LEARN) {
		page->flags &= (uint16_t)~PG_LEARN;
		learn(page_to_pfn(page), page->nr, true);
	}
	fault_ahead_resized(page);
}
