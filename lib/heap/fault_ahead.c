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

void fault_ahead(struct page *page)
{
	if (page->nr < MIN_PAGES || !(page->flags & (PG_ZEROED | PG_PATCHY)))
		return;
	if (page->nr > READ_ONCE(used_pages) ||
	    !(__atomic_add_fetch(&nr_ahead, 1, __ATOMIC_RELAXED) %
	      PROBE_INTERVAL))
		page->flags |= PG_LEARN;
	else
		os_populate(page_to_addr(page), (size_t)page->nr << PAGE_SHIFT);
}

static bool used_as_a_whole(const struct page *page)
{
	size_t len = (size_t)page->nr << PAGE_SHIFT;
	const char *end = (char *)page_to_addr(page) + len;

	/* The last page is often touched in part only: look before it. */
	for (uint32_t i = 0; i < PLACES; i++) {
		size_t back = PAGE_SIZE + 1 + i * (len / PLACES);

		if (!os_is_resident(end - align_up(back, os_page_size())))
			return false;
	}
	return true;
}

void fault_ahead_learn(struct page *page)
{
	uint32_t known = READ_ONCE(used_pages);

	page->flags &= (uint16_t)~PG_LEARN;
	if (!used_as_a_whole(page)) {
		if (page->nr <= known)
			WRITE_ONCE(used_pages, page->nr / 2);
	} else if (page->nr > known) {
		WRITE_ONCE(used_pages, page->nr);
	}
}
