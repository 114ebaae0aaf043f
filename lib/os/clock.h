/* Clocks. */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include <stdint.h>

#define MS_PER_S 1000
#define NS_PER_MS 1000000

/*
 * Without a system call: milliseconds on a clock that only goes forward, and
 * stands while the machine sleeps. It moves with the kernel's ticks, so by up
 * to 10 at a time, or more where these come late. Safe in signal handlers.
 */
uint64_t os_milliseconds(void);

/*
 * By a system call: nanoseconds for which processors worked for this thread, or
 * 0 where a filter refuses it. Safe in signal handlers.
 */
uint64_t os_thread_ns(void);

#endif
