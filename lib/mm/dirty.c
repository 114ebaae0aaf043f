/* Which pages may hold memory, and which did before they were purged. */
#include "buddy.h"
#include "page_bug.h"

static void count_refaults(struct zone *z, uint32_t index, uint32_t nr)
{
	size_t again = bitmap_count_range(z->purged_map, index, nr);

	if (!again)
		return;
	/* reclaim_for_run() reads it without the lock. */
	WRITE_ONCE(z->event[ZONE_REFAULT], z->event[ZONE_REFAULT] + again);
	bitmap_clear_range(z->purged_map, index, nr);
}

uint32_t mark_dirty_locked(struct zone *z, uint32_t index, uint32_t nr)
{
	size_t dirty = bitmap_count_range(z->dirty_map, index, nr);

	VM_BUG_ON(!lock_is_mine(&z->lock));
	VM_BUG_ON(dirty > z->nr_free_dirty);
	if (dirty < nr)
		count_refaults(z, index, nr);
	bitmap_set_range(z->dirty_map, index, nr);
	z->nr_free_dirty -= (uint32_t)dirty;
	return (uint32_t)dirty;
}

void mark_clean_locked(struct zone *z, uint32_t index, uint32_t nr)
{
	VM_BUG_ON(!lock_is_mine(&z->lock));
	/* Of free pages it is counted how many are dirty. */
	VM_BUG_ON_PAGE(!bitmap_none_set(z->free_map, index, nr),
		       zone_page(z, index));
	bitmap_clear_range(z->dirty_map, index, nr);
}

void mark_purged_locked(struct zone *z, uint32_t index, uint32_t nr)
{
	mark_clean_locked(z, index, nr);
	bitmap_set_range(z->purged_map, index, nr);
	z->event[ZONE_PURGED] += nr;
}
