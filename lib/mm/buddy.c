/* The buddy core. */
#include <string.h>

#include "buddy.h"
#include "page_bug.h"

static unsigned int guard_order; /* 0: no guard pages */

void buddy_set_guard_order(unsigned int order)
{
	guard_order = order;
}

static inline uint32_t order_pages(unsigned int order)
{
	return UINT32_C(1) << order;
}

static inline void *index_addr(const struct zone *z, uint32_t index)
{
	return page_to_addr(zone_page(z, index));
}

/*
 * From the pageblock order up a free block imposes its migratetype on all its
 * pageblocks; `block_map` tells which pageblocks are free as a whole.
 */
static void account_pageblocks(struct zone *z, uint32_t index,
			       unsigned int order, enum migratetype mt,
			       bool free)
{
	uint32_t first = index >> PAGEBLOCK_ORDER;
	uint32_t nr;

	if (order < PAGEBLOCK_ORDER)
		return;
	nr = order_pages(order - PAGEBLOCK_ORDER);
	if (free) {
		memset(&z->pageblock_type[first], (int)mt, nr);
		/* The reserve is not for runs. */
		if (mt != MIGRATE_HIGHATOMIC)
			bitmap_set_range(z->block_map, first, nr);
	} else {
		bitmap_clear_range(z->block_map, first, nr);
	}
}

static void add_to_free_list(struct zone *z, uint32_t index, unsigned int order,
			     enum migratetype mt, bool tail)
{
	struct free_area *area = &z->free_area[order];
	struct page *page = zone_page(z, index);

	VM_BUG_ON_PAGE(page->type != PAGE_TAIL, page);
	VM_BUG_ON_PAGE(index & (order_pages(order) - 1), page);
	VM_BUG_ON_PAGE(index + order_pages(order) > z->online, page);
	set_page_type(page, PAGE_FREE);
	page->order = (uint8_t)order;
	page->migratetype = (uint8_t)mt;
	page->flags = 0;
	if (tail)
		page_list_add_tail(&area->free_list[mt], page);
	else
		page_list_add_head(&area->free_list[mt], page);
	area->nr_free++;
	z->nonempty[mt] |= 1u << order;
	z->nr_free += order_pages(order);
	account_pageblocks(z, index, order, mt, true);
}

static void del_from_free_list(struct zone *z, struct page *page)
{
	unsigned int order = page->order;
	struct free_area *area = &z->free_area[order];
	struct page_list *list = &area->free_list[page->migratetype];

	VM_BUG_ON_PAGE(order > MAX_PAGE_ORDER, page);
	VM_BUG_ON_PAGE(page->migratetype >= MIGRATE_TYPES, page);
	VM_BUG_ON_PAGE(!area->nr_free, page);
	page_list_del(list, page);
	area->nr_free--;
	if (page_list_empty(list))
		z->nonempty[page->migratetype] &= ~(1u << order);
	z->nr_free -= order_pages(order);
	account_pageblocks(z, page_index(page), order, 0, false);
	set_page_type(page, PAGE_TAIL);
}

/* ---- guard pages ------------------------------------------------------ */

static bool set_page_guard(struct zone *z, uint32_t index, unsigned int order)
{
	struct page *page = zone_page(z, index);

	if (order >= guard_order)
		return false;
	/* First, for the child of a fork to not take it for usable memory. */
	bitmap_clear_range(z->free_map, index, order_pages(order));
	page->order = (uint8_t)order;
	set_page_type(page, PAGE_GUARD);
	signal_fence();
	if (os_protect(index_addr(z, index), PAGE_SIZE << order, false)) {
		set_page_type(page, PAGE_TAIL);
		bitmap_set_range(z->free_map, index, order_pages(order));
		return false;
	}
	z->nr_guard += order_pages(order);
	return true;
}

/* False when access cannot be had back: then the two do not merge. */
static bool clear_page_guard(struct zone *z, struct page *page)
{
	uint32_t nr = order_pages(page->order);

	if (os_protect(page_to_addr(page), (size_t)nr << PAGE_SHIFT, true))
		return false;
	set_page_type(page, PAGE_TAIL);
	z->nr_guard -= nr;
	bitmap_set_range(z->free_map, page_index(page), nr);
	z->nr_free_dirty += (uint32_t)bitmap_count_range(z->dirty_map,
							 page_index(page), nr);
	return true;
}

/* ---- splitting -------------------------------------------------------- */

/* Keeps the low half each time; the upper ones go to the lists. */
static void expand(struct zone *z, uint32_t index, unsigned int low,
		   unsigned int high, enum migratetype mt)
{
	while (high > low) {
		uint32_t upper;

		high--;
		upper = index + order_pages(high);
		if (set_page_guard(z, upper, high)) {
			z->nr_free_dirty -= (uint32_t)bitmap_count_range(
				z->dirty_map, upper, order_pages(high));
			continue;
		}
		add_to_free_list(z, upper, high, mt, false);
	}
}

/* What the list says of a block, its own state and the map must say too. */
static bool check_free_block(const struct zone *z, const struct page *page,
			     unsigned int order, enum migratetype mt)
{
	return page->type == PAGE_FREE && page->order == order &&
	       page->migratetype == mt &&
	       bitmap_all_set(z->free_map, page_index(page),
			      order_pages(order));
}

/* Sets a block aside for good: it is never handed out again. */
static slow_path void quarantine(struct zone *z, struct page *page,
				 unsigned int order, enum migratetype mt)
{
	uint32_t nr = order_pages(order);
	struct report r;

	report_begin(&r);
	text_str(&r.text, "bad page: pfn ");
	text_hex(&r.text, page_to_pfn(page).nr);
	text_str(&r.text, " of zone ");
	text_dec(&r.text, z->id);
	text_str(&r.text, " was on a free list in a state of type ");
	text_dec(&r.text, page->type);
	text_str(&r.text, ", order ");
	text_dec(&r.text, page->order);
	text_str(&r.text, "; quarantined");
	report_end(&r);

	z->nr_free_dirty -= (uint32_t)bitmap_count_range(z->dirty_map,
							 page_index(page), nr);
	page->order = (uint8_t)order;
	page->migratetype = (uint8_t)mt;
	del_from_free_list(z, page);
	set_page_type(page, PAGE_BAD);
	bitmap_clear_range(z->free_map, page_index(page), nr);
	z->nr_bad += nr;
}

struct page *rmqueue_smallest_locked(struct zone *z, unsigned int order,
				     enum migratetype mt)
{
	uint32_t orders;

	VM_BUG_ON(!lock_is_mine(&z->lock));
	VM_BUG_ON(order > MAX_PAGE_ORDER);
	while ((orders = z->nonempty[mt] >> order << order)) {
		unsigned int current = lowest_bit(orders);
		struct page_list *list = &z->free_area[current].free_list[mt];
		struct page *page = page_list_first(list);

		if (unlikely(!check_free_block(z, page, current, mt))) {
			quarantine(z, page, current, mt);
			continue;
		}
		del_from_free_list(z, page);
		bitmap_clear_range(z->free_map, page_index(page),
				   order_pages(order));
		expand(z, page_index(page), order, current, mt);
		return page;
	}
	return NULL;
}

/* ---- merging ---------------------------------------------------------- */

static inline uint32_t find_buddy_index(uint32_t index, unsigned int order)
{
	return index ^ order_pages(order);
}

static bool page_is_buddy(struct zone *z, uint32_t buddy, unsigned int order)
{
	enum page_type type;
	struct page *page;

	if (buddy < z->first_page || buddy + order_pages(order) > z->online)
		return false;
	page = zone_page(z, buddy);
	type = page_type(page);
	/* Of pages in use the order may be changing just now. */
	if ((type != PAGE_FREE && type != PAGE_GUARD) || page->order != order)
		return false;
	if (type == PAGE_GUARD)
		return clear_page_guard(z, page);
	/* The reserve keeps to itself, or it would leak away. */
	return page->migratetype != MIGRATE_HIGHATOMIC ||
	       order < PAGEBLOCK_ORDER;
}

static void merge_and_add(struct zone *z, uint32_t index, unsigned int order,
			  bool tail)
{
	enum migratetype mt = z->pageblock_type[index >> PAGEBLOCK_ORDER];

	while (order < MAX_PAGE_ORDER) {
		uint32_t buddy = find_buddy_index(index, order);
		struct page *page = zone_page(z, buddy);

		if (mt == MIGRATE_HIGHATOMIC && order >= PAGEBLOCK_ORDER)
			break;
		if (!page_is_buddy(z, buddy, order))
			break;
		if (page->type == PAGE_FREE)
			del_from_free_list(z, page);
		set_page_type(zone_page(z, index), PAGE_TAIL);
		index &= buddy;
		order++;
	}
	add_to_free_list(z, index, order, mt, tail);
}

void free_one_page_locked(struct zone *z, uint32_t index, unsigned int order)
{
	uint32_t nr = order_pages(order);
	size_t dirty = bitmap_count_range(z->dirty_map, index, nr);

	VM_BUG_ON(!lock_is_mine(&z->lock));
	bitmap_set_range(z->free_map, index, nr);
	z->nr_free_dirty += (uint32_t)dirty;
	/* Untouched memory goes to the cold end. */
	merge_and_add(z, index, order, !dirty);
}

/* The largest block that starts at index and ends by `end`. */
static unsigned int largest_order(uint32_t index, uint32_t end)
{
	unsigned int order = index ? lowest_bit(index) : MAX_PAGE_ORDER;

	if (order > MAX_PAGE_ORDER)
		order = MAX_PAGE_ORDER;
	while (index + order_pages(order) > end)
		order--;
	return order;
}

void free_range_locked(struct zone *z, uint32_t index, uint32_t nr)
{
	uint32_t end = index + nr;

	VM_BUG_ON(!lock_is_mine(&z->lock));
	while (index < end) {
		unsigned int order = largest_order(index, end);

		free_one_page_locked(z, index, order);
		index += order_pages(order);
	}
}

/* ---- ranges ----------------------------------------------------------- */

/* The head of the free block that holds a free page. */
static struct page *free_block_of(struct zone *z, uint32_t index)
{
	for (unsigned int order = 0; order <= MAX_PAGE_ORDER; order++) {
		struct page *head;

		head = zone_page(z, index & ~(order_pages(order) - 1));
		if (page_type(head) == PAGE_FREE && head->order >= order)
			return head;
	}
	return NULL;
}

/* Puts free pages back on the lists that were taken off with their block. */
static void put_back(struct zone *z, uint32_t index, uint32_t end)
{
	while (index < end) {
		unsigned int order = largest_order(index, end);

		merge_and_add(z, index, order, false);
		index += order_pages(order);
	}
}

void return_range_locked(struct zone *z, uint32_t index, uint32_t nr)
{
	VM_BUG_ON(!lock_is_mine(&z->lock));
	VM_BUG_ON_PAGE(!bitmap_none_set(z->free_map, index, nr),
		       zone_page(z, index));
	z->nr_free_dirty -=
		(uint32_t)bitmap_count_range(z->dirty_map, index, nr);
	free_range_locked(z, index, nr);
}

void take_range_locked(struct zone *z, uint32_t index, uint32_t nr)
{
	uint32_t end = index + nr;
	uint32_t at = index;

	VM_BUG_ON(!lock_is_mine(&z->lock));
	VM_BUG_ON_PAGE(!bitmap_all_set(z->free_map, index, nr),
		       zone_page(z, index));
	bitmap_clear_range(z->free_map, index, nr);
	while (at < end) {
		struct page *head = free_block_of(z, at);
		uint32_t first = page_index(head);
		uint32_t past = first + order_pages(head->order);

		del_from_free_list(z, head);
		if (first < index)
			put_back(z, first, index);
		if (past > end)
			put_back(z, end, past);
		at = past;
	}
}

/* ---- migratetypes ----------------------------------------------------- */

/* Where to look when a migratetype's own lists are empty, best first. */
static const uint8_t fallbacks[MIGRATE_PCPTYPES][MIGRATE_PCPTYPES - 1] = {
	[MIGRATE_UNMOVABLE] = {MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE},
	[MIGRATE_MOVABLE] = {MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE},
	[MIGRATE_RECLAIMABLE] = {MIGRATE_UNMOVABLE, MIGRATE_MOVABLE},
};

static void move_to_list(struct zone *z, struct page *page, enum migratetype mt)
{
	uint32_t index = page_index(page);
	unsigned int order = page->order;

	del_from_free_list(z, page);
	add_to_free_list(z, index, order, mt, false);
}

void set_pageblock_type_locked(struct zone *z, uint32_t index,
			       enum migratetype mt)
{
	uint32_t start = index & ~(PAGEBLOCK_PAGES - 1);
	uint32_t end = start + PAGEBLOCK_PAGES;

	VM_BUG_ON(!lock_is_mine(&z->lock));
	z->pageblock_type[start >> PAGEBLOCK_ORDER] = (uint8_t)mt;
	if (start < z->first_page)
		start = z->first_page;
	if (end > z->online)
		end = z->online;
	for (uint32_t i = start; i < end; i++) {
		struct page *page = zone_page(z, i);

		if (page_type(page) != PAGE_FREE ||
		    page->order > PAGEBLOCK_ORDER)
			continue;
		if (likely(check_free_block(z, page, page->order,
					    page->migratetype)))
			move_to_list(z, page, mt);
	}
}

/*
 * A block as large as a pageblock changes hands with just the pageblock that
 * is needed; a smaller one takes its pageblock along when half of that is
 * free, as then most of what comes will be of the new kind.
 */
static void steal_suitable_fallback(struct zone *z, struct page *page,
				    unsigned int order, enum migratetype mt)
{
	uint32_t index = page_index(page);
	uint32_t start = index & ~(PAGEBLOCK_PAGES - 1);

	if (page->order > PAGEBLOCK_ORDER && order <= PAGEBLOCK_ORDER) {
		unsigned int high = page->order;
		enum migratetype old = page->migratetype;

		del_from_free_list(z, page);
		expand(z, index, PAGEBLOCK_ORDER, high, old);
		add_to_free_list(z, index, PAGEBLOCK_ORDER, mt, false);
	} else if (page->order >= PAGEBLOCK_ORDER) {
		move_to_list(z, page, mt);
	} else if (start >= z->first_page &&
		   start + PAGEBLOCK_PAGES <= z->online &&
		   bitmap_count_range(z->free_map, start, PAGEBLOCK_PAGES) >=
			   PAGEBLOCK_PAGES / 2) {
		set_pageblock_type_locked(z, index, mt);
	} else {
		z->event[ZONE_FALLBACK]++;
		return;
	}
	z->event[ZONE_STEAL]++;
}

/* The first sound block of the largest order that a type has; or NULL. */
static struct page *largest_block(struct zone *z, unsigned int order,
				  enum migratetype mt)
{
	uint32_t orders;

	while ((orders = z->nonempty[mt] >> order << order)) {
		unsigned int current = highest_bit(orders);
		struct page *page =
			page_list_first(&z->free_area[current].free_list[mt]);

		if (likely(check_free_block(z, page, current, mt)))
			return page;
		quarantine(z, page, current, mt);
	}
	return NULL;
}

struct page *rmqueue_fallback_locked(struct zone *z, unsigned int order,
				     enum migratetype mt)
{
	VM_BUG_ON(!lock_is_mine(&z->lock));
	VM_BUG_ON(mt >= MIGRATE_PCPTYPES);
	for (unsigned int i = 0; i < MIGRATE_PCPTYPES - 1; i++) {
		enum migratetype from = fallbacks[mt][i];
		struct page *page = largest_block(z, order, from);

		if (!page)
			continue;
		/* It mixes the two kinds least. */
		steal_suitable_fallback(z, page, order, mt);
		page = rmqueue_smallest_locked(z, order, mt);
		return page ? page : rmqueue_smallest_locked(z, order, from);
	}
	return NULL;
}
