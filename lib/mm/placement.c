/* Where runs are placed. */
#include "placement.h"

/* So many rows of dirty pages are looked at, lest a scattered heap be slow. */
#define MOST_ROWS 256u

/* Of a run that is dirty in part so much is, or fresh pages do as well. */
#define PATCHY_SHARE 4u

uint32_t find_run_locked(const struct zone *z, uint32_t nr)
{
	size_t blocks = (nr + PAGEBLOCK_PAGES - 1) >> PAGEBLOCK_ORDER;
	size_t end = ZONE_PAGEBLOCKS;
	size_t from = 0;

	VM_BUG_ON(!lock_is_mine(&z->lock));
	for (;;) {
		size_t past;

		from = bitmap_next_set(z->block_map, from, end);
		if (from + blocks > end)
			return 0;
		past = bitmap_next_clear(z->block_map, from, from + blocks);
		if (past == from + blocks)
			return (uint32_t)from << PAGEBLOCK_ORDER;
		from = past;
	}
}

/* The first page from index on that is free and dirty, or that is not. */
static uint32_t next_free_dirty(const struct zone *z, uint32_t index, bool is)
{
	uint64_t mask = ~UINT64_C(0) << (index % BITS_PER_WORD);
	uint32_t end = z->online;

	for (size_t w = index / BITS_PER_WORD; w * BITS_PER_WORD < end; w++) {
		uint64_t word = zone_dirty_word(z, w);

		word = (is ? word : ~word) & mask;
		if (word) {
			size_t at = w * BITS_PER_WORD + lowest_bit(word);

			return at < end ? (uint32_t)at : end;
		}
		mask = ~UINT64_C(0);
	}
	return end;
}

/* The last pageblock of a range that is not movable, or -1. */
static int unmovable_block(const struct zone *z, uint32_t index, uint32_t nr)
{
	int last = (int)((index + nr - 1) >> PAGEBLOCK_ORDER);

	for (int b = last; b >= (int)(index >> PAGEBLOCK_ORDER); b--)
		if (z->pageblock_type[b] != MIGRATE_MOVABLE)
			return b;
	return -1;
}

uint32_t find_dirty_run_locked(const struct zone *z, uint32_t nr)
{
	uint32_t index = z->first_page;

	VM_BUG_ON(!lock_is_mine(&z->lock));
	if (z->nr_free_dirty < nr)
		return 0;
	for (uint32_t row = 0; row < MOST_ROWS; row++) {
		uint32_t end;
		int block;

		index = next_free_dirty(z, index, true);
		if (index == z->online)
			break;
		end = next_free_dirty(z, index, false);
		if (end - index < nr) {
			index = end;
			continue;
		}
		block = unmovable_block(z, index, nr);
		if (block < 0)
			return index;
		index = (uint32_t)(block + 1) << PAGEBLOCK_ORDER;
	}
	return 0;
}

struct patchy_run {
	uint32_t index;
	uint32_t dirty; /* more of its pages than of any other's */
	uint32_t looks; /* left */
};

static uint32_t count_dirty(const struct zone *z, uint32_t index, uint32_t nr)
{
	uint32_t end = index + nr;
	uint32_t dirty = 0;

	for (size_t w = index / BITS_PER_WORD; w * BITS_PER_WORD < end; w++)
		dirty += count_bits(zone_dirty_word(z, w) &
				    bitmap_mask(w, index, nr));
	return dirty;
}

static void consider(const struct zone *z, uint32_t index, uint32_t nr,
		     struct patchy_run *best)
{
	uint32_t dirty = count_dirty(z, index, nr);

	if (dirty > best->dirty && unmovable_block(z, index, nr) < 0) {
		best->index = index;
		best->dirty = dirty;
	}
}

/* In the free pages [index, end), which are nr at least. */
static void consider_row(const struct zone *z, uint32_t index, uint32_t end,
			 uint32_t nr, struct patchy_run *best)
{
	uint32_t last = end - nr;

	for (; best->looks; best->looks--) {
		index = next_free_dirty(z, index, true);
		if (index >= last)
			break;
		consider(z, index, nr, best);
		index = next_free_dirty(z, index, false);
	}
	consider(z, last, nr, best);
}

uint32_t find_patchy_run_locked(const struct zone *z, uint32_t nr)
{
	struct patchy_run best = {.dirty = nr / PATCHY_SHARE,
				  .looks = MOST_ROWS};
	uint32_t end = z->first_page;

	VM_BUG_ON(!lock_is_mine(&z->lock));
	for (uint32_t row = 0; row < MOST_ROWS; row++) {
		uint32_t index = (uint32_t)bitmap_next_set(z->free_map, end,
							   z->online);

		if (index == z->online)
			break;
		end = (uint32_t)bitmap_next_clear(z->free_map, index,
						  z->online);
		if (end - index >= nr)
			consider_row(z, index, end, nr, &best);
	}
	return best.index;
}
