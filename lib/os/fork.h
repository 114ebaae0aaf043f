/*
 * Noticing a fork without a handler.
 *
 * A page that the kernel wipes in the child of every fork (also _Fork and
 * clone, where no pthread_atfork handler runs) tells the first call in a child
 * that it is one. Each process so gets an epoch: a number that its forebears
 * did not have. A lock stamped with another epoch belongs to a thread that
 * does not exist here.
 */
#ifndef OS_FORK_H
#define OS_FORK_H

#include <stdint.h>

/* This process's epoch: from 1 up to FORK_EPOCH_MAX, then from 1 again. */
uint32_t fork_epoch(void);

#define FORK_EPOCH_BITS 30
#define FORK_EPOCH_MAX ((UINT32_C(1) << FORK_EPOCH_BITS) - 1)

#endif
