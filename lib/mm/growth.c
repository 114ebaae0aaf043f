/* The reserve behind the block that grew last. */
#include "growth.h"
#include "page_alloc.h"
#include "page_bug.h"
#include "run_head.h"

/* A block that begins to grow gets a place of so many times its pages. */
#define ROOM 16u

/* Beyond 4 MiB a lock is nothing beside the pages that are touched. */
#define MOST_ROOM 64u

static struct page *reserve_of(const struct growth *g)
{
	return g->pages ? pfn_to_page(g->reserve) : NULL;
}

static void set_reserve(struct growth *g, struct page *page)
{
	g->reserve = page ? page_to_pfn(page) : PFN_NONE;
	WRITE_ONCE(g->pages, page ? page->nr : 0);
}

/* All of the reserve's pages, to its owner. */
static struct page *take_reserve(struct growth *g)
{
	struct page *page = reserve_of(g);

	set_reserve(g, NULL);
	return page;
}

void growth_drain(struct mm_thread *t)
{
	struct page *page = take_reserve(&t->growth);

	if (!page)
		return;
	page->flags &= PG_ZEROED;
	free_run_untouched(t, page);
}

/* What is behind the first nr pages of a run becomes the reserve. */
static void split(struct growth *g, struct page *page, uint32_t nr)
{
	struct page *rest = page + nr;
	uint32_t more = page->nr - nr;

	VM_BUG_ON_PAGE(g->pages, page);
	if (!more)
		return;
	run_set_length(page, nr);
	run_make(rest, more, PG_CACHED | (page->flags & PG_ZEROED));
	set_reserve(g, rest);
}

/* One of the lengths that the thread keeps, if it has one long enough. */
static struct page *take_kept(struct run_cache *rc, uint32_t least)
{
	struct page *page = NULL;

	for (uint32_t n = least; !page && n <= RUN_CACHE_PAGES; n++)
		page = run_cache_take(rc, n);
	return page;
}

/* Pages in a row for a block that may come to `room` of them. */
static struct page *find_place(struct mm_thread *t, uint32_t room)
{
	struct page *page;

	if (t->growth.pages >= room)
		return take_reserve(&t->growth);
	growth_drain(t);
	page = take_kept(&t->runs, room);
	return page ? page : alloc_run_sparse(t, GFP_MOVABLE, room);
}

struct page *growth_alloc(struct mm_thread *t, uint32_t nr)
{
	uint32_t room = nr * ROOM;
	struct page *page;

	if (room < t->growth.last)
		room = t->growth.last;
	if (room > MOST_ROOM)
		room = MOST_ROOM;
	page = find_place(t, room > nr ? room : nr);
	if (!page)
		return NULL;
	split(&t->growth, page, nr);
	page->flags = 0;
	t->growth.last = nr;
	return page;
}

/* Makes the reserve one of at least nr pages. */
static bool grow_reserve(struct growth *g, struct page *page, uint32_t nr)
{
	uint32_t more = nr / 2 < MOST_ROOM ? nr / 2 : MOST_ROOM;

	if (page->nr >= nr)
		return true;
	/* More than is needed, as most blocks grow on. */
	if (!run_grow(page, nr + more) && !run_grow(page, nr))
		return false;
	set_reserve(g, page);
	return true;
}

bool growth_extend(struct mm_thread *t, struct page *page, uint32_t nr)
{
	struct growth *g = &t->growth;
	struct page *reserve = reserve_of(g);
	uint32_t left;

	if (!reserve || reserve != page + page->nr ||
	    !grow_reserve(g, reserve, nr - page->nr))
		return false;
	left = page->nr + reserve->nr - nr;
	/* The head inside goes before the block comes to its place. */
	set_reserve(g, NULL);
	run_set_type(reserve, PAGE_TAIL);
	run_set_length(page, nr + left);
	page->flags |= reserve->flags & PG_ZEROED;
	split(g, page, nr);
	page->flags &= (uint16_t)~PG_ZEROED;
	g->last = nr;
	return true;
}
