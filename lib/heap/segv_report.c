/* The option segv_report. */
#include "segv_report.h"

/* ---- what an address is ------------------------------------------------- */

/* Nobody can reach a guard page but past the end of what is before it. */
static void text_before(struct text *t, const struct page *guard)
{
	const char *last = (const char *)page_to_addr(guard) - 1;

	if (!page_of(last))
		return;
	text_str(t, "\nbefore that:");
	text_address(t, last);
}

static void text_in_zone(struct text *t, const void *p)
{
	const struct zone *z = zone_of(p);
	const struct page *page = page_of(p);
	uint32_t index = addr_to_pfn(p).nr & (ZONE_PAGES - 1);

	if (page) {
		text_address(t, p);
		if (page_type(page) == PAGE_GUARD)
			text_before(t, page);
		return;
	}
	text_str(t, "\n  page  none: ");
	if (index < z->first_page)
		text_str(t, "libbuddy's own data about zone ");
	else if (index < z->span)
		text_str(t, "not online yet, in zone ");
	else
		text_str(t, "behind the end of zone ");
	text_dec(t, z->id);
}

static void text_in_huge(struct text *t, const void *p)
{
	const struct zone *z = zone_of(p);
	const struct page *head;

	/* From a later slot the first one of the mapping is before. */
	while (slot_of(z) == SLOT_HUGE_TAIL)
		z = (const struct zone *)((uintptr_t)z - ZONE_SIZE);
	if (slot_of(z) != SLOT_HUGE)
		return;
	head = zone_page(z, z->first_page);
	text_address(t, page_to_addr(head));
	if (p < page_to_addr(head))
		text_str(t, ", before its beginning");
	else if ((uintptr_t)p - (uintptr_t)z >= head->bytes)
		text_str(t, ", behind its end");
}

void text_fault_address(struct text *t, const void *p)
{
	switch (slot_of(p)) {
	case SLOT_ZONE:
		text_in_zone(t, p);
		break;
	case SLOT_HUGE:
	case SLOT_HUGE_TAIL:
		text_in_huge(t, p);
		break;
	case SLOT_HUGE_GONE:
		text_str(t, "\n  page  none: a huge run that was freed began "
			    "in this 4 GiB of addresses");
		break;
	default:
		text_str(t, "\n  page  none: no zone has this address");
	}
}

/* ---- the report --------------------------------------------------------- */

static void report_fault(const struct fault *f)
{
	struct report r;

	report_begin(&r);
	text_str(&r.text, f->bus ? "SIGBUS at " : "SIGSEGV at ");
	text_hex(&r.text, (uintptr_t)f->addr);
	text_str(&r.text, " in thread ");
	text_dec(&r.text, (uint64_t)os_gettid());
	if (f->mapped)
		text_str(&r.text, ": access denied");
	text_fault_address(&r.text, f->addr);
	report_end(&r);
}

int segv_report_install(void)
{
	return os_on_fault(report_fault);
}
