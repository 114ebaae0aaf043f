/*
 * The option segv_report: at a SIGSEGV or SIGBUS, what the address is that
 * could not be reached, in one block on fd 2. Then the signal goes on to who
 * would have had it.
 */
#ifndef HEAP_SEGV_REPORT_H
#define HEAP_SEGV_REPORT_H

#include "slab/slab.h"

/* 0 or -errno. */
int segv_report_install(void);

/* Appends what is known of an address; none has to be the library's. */
void text_fault_address(struct text *t, const void *p);

#endif
