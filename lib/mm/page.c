/* Lists of pages. */
#include "page.h"

void page_list_add_head(struct page_list *l, struct page *page)
{
	pfn_t pfn = page_to_pfn(page);

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
