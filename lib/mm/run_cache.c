/* Free runs kept by a thread. */
#include "page_alloc.h"
#include "page_bug.h"
#include "run_cache.h"

struct page *run_cache_take(struct run_cache *rc, uint32_t nr)
{
	struct page *page;

	if (nr > RUN_CACHE_PAGES || !rc->run[nr].nr)
		return NULL;
	page = pfn_to_page(rc->run[nr]);
	rc->run[nr] = PFN_NONE;
	rc->pages -= nr;
	page->flags = 0;
	return page;
}

bool run_cache_put(struct run_cache *rc, struct page *page, uint32_t most)
{
	uint32_t nr = page->nr;

	VM_BUG_ON_PAGE(page->type != PAGE_RUN, page);
	if (page->flags || nr > RUN_CACHE_PAGES || rc->run[nr].nr ||
	    rc->pages + nr > most)
		return false;
	page->flags = PG_CACHED;
	rc->run[nr] = page_to_pfn(page);
	rc->pages += nr;
	return true;
}

void run_cache_drain(struct run_cache *rc)
{
	for (uint32_t n = 0; rc->pages && n <= RUN_CACHE_PAGES; n++) {
		struct page *page = run_cache_take(rc, n);

		if (page)
			free_run(NULL, page);
	}
}
