/*
 * Noticing a fork without a handler.
 *
 * `mark` is in a page with MADV_WIPEONFORK. Where the kernel has none (before
 * 4.14), refuses, or is an emulator, `mark` stays in ordinary memory and the
 * process id is asked for instead, which costs a system call at each lock.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"
#include "fork.h"
#include "process.h"
#include "sigmask.h"
#include "syscall.h"
#include "vm.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/*
 * In the page a mark reads as these say. The ordinary one, which a child does
 * not find wiped, tells the process instead: its id when it is set, and less
 * than 0 while it is being set.
 */
enum mark_state { MARK_WIPED, MARK_SETTING = -1, MARK_SET = -2 };

/*
 * Not at the page's beginning, where the programs' pages are written to most
 * often: a load waits for a store under way whose lower twelve bits are alike.
 */
#define MARK_OFFSET 1984

static int ordinary_mark;
static int *mark = &ordinary_mark;
static uint32_t epoch;
static bool tried_page;

static int *current_mark(void)
{
	/* Pairs with the release in mark_page_init(). */
	return __atomic_load_n(&mark, __ATOMIC_ACQUIRE);
}

static int value_set(const int *m)
{
	return unlikely(m == &ordinary_mark) ? os_getpid() : MARK_SET;
}

static int value_setting(const int *m)
{
	return unlikely(m == &ordinary_mark) ? -os_getpid() : MARK_SETTING;
}

/* Called by one thread only of a process at a time. */
static void mark_page_init(void)
{
	size_t len = os_page_size();
	char *page = os_reserve(len);

	if (page && (os_commit(page, len) ||
		     syscall3(__NR_madvise, page, len, MADV_WIPEONFORK) ||
		     !os_advice_is_followed())) {
		os_release(page, len);
		page = NULL;
	}
	if (page) {
		int *m = (int *)(void *)(page + MARK_OFFSET);

		*m = MARK_SETTING;
		__atomic_store_n(&mark, m, __ATOMIC_RELEASE);
	}
	tried_page = true;
}

static void begin_epoch(void)
{
	int *m;

	epoch = epoch == FORK_EPOCH_MAX ? 1 : epoch + 1;
	if (!tried_page)
		mark_page_init();
	/* Who waits at the ordinary mark looks for the current one again. */
	m = current_mark();
	__atomic_store_n(m, value_set(m), __ATOMIC_RELEASE);
}

/*
 * Signals are masked: a handler would wait for the thread that it interrupted.
 */
static slow_path void fork_noticed(void)
{
	uint64_t flags = sigmask_save();

	for (;;) {
		int *m = current_mark();
		int seen = __atomic_load_n(m, __ATOMIC_ACQUIRE);
		int setting = value_setting(m);

		if (seen == value_set(m))
			break;
		/* Another new thread of this process is at it. */
		if (seen == setting) {
			syscall0(__NR_sched_yield);
			continue;
		}
		if (__atomic_compare_exchange_n(m, &seen, setting, false,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED)) {
			begin_epoch();
			break;
		}
	}
	sigmask_restore(flags);
}

uint32_t fork_epoch(void)
{
	int *m = current_mark();

	if (unlikely(__atomic_load_n(m, __ATOMIC_ACQUIRE) != value_set(m)))
		fork_noticed();
	return epoch;
}
