/* Random bytes from the kernel. */
#ifndef OS_RANDOM_H
#define OS_RANDOM_H

#include <stdint.h>

/*
 * One word that nobody can guess: from getrandom(), or, where that is refused
 * or its pool is not ready so early, from what execve() left for this process
 * (AT_RANDOM), the clock and the process's number. Never waits.
 */
uint64_t os_random(void);

#endif
