/*
 * Poison: what a freed block is filled with, to see whether it is written to
 * before it is handed out again.
 *
 * It is zero when freed blocks shall be zeroed, else a word of the process's
 * secret, which also tells when zeroes are written.
 */
#ifndef SLAB_POISON_H
#define SLAB_POISON_H

#include <stddef.h>
#include <stdint.h>

/* len is a multiple of 16, and so is the block's address. */
void poison_fill(void *block, size_t len, uint64_t word);

/* The offset of the first byte that was changed; len when none was. */
size_t poison_check(const void *block, size_t len, uint64_t word);

#endif
