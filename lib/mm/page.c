/* Lists of pages. */
#include "page_bug.h"

/* Whether both neighbours of a page on a list lead to it. */
static maybe_unused bool links_agree(const struct page_list *l,
				     const struct page *page)
{
	pfn_t pfn = page_to_pfn(page);
	pfn_t before = page->prev.nr ? pfn_to_page(page->prev)->next : l->first;
	pfn_t behind = page->next.nr ? pfn_to_page(page->next)->prev : l->last;

	return before.nr == pfn.nr && behind.nr == pfn.nr;
}

void page_list_add_head(struct page_list *l, struct page *page)
{
	pfn_t pfn = page_to_pfn(page);

	VM_BUG_ON_PAGE(l->first.nr == pfn.nr, page); /* twice on it */
	page->prev = PFN_NONE;
	page->next = l->first;
	if (l->first.nr)
		pfn_to_page(l->first)->prev = pfn;
	else
		l->last = pfn;
	l->first = pfn;
}

void page_list_add_tail(struct page_list *l, struct page *page)
{
	pfn_t pfn = page_to_pfn(page);

	VM_BUG_ON_PAGE(l->last.nr == pfn.nr, page);
	page->next = PFN_NONE;
	page->prev = l->last;
	if (l->last.nr)
		pfn_to_page(l->last)->next = pfn;
	else
		l->first = pfn;
	l->last = pfn;
}

void page_list_del(struct page_list *l, struct page *page)
{
	VM_BUG_ON_PAGE(!links_agree(l, page), page);
	if (page->prev.nr)
		pfn_to_page(page->prev)->next = page->next;
	else
		l->first = page->next;
	if (page->next.nr)
		pfn_to_page(page->next)->prev = page->prev;
	else
		l->last = page->prev;
	page->prev = PFN_NONE;
	page->next = PFN_NONE;
}
