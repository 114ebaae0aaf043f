/* Transparent huge pages: the policy, and memory that has none. */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "base/base.h"
#include "inject.h"
#include "syscall.h"
#include "thp.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define POLICY_FILE "/sys/kernel/mm/transparent_hugepage/enabled"

void os_populate(void *addr, size_t len)
{
	(void)syscall3(__NR_madvise, addr, len, MADV_POPULATE_WRITE);
}

/* The file has the words of all policies, that which holds in brackets. */
static enum os_huge_policy policy_in(const char *text)
{
	while (*text && *text != '[')
		text++;
	if (!*text)
		return HUGE_NEVER;
	return text[1] == 'a'	? HUGE_ALWAYS
	       : text[1] == 'm' ? HUGE_MADVISE
				: HUGE_NEVER;
}

static enum os_huge_policy read_huge_policy(void)
{
	char text[64] = "";
	long fd = syscall4(__NR_openat, AT_FDCWD, POLICY_FILE,
			   O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return HUGE_NEVER;
	(void)syscall3(__NR_read, fd, text, sizeof(text) - 1);
	(void)syscall1(__NR_close, fd);
	return policy_in(text);
}

enum os_huge_policy os_huge_policy(void)
{
	static int known; /* 1 more than the policy */
	int k = READ_ONCE(known);

	if (unlikely(!k)) {
		k = inject_policy(read_huge_policy()) + 1;
		WRITE_ONCE(known, k);
	}
	return (enum os_huge_policy)(k - 1);
}

void os_small_pages(void *addr, size_t len)
{
	(void)syscall3(__NR_madvise, addr, len, MADV_NOHUGEPAGE);
}
