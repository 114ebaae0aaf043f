/*
 * Stepping a traced thread: the few things that signal_step.c needs of
 * ptrace. A stop that nobody expects is a failure with a message.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Takes the child over that has just stopped itself by SIGSTOP. */
void trace_begin(pid_t pid);

/*
 * Lets the process run until one of its threads raises SIGTRAP. That thread,
 * or 0 when the process ended first.
 */
pid_t trace_until_trap(pid_t pid);

/*
 * Delivers a signal at the current boundary. True when the thread stopped at
 * the handler's first instruction; false when the signal is masked for now
 * and the thread has made a step instead.
 */
bool trace_signal(pid_t tid, int signo, uintptr_t handler);

/* The next instruction's address. */
uintptr_t trace_pc(pid_t tid);

/* One step with no signal. */
void trace_step(pid_t tid);

/*
 * From the handler's first instruction to its raise(SIGTRAP), through its
 * return, and one step of the interrupted code.
 */
void trace_finish_handler(pid_t tid);

/* Lets the process end; its wait status. */
int trace_end(pid_t pid, pid_t tid);

#endif /* TRACE_H */
