/*
 * Noticing a fork without a handler.
 *
 * `mark` is in a page with MADV_WIPEONFORK. Where the kernel has none (before
 * 4.14) or refuses, `mark` stays in ordinary memory and the process id is
 * asked for instead, which costs a system call at each lock.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"
#include "fork.h"
#include "process.h"
#include "syscall.h"
#include "vm.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/* A set mark reads MARK_SET, the ordinary one the process id. */
enum mark_state { MARK_WIPED, MARK_SETTING = -1, MARK_SET = -2 };

static int ordinary_mark;
static int *mark = &ordinary_mark;
static uint32_t epoch;
static bool tried_page;

/* Called by one thread only of a new process. */
static void mark_page_init(void)
{
	size_t len = os_page_size();
	int *page;

	tried_page = true;
	page = os_reserve(NULL, len);
	if (!page)
		return;
	if (os_commit(page, len) ||
	    syscall3(__NR_madvise, page, len, MADV_WIPEONFORK)) {
		os_release(page, len);
		return;
	}
	*page = MARK_SETTING;
	__atomic_store_n(&mark, page, __ATOMIC_RELEASE);
}

static int mark_when_set(const int *m)
{
	return unlikely(m == &ordinary_mark) ? os_getpid() : MARK_SET;
}

static slow_path void fork_noticed(int *m, int seen)
{
	if (seen == MARK_SETTING ||
	    !__atomic_compare_exchange_n(m, &seen, MARK_SETTING, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		/* Another new thread of this child is at it. */
		while (__atomic_load_n(__atomic_load_n(&mark, __ATOMIC_ACQUIRE),
				       __ATOMIC_ACQUIRE) == MARK_SETTING)
			syscall0(__NR_sched_yield);
		return;
	}
	epoch = epoch == FORK_EPOCH_MAX ? 1 : epoch + 1;
	if (!tried_page)
		mark_page_init();
	m = __atomic_load_n(&mark, __ATOMIC_RELAXED);
	/* Who waits at the ordinary mark reads `mark` again. */
	__atomic_store_n(m, mark_when_set(m), __ATOMIC_RELEASE);
}

uint32_t fork_epoch(void)
{
	int *m = __atomic_load_n(&mark, __ATOMIC_ACQUIRE);
	int seen = __atomic_load_n(m, __ATOMIC_ACQUIRE);

	if (unlikely(seen != mark_when_set(m)))
		fork_noticed(m, seen);
	return epoch;
}
