/* Who and where this process is. */
#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "syscall.h"

static inline int os_getpid(void)
{
	return (int)syscall0(__NR_getpid);
}

static inline int os_gettid(void)
{
	return (int)syscall0(__NR_gettid);
}

/* False only when no thread of this process has that id. */
bool os_thread_exists(int tid);

/* Processors that this process may use, at least 1. */
unsigned int os_nr_cpus(void);

/*
 * The value of an environment variable, or NULL: also when the environment is
 * not there yet, and in a process that runs with more rights than its caller
 * (setuid), where it must not be believed. *ready tells whether it is there.
 */
const char *os_getenv(const char *name, bool *ready);

/*
 * A descriptor for the same file, out of the way of the program's own, closed
 * on exec. It stays when the program closes the original. Or -errno.
 */
int os_keep_fd(int fd);

/* Page faults of the process so far that needed no disk; may wrap around. */
uint32_t os_minor_faults(void);

/* Lets that many milliseconds pass, or fewer when a signal comes. */
void os_sleep(unsigned int ms);

#endif
