/* glibc's statistics and tuning calls. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>

#include "heap/heap.h"

#define STDERR 2

/* glibc 2.33's; declared here for older headers, under a name of our own. */
struct mallinfo_wide {
	size_t arena, ordblks, smblks, hblks, hblkhd;
	size_t usmblks, fsmblks, uordblks, fordblks, keepcost;
};

exported struct mallinfo_wide buddy_mallinfo2(void) __asm__("mallinfo2");

exported struct mallinfo_wide buddy_mallinfo2(void)
{
	struct heap_totals n = heap_totals();

	return (struct mallinfo_wide){
		.arena = n.online,
		.ordblks = 1,
		.hblks = n.huge_runs,
		.hblkhd = n.huge_bytes,
		.uordblks = n.used,
		.fsmblks = n.cached,
		.fordblks = n.online - n.used,
		.keepcost = n.dirty,
	};
}

static int saturate(size_t v)
{
	return v > INT_MAX ? INT_MAX : (int)v;
}

exported struct mallinfo mallinfo(void)
{
	struct mallinfo_wide w = buddy_mallinfo2();

	return (struct mallinfo){
		.arena = saturate(w.arena),
		.ordblks = saturate(w.ordblks),
		.hblks = saturate(w.hblks),
		.hblkhd = saturate(w.hblkhd),
		.uordblks = saturate(w.uordblks),
		.fsmblks = saturate(w.fsmblks),
		.fordblks = saturate(w.fordblks),
		.keepcost = saturate(w.keepcost),
	};
}

/*
 * What glibc tunes so does not exist here. Its parameters are accepted and
 * have no effect, as programs take a refusal for an error.
 */
exported int mallopt(int param, int value)
{
	(void)value;
	switch (param) {
	case M_MXFAST:
	case M_TRIM_THRESHOLD:
	case M_TOP_PAD:
	case M_MMAP_THRESHOLD:
	case M_MMAP_MAX:
	case M_CHECK_ACTION:
	case M_PERTURB:
	case M_ARENA_TEST:
	case M_ARENA_MAX:
		return 1;
	default:
		return 0;
	}
}

exported void malloc_stats(void)
{
	stat_write_all(STDERR);
}

exported int malloc_info(int opts, FILE *fp)
{
	struct heap_totals n = heap_totals();

	if (opts)
		return EINVAL;
	fprintf(fp,
		"<malloc version=\"libbuddy-1\">\n"
		"<total type=\"used\" size=\"%llu\"/>\n"
		"<total type=\"cached\" size=\"%llu\"/>\n"
		"<total type=\"free\" size=\"%llu\"/>\n"
		"<total type=\"mmap\" count=\"%llu\" size=\"%llu\"/>\n"
		"<system type=\"current\" size=\"%llu\"/>\n"
		"</malloc>\n",
		(unsigned long long)n.used, (unsigned long long)n.cached,
		(unsigned long long)n.free, (unsigned long long)n.huge_runs,
		(unsigned long long)n.huge_bytes, (unsigned long long)n.online);
	return ferror(fp) ? EOF : 0;
}
