/* Runs between fences. */
#include "fence.h"
#include "huge.h"
#include "run_head.h"

/* Below this a block that no zone has room for gets no mapping of its own. */
#define HUGE_FENCED_MIN ((size_t)1 << 20)

/* What is behind the last usable byte, up to the end of the back fence. */
static int close_back(struct page *page, size_t len)
{
	size_t usable = fence_usable(len);
	size_t end = ((size_t)page->nr + 1) << PAGE_SHIFT;

	return os_decommit((char *)page_to_addr(page) + usable, end - usable);
}

/* One run again, of the block's pages and both fences. */
static struct page *unite(struct page *page)
{
	struct page *front = page - 1;
	uint32_t nr = page->nr;

	run_set_type(page + nr, PAGE_TAIL);
	run_set_type(page, PAGE_TAIL);
	front->flags = 0;
	run_set_length(front, nr + 2);
	return front;
}

/* Cuts a run of at least skip + nr + 1 pages into a fenced block. */
static struct page *cut(struct mm_thread *t, struct page *run, uint32_t skip,
			uint32_t nr)
{
	unsigned int known = run->flags & PG_ZEROED;
	struct page *page = run + skip;

	run_shrink(run, skip + nr + 1);
	/* The front's end is drawn in before another head stands there. */
	run_set_length(run, skip);
	run_make(page + nr, 1, PG_FENCE);
	run_make(page, nr, known | PG_FENCED);
	if (skip > 1) {
		run_set_length(run, skip - 1);
		run_make(page - 1, 1, PG_FENCE);
		free_run(t, run);
	} else {
		run->flags = PG_FENCE;
	}
	return page;
}

static struct page *fenced_run(struct mm_thread *t, size_t len,
			       unsigned int order)
{
	uint32_t nr = (uint32_t)((len + PAGE_SIZE - 1) >> PAGE_SHIFT);
	uint32_t align = 1u << order;
	struct page *run = alloc_run(t, GFP_MOVABLE, nr + align + 1);
	struct page *page;

	if (!run)
		return NULL;
	page = cut(t, run, 1 + (-(page_index(run) + 1) & (align - 1)), nr);
	if (os_decommit(page_to_addr(page - 1), PAGE_SIZE) ||
	    close_back(page, len)) {
		fence_free(t, page);
		return NULL;
	}
	return page;
}

static struct page *fenced_huge(size_t len, unsigned int order)
{
	struct page *page = huge_alloc(len + PAGE_SIZE, order);
	size_t usable = fence_usable(len);

	if (!page)
		return NULL;
	page->flags |= PG_FENCED;
	if (os_decommit((char *)page_to_addr(page) + usable,
			huge_usable(page) - usable)) {
		huge_free(page);
		return NULL;
	}
	return page;
}

struct page *fence_alloc(struct mm_thread *t, size_t len, unsigned int order)
{
	const size_t most = (size_t)(MAX_RUN_PAGES - 1) << PAGE_SHIFT;
	struct page *page = NULL;

	if (order >= ZONE_PAGE_BITS - 1)
		return NULL;
	if (len + (PAGE_SIZE << order) <= most)
		page = fenced_run(t, len, order);
	if (!page && len >= HUGE_FENCED_MIN)
		page = fenced_huge(len, order);
	return page;
}

void fence_free(struct mm_thread *t, struct page *page)
{
	char *front = (char *)page_to_addr(page) - PAGE_SIZE;

	if (page->flags & PG_HUGE) {
		huge_free(page);
		return;
	}
	/* Without access these pages are of no use to anybody: they stay. */
	if (os_protect(front, ((size_t)page->nr + 2) << PAGE_SHIFT, true)) {
		page->flags |= PG_CACHED;
		return;
	}
	free_run(t, unite(page));
}
