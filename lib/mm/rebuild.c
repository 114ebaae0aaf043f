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

/*
 * A guard page is free from now on. It would merge with what is freed below,
 * and then be found in free_map a second time. Without access it stays.
 */
static void open_guard(struct zone *z, uint32_t index, struct page *page)
{
	uint32_t nr = UINT32_C(1) << page->order;

	if (os_protect(page_to_addr(page), (size_t)nr << PAGE_SHIFT, true)) {
		z->nr_guard += nr;
		return;
	}
	set_page_type(page, PAGE_TAIL);
	bitmap_set_range(z->free_map, index, nr);
}

void zone_rebuild_locked(struct zone *z)
{
	uint32_t index = z->first_page;

	VM_BUG_ON(!lock_is_mine(&z->lock));
	forget_lists(z);
	for (uint32_t i = index; i < z->online; i++) {
		struct page *page = zone_page(z, i);

		/* Who was giving this back is gone: it is free again. */
		if (page->type == PAGE_ISOLATED)
			bitmap_set_range(z->free_map, i, page->nr);
		if (page->type == PAGE_GUARD)
			open_guard(z, i, page);
		if (page->type == PAGE_FREE || page->type == PAGE_ISOLATED)
			set_page_type(page, PAGE_TAIL);
	}
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
