/* Huge runs, in mappings of their own. */
#include <errno.h>

#include "huge.h"
#include "page_alloc.h"
#include "zone.h"

static uint64_t nr_huge, huge_bytes;

struct huge_stat huge_stat(void)
{
	return (struct huge_stat){
		.nr = __atomic_load_n(&nr_huge, __ATOMIC_RELAXED),
		.bytes = __atomic_load_n(&huge_bytes, __ATOMIC_RELAXED),
	};
}

static void count(int64_t nr, int64_t bytes)
{
	__atomic_fetch_add(&nr_huge, (uint64_t)nr, __ATOMIC_RELAXED);
	__atomic_fetch_add(&huge_bytes, (uint64_t)bytes, __ATOMIC_RELAXED);
}

/* The page index at which a run of that alignment starts in its mapping. */
static uint32_t first_index(unsigned int order)
{
	/* Behind the header and as much mem_map as leads to that page. */
	uint32_t index = 1u << order;
	size_t header = MEM_MAP_OFFSET + sizeof(struct page);

	if (order)
		header += ((size_t)1 << order) * sizeof(struct page);
	while (((size_t)index << PAGE_SHIFT) < header)
		index += 1u << order;
	return index;
}

/* Makes the parts usable that are: the header, one struct page, the run. */
static int commit_parts(struct zone *z, uint32_t first, size_t len)
{
	size_t os_page = os_page_size();
	uintptr_t page = (uintptr_t)zone_page(z, first);
	size_t header = align_up(sizeof(*z), os_page);
	int err;

	err = os_commit(z, header);
	if (!err)
		err = os_commit((void *)align_down(page, os_page), os_page);
	if (!err)
		err = os_commit(page_to_addr(zone_page(z, first)),
				len - ((size_t)first << PAGE_SHIFT));
	return err;
}

static void set_slots(struct zone *z, size_t len, enum slot_state head,
		      enum slot_state tail)
{
	for (size_t at = ZONE_SIZE; at < len; at += ZONE_SIZE)
		slot_set((char *)z + at, tail);
	slot_set(z, head);
}

static struct page *huge_init(struct zone *z, uint32_t first, size_t len)
{
	struct page *page = zone_page(z, first);

	z->first_page = first;
	set_page_type(page, PAGE_RUN);
	page->flags = PG_HUGE | PG_ZEROED;
	page->nr = 0;
	page->bytes = len;
	return page;
}

static size_t mapping_length(size_t size, uint32_t first)
{
	return align_up(size + ((size_t)first << PAGE_SHIFT), PAGE_SIZE);
}

struct page *huge_alloc(size_t size, unsigned int order)
{
	uint32_t first = first_index(order);
	size_t len = mapping_length(size, first);
	struct zone *z;

	if (order >= ZONE_PAGE_BITS || len < size ||
	    len > (size_t)1 << (ADDRESS_BITS - 1))
		return NULL;
	z = reserve_aligned(len);
	if (!z)
		return NULL;
	if (commit_parts(z, first, len)) {
		os_release(z, len);
		return NULL;
	}
	count(1, (int64_t)len);
	set_slots(z, len, SLOT_HUGE, SLOT_HUGE_TAIL);
	return huge_init(z, first, len);
}

void huge_free(struct page *page)
{
	struct zone *z = zone_of(page);
	size_t len = page->bytes;

	/* First out of the map: the addresses may be somebody else's next. */
	set_slots(z, len, SLOT_HUGE_GONE, SLOT_NONE);
	count(-1, -(int64_t)len);
	os_release(z, len);
}

/*
 * Addresses leave the map before the kernel may give them to another thread,
 * which may be putting its own there at once.
 */
static struct page *huge_move(struct page *page, size_t new_len)
{
	uint32_t first = page_index(page);
	size_t start = (size_t)first << PAGE_SHIFT;
	struct zone *old = zone_of(page);
	size_t old_len = page->bytes;
	struct zone *z = reserve_aligned(new_len);

	if (!z)
		return NULL;
	set_slots(old, old_len, SLOT_HUGE_GONE, SLOT_NONE);
	if (commit_parts(z, first, new_len) ||
	    os_relocate((char *)z + start, (char *)old + start, old_len - start,
			new_len - start)) {
		set_slots(old, old_len, SLOT_HUGE, SLOT_HUGE_TAIL);
		os_release(z, new_len);
		return NULL;
	}
	os_release(old, start);
	set_slots(z, new_len, SLOT_HUGE, SLOT_HUGE_TAIL);
	return huge_init(z, first, new_len);
}

/* The slots that only the longer of two lengths covers. */
static void set_tail_slots(struct zone *z, size_t shorter, size_t longer,
			   enum slot_state state)
{
	for (size_t at = align_up(shorter, ZONE_SIZE); at < longer;
	     at += ZONE_SIZE)
		slot_set((char *)z + at, state);
}

static bool resize_in_place(struct page *page, size_t new_len)
{
	size_t start = (size_t)page_index(page) << PAGE_SHIFT;
	struct zone *z = zone_of(page);
	size_t old_len = page->bytes;

	/* It may not grow into another zone's slot. */
	if (align_up(new_len, ZONE_SIZE) > align_up(old_len, ZONE_SIZE))
		return false;
	set_tail_slots(z, new_len, old_len, SLOT_NONE);
	if (os_resize(page_to_addr(page), old_len - start, new_len - start)) {
		set_tail_slots(z, new_len, old_len, SLOT_HUGE_TAIL);
		return false;
	}
	page->bytes = new_len;
	return true;
}

struct page *huge_resize(struct page *page, size_t size)
{
	size_t old_len = page->bytes;
	size_t new_len = mapping_length(size, page_index(page));

	if (new_len < size || new_len > (size_t)1 << (ADDRESS_BITS - 1))
		return NULL;
	if (new_len == old_len)
		return page;
	if (!resize_in_place(page, new_len))
		page = huge_move(page, new_len);
	if (!page)
		return NULL;
	page->flags &= (uint16_t)~PG_ZEROED;
	count(0, (int64_t)new_len - (int64_t)old_len);
	return page;
}

size_t huge_usable(const struct page *page)
{
	return page->bytes - ((size_t)page_index(page) << PAGE_SHIFT);
}
