/* Huge pages asked for, and what they cost. */
#include <stdbool.h>
#include <sys/mman.h>

#include "base/base.h"
#include "clock.h"
#include "huge_page.h"
#include "syscall.h"
#include "thp.h"
#include "vm.h"

/* No kernel has smaller ones. */
#define HUGE_PAGE_MIN ((size_t)2 << 20)

/* 1 ms for 2 MiB: ten times what one takes that was ready. */
#define DEAR_NS_PER_KIB 512u

/* So what dear ones cost is a hundredth of the time at most. */
#define PAUSE_PER_COST 100u

static uint64_t pause_until; /* os_milliseconds() */

bool os_huge_took(uint64_t ns, size_t len)
{
	if (likely(ns <= len / 1024 * DEAR_NS_PER_KIB))
		return false;
	WRITE_ONCE(pause_until,
		   os_milliseconds() + ns * PAUSE_PER_COST / NS_PER_MS);
	return true;
}

bool os_huge_are_dear(void)
{
	return os_milliseconds() < READ_ONCE(pause_until);
}

/* What a page table of the last level maps: an entry of the level above. */
static size_t huge_page_size(void)
{
	return os_page_size() / sizeof(uint64_t) * os_page_size();
}

static char *first_huge(void *addr)
{
	return (char *)align_up((uintptr_t)addr, huge_page_size());
}

/* From that place on as many as fit are brought in; false: one was dear. */
static bool populate_cheap(char *start, const char *end)
{
	size_t size = huge_page_size();

	for (char *p = start; p + size <= end; p += size) {
		uint64_t before = os_thread_ns();

		os_populate(p, size);
		if (os_huge_took(os_thread_ns() - before, size))
			return false;
	}
	return true;
}

bool os_huge_pages(void *addr, size_t len)
{
	char *first = first_huge(addr), *end = (char *)addr + len;

	if (len < HUGE_PAGE_MIN || os_huge_are_dear() ||
	    syscall3(__NR_madvise, addr, len, MADV_HUGEPAGE))
		return false;
	if (first + huge_page_size() < end)
		end = first + huge_page_size();
	if (populate_cheap(first, end))
		return true;
	os_small_pages(addr, len);
	return false;
}

void os_populate_huge(void *addr, size_t len)
{
	char *next = first_huge(addr) + huge_page_size();
	bool huge = os_huge_pages(addr, len);

	if (huge && !populate_cheap(next, (char *)addr + len)) {
		os_small_pages(addr, len);
		huge = false;
	}
	os_populate(addr, len);
	/* So it is one mapping again, and nothing comes back behind us. */
	if (huge)
		os_small_pages(addr, len);
}
