/*
 * A doubly linked list of pages: hot ones at the head, cold at the tail. In
 * this header as each call of a pcp has one of them in it.
 */
#ifndef MM_PAGE_LIST_H
#define MM_PAGE_LIST_H

#include "page_bug.h"

struct page_list {
	pfn_t first, last;
};

static inline bool page_list_empty(const struct page_list *l)
{
	return !l->first.nr;
}

static inline struct page *page_list_first(const struct page_list *l)
{
	return l->first.nr ? pfn_to_page(l->first) : NULL;
}

static inline struct page *page_list_last(const struct page_list *l)
{
	return l->last.nr ? pfn_to_page(l->last) : NULL;
}

static inline struct page *page_list_next(const struct page *page)
{
	return page->next.nr ? pfn_to_page(page->next) : NULL;
}

static inline struct page *page_list_prev(const struct page *page)
{
	return page->prev.nr ? pfn_to_page(page->prev) : NULL;
}

/* Whether both neighbours of a page on a list lead to it. */
static inline bool page_links_agree(const struct page_list *l,
				    const struct page *page)
{
	pfn_t pfn = page_to_pfn(page);
	pfn_t before = page->prev.nr ? pfn_to_page(page->prev)->next : l->first;
	pfn_t behind = page->next.nr ? pfn_to_page(page->next)->prev : l->last;

	return before.nr == pfn.nr && behind.nr == pfn.nr;
}

static inline void page_list_add_head(struct page_list *l, struct page *page)
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

static inline void page_list_add_tail(struct page_list *l, struct page *page)
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

static inline void page_list_del(struct page_list *l, struct page *page)
{
	VM_BUG_ON_PAGE(!page_links_agree(l, page), page);
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

#endif
