/*
 * Being told of a fault before the program, or the kernel's default, is.
 *
 * For a report only: after it the disposition that was there before is put
 * back, and the instruction that faulted does so again. So a core file shows
 * the place, and a handler that the program had gets the signal as if nothing
 * had been between. One report for each process; a handler that the program
 * installs later takes this one's place.
 */
#ifndef OS_FAULT_H
#define OS_FAULT_H

#include <stdbool.h>

struct fault {
	bool bus;	  /* SIGBUS, not SIGSEGV */
	const void *addr; /* what could not be reached */
	bool mapped;	  /* there is memory, but no such access to it */
};

/*
 * Has `report` called in the thread that faults: it takes no lock, allocates
 * nothing and returns. 0 or -errno.
 */
int os_on_fault(void (*report)(const struct fault *f));

#endif
