/* Assertions about a page. */
#include "page_bug.h"

static const char *const type_names[NR_PAGE_TYPES] = {
	[PAGE_TAIL] = "tail",	      [PAGE_FREE] = "free",
	[PAGE_PCP] = "pcp",	      [PAGE_RUN] = "run",
	[PAGE_SLAB] = "slab",	      [PAGE_GUARD] = "guard",
	[PAGE_ISOLATED] = "isolated", [PAGE_BAD] = "bad",
};

static void text_field(struct text *t, const char *name, uint64_t value)
{
	text_char(t, ' ');
	text_str(t, name);
	text_char(t, ' ');
	text_dec(t, value);
}

static void text_link(struct text *t, const char *name, pfn_t pfn)
{
	text_char(t, ' ');
	text_str(t, name);
	text_char(t, ' ');
	text_hex(t, pfn.nr);
}

void text_page_state(struct text *t, const struct page *page)
{
	enum page_type type = page_type(page);

	text_str(t, "\n  page  pfn ");
	text_hex(t, page_to_pfn(page).nr);
	text_str(t, " at ");
	text_hex(t, (uintptr_t)page_to_addr(page));
	text_str(t, ": type ");
	text_str(t, type < NR_PAGE_TYPES ? type_names[type] : "none");
	text_field(t, "order", page->order);
	text_field(t, "migratetype", page->migratetype);
	text_field(t, "flags", page->flags);
	text_field(t, "nr", page->nr);
	text_link(t, "prev", page->prev);
	text_link(t, "next", page->next);
	if (type != PAGE_SLAB)
		return;
	text_str(t, "\n  slab ");
	text_field(t, "cache", page->cache);
	text_field(t, "state", page->state);
	text_field(t, "hint", page->hint);
	text_field(t, "touched", page->touched);
}

noreturn_fn void page_bug(const struct page *page, const char *cond,
			  const char *file, int line, const char *function)
{
	struct report r;

	report_bug_begin(&r, cond, file, line, function);
	text_page_state(&r.text, page);
	report_abort(&r);
}
