/*
 * Stepping a traced thread; the contract is in trace.h.
 */
#include "stress.h"
#include "trace.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
	uintptr_t pc;
	uintptr_t sp;
};

/* Where the thread was interrupted last. */
static struct place interrupted;

static struct place where_is(pid_t tid)
{
	struct user_regs_struct regs;
	struct iovec iov = {&regs, sizeof(regs)};
	struct place place;

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov))
		stress_fail("PTRACE_GETREGSET: %s", strerror(errno));
#ifdef __x86_64__
	place.pc = regs.rip;
	place.sp = regs.rsp;
#else
	place.pc = regs.pc;
	place.sp = regs.sp;
#endif
	return place;
}

static int wait_for(pid_t tid)
{
	int status;

	while (waitpid(tid, &status, __WALL) != tid)
		if (errno != EINTR)
			stress_fail("waitpid: %s", strerror(errno));
	return status;
}

static void resume(int how, pid_t tid, int signo)
{
	if (ptrace(how, tid, NULL, (void *)(uintptr_t)signo))
		stress_fail("ptrace(%d): %s", how, strerror(errno));
}

/*
 * Resumes, and waits for the thread to stop by SIGTRAP. Other signals come
 * from what the handler does (its children end) and from boundaries where
 * ours was masked; that boundary has its turn anyway, so they are dropped.
 */
static void run_to_trap(int how, pid_t tid, int signo)
{
	int status;

	resume(how, tid, signo);
	for (;;) {
		status = wait_for(tid);
		if (!WIFSTOPPED(status))
			stress_fail("the tracee ended with status %#x",
				    (unsigned int)status);
		if (WSTOPSIG(status) == SIGTRAP)
			return;
		if (WSTOPSIG(status) != SIGCHLD && WSTOPSIG(status) != SIGUSR1)
			stress_fail("the tracee stopped by signal %d at %#lx",
				    WSTOPSIG(status),
				    (unsigned long)where_is(tid).pc);
		resume(how, tid, 0);
	}
}

void trace_begin(pid_t pid)
{
	int status = wait_for(pid);

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status)); /* it has said why */
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL))
		stress_fail("PTRACE_SETOPTIONS: %s", strerror(errno));
	resume(PTRACE_CONT, pid, 0);
}

pid_t trace_until_trap(pid_t pid)
{
	int status;
	pid_t tid;

	for (;;) {
		tid = waitpid(-1, &status, __WALL);
		if (tid < 0)
			stress_fail("waitpid: %s", strerror(errno));
		if (!WIFSTOPPED(status)) {
			if (tid == pid)
				return 0;
			continue;
		}
		/* the event of a clone, and the new thread's first stop */
		if (status >> 16 || WSTOPSIG(status) == SIGSTOP)
			resume(PTRACE_CONT, tid, 0);
		else if (WSTOPSIG(status) == SIGTRAP)
			return tid;
		else
			resume(PTRACE_CONT, tid, WSTOPSIG(status));
	}
}

bool trace_signal(pid_t tid, int signo, uintptr_t handler)
{
	interrupted = where_is(tid);
	run_to_trap(PTRACE_SINGLESTEP, tid, signo);
	return where_is(tid).pc == handler;
}

uintptr_t trace_pc(pid_t tid)
{
	return where_is(tid).pc;
}

void trace_step(pid_t tid)
{
	run_to_trap(PTRACE_SINGLESTEP, tid, 0);
}

void trace_finish_handler(pid_t tid)
{
	struct place place;

	run_to_trap(PTRACE_CONT, tid, 0);
	do {
		trace_step(tid);
		place = where_is(tid);
	} while (place.pc != interrupted.pc || place.sp != interrupted.sp);
	trace_step(tid);
}

int trace_end(pid_t pid, pid_t tid)
{
	int status;
	pid_t who;

	resume(PTRACE_CONT, tid, 0);
	for (;;) {
		who = waitpid(-1, &status, __WALL);
		if (who < 0)
			stress_fail("waitpid: %s", strerror(errno));
		if (!WIFSTOPPED(status)) {
			if (who == pid)
				return status;
			continue;
		}
		resume(PTRACE_CONT, who,
		       WSTOPSIG(status) == SIGTRAP ||
				       WSTOPSIG(status) == SIGUSR1
			       ? 0
			       : WSTOPSIG(status));
	}
}
