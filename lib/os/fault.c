/* Being told of a fault, with raw system calls. */
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "fault.h"
#include "process.h"
#include "syscall.h"

/* The kernel's struct sigaction, which is not the C library's. */
struct kernel_sigaction {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

#if defined(__x86_64__)
#define NEEDED_FLAGS 0x04000000ul /* SA_RESTORER */

/*
 * The way back from a handler. Unwinders know it by these very bytes, as long
 * as no unwind information says otherwise; so it is no function of the
 * compiler's. gdb looks for "sigaction" in its name, too.
 */
__asm__(".text\n"
	"\t.hidden os_sigaction_return\n"
	"\t.globl os_sigaction_return\n"
	"\t.type os_sigaction_return, @function\n"
	"\t.balign 16\n"
	"\tnop\n"
	"os_sigaction_return:\n"
	"\tmovq $15, %rax\n" /* __NR_rt_sigreturn */
	"\tsyscall\n"
	"\t.size os_sigaction_return, . - os_sigaction_return\n");
void os_sigaction_return(void) __attribute__((visibility("hidden")));
#else
#define NEEDED_FLAGS 0ul
#define os_sigaction_return NULL
#endif

static const int signals[] = {SIGSEGV, SIGBUS};

static struct kernel_sigaction before[ARRAY_SIZE(signals)];
static void (*report_fault)(const struct fault *f);

static long set_action(int sig, const struct kernel_sigaction *new,
		       struct kernel_sigaction *old)
{
	return syscall4(__NR_rt_sigaction, sig, new, old, sizeof(new->mask));
}

static void put_back(int sig)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i] == sig)
			set_action(sig, &before[i], NULL);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	put_back(sig);
	/* One that was sent does not come again by itself. */
	if (info->si_code <= 0) {
		syscall3(__NR_tgkill, os_getpid(), os_gettid(), sig);
		return;
	}
	report_fault(&(struct fault){
		.bus = sig == SIGBUS,
		.addr = info->si_addr,
		.mapped = sig == SIGSEGV && info->si_code == SEGV_ACCERR,
	});
}

int os_on_fault(void (*report)(const struct fault *f))
{
	const struct kernel_sigaction action = {
		.handler = on_signal,
		/* A stack that ran over cannot hold a handler's frame. */
		.flags = SA_SIGINFO | SA_ONSTACK | NEEDED_FLAGS,
		.restorer = os_sigaction_return,
	};

	report_fault = report;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		long ret = set_action(signals[i], &action, &before[i]);

		if (ret)
			return (int)ret;
	}
	return 0;
}
