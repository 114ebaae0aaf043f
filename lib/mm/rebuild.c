/*
 * A zone made anew from free_map, in the child of a fork that interrupted an
 * update of it by another thread.
 */
#include <string.h>

#include "buddy.h"

static void forget_lists(struct zone *z)
{
	memset(z->free_area, 0, sizeof(z->free_area));
	memset(z->nonempty, 0, sizeof(z->nonempty));
	memset(z->block_map, 0, sizeof(z->block_map));
	z->nr_free = 0;
	z->nr_free_dirty = 0;
	z->nr_isolated = 0;
	z->nr_guard = 0;
}

/* Whether a guard page will merge as soon as what is free is freed again. */
static bool guard_ends(const struct zone *z, uint32_t index, uint32_t nr)
{
	uint32_t buddy = index ^ nr;

	return buddy >= z->first_page && buddy + nr <= z->online &&
	       bitmap_all_set(z->free_map, buddy, nr);
}

/*
 * Guard pages beside a page that was just being freed become free here: they
 * would merge with it below, and then be found in free_map a second time.
 * Without access they stay. True when there was one.
 */
static bool open_guards(struct zone *z)
{
	bool opened = false;

	for (uint32_t i = z->first_page; i < z->online; i++) {
		struct page *page = zone_page(z, i);
		uint32_t nr = UINT32_C(1) << page->order;

		if (page->type != PAGE_GUARD || !guard_ends(z, i, nr) ||
		    os_protect(page_to_addr(page), (size_t)nr << PAGE_SHIFT,
			       true))
			continue;
		set_page_type(page, PAGE_TAIL);
		z->nr_guard -= nr;
		bitmap_set_range(z->free_map, i, nr);
		opened = true;
	}
	return opened;
}

void zone_rebuild_locked(struct zone *z)
{
	uint32_t index = z->first_page;

	forget_lists(z);
	for (uint32_t i = index; i < z->online; i++) {
		struct page *page = zone_page(z, i);
		uint32_t nr = UINT32_C(1) << page->order;

		/* Who was giving this back is gone: it is free again. */
		if (page->type == PAGE_ISOLATED)
			bitmap_set_range(z->free_map, i, page->nr);
		if (page->type == PAGE_GUARD)
			z->nr_guard += nr;
		if (page->type == PAGE_FREE || page->type == PAGE_ISOLATED)
			set_page_type(page, PAGE_TAIL);
	}
	/* One that ends may free the buddy of a larger one. */
	while (open_guards(z))
		;
	while (index < z->online) {
		uint32_t end;

		index = (uint32_t)bitmap_next_set(z->free_map, index,
						  z->online);
		end = (uint32_t)bitmap_next_clear(z->free_map, index,
						  z->online);
		if (end > index)
			free_range_locked(z, index, end - index);
		index = end;
	}
}
