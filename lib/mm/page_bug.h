/*
 * Assertions about a page: the page's state is told before the process dies.
 */
#ifndef MM_PAGE_BUG_H
#define MM_PAGE_BUG_H

#include "os/os.h"
#include "page.h"

#ifdef BUDDY_DEBUG
#define VM_BUG_ON_PAGE(cond, page)                                           \
	do {                                                                 \
		if (unlikely(cond))                                          \
			page_bug(page, #cond, __FILE__, __LINE__, __func__); \
	} while (0)
#else
#define VM_BUG_ON_PAGE(cond, page) ((void)sizeof(!(cond)), (void)sizeof(page))
#endif

/* All that a struct page says of itself, on a line of its own. */
void text_page_state(struct text *t, const struct page *page);

/* Reports what does not hold and the page's state, and aborts. */
noreturn_fn void page_bug(const struct page *page, const char *cond,
			  const char *file, int line, const char *function);

#endif
