/*
 * Signal masking: what disabling interrupts is to the kernel.
 *
 * While masked no handler runs in this thread, so what it holds cannot be
 * asked for by a nested call. The synchronous signals SEGV, BUS, FPE, ILL,
 * TRAP and SYS stay open: crash reporters live there.
 */
#ifndef OS_SIGMASK_H
#define OS_SIGMASK_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "syscall.h"

#define SIGNAL_BIT(s) (UINT64_C(1) << ((s)-1))
#define SYNCHRONOUS_SIGNALS                                              \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGFPE) | \
	 SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGSYS))

/* The kernel's own sigset: 64 signals on all of its architectures here. */
static inline uint64_t sigmask_save(void)
{
	uint64_t all = ~SYNCHRONOUS_SIGNALS;
	uint64_t old = 0;

	/* What the thread has masked itself stays masked. */
	syscall4(__NR_rt_sigprocmask, SIG_BLOCK, &all, &old, sizeof(all));
	return old;
}

/* For assertions: whether no handler but of those can run in this thread. */
static inline bool sigmask_is_set(void)
{
	/* What cannot be masked. */
	uint64_t open =
		SYNCHRONOUS_SIGNALS | SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP);
	uint64_t now = 0;

	syscall4(__NR_rt_sigprocmask, SIG_BLOCK, NULL, &now, sizeof(now));
	return (now | open) == ~UINT64_C(0);
}

static inline void sigmask_restore(uint64_t old)
{
	syscall4(__NR_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof(old));
}

#endif
