/*
 * Assertions about the library's own state, in debug builds (BUDDY_DEBUG).
 *
 * One that does not hold is the library's fault, never the program's: what a
 * program can cause is checked always, and reported as misuse. Without
 * BUDDY_DEBUG the condition is compiled, so that it cannot rot, and never
 * evaluated: it must have no effects.
 */
#ifndef OS_BUG_H
#define OS_BUG_H

#include "report.h"

#ifdef BUDDY_DEBUG
#define VM_BUG_ON(cond)                                                  \
	do {                                                             \
		if (unlikely(cond))                                      \
			report_bug(#cond, __FILE__, __LINE__, __func__); \
	} while (0)
#else
#define VM_BUG_ON(cond) ((void)sizeof(!(cond)))
#endif

/* Begins a report with "BUG in <function> (<file>:<line>): <cond>". */
void report_bug_begin(struct report *r, const char *cond, const char *file,
		      int line, const char *function);

/* Writes just that, and aborts. */
noreturn_fn void report_bug(const char *cond, const char *file, int line,
			    const char *function);

#endif
