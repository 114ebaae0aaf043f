/*
 * Poison: what a freed block is filled with, to see whether it is written to
 * before it is handed out again.
 *
 * It is zero when freed blocks shall be zeroed, else poison_word() of the
 * process's secret, which also tells when zeroes are written.
 */
#ifndef SLAB_POISON_H
#define SLAB_POISON_H

#include <stddef.h>
#include <stdint.h>

/*
 * The word for a secret: the top bit of each byte is set, so that a byte of
 * text, a NUL or a pointer of a process is always a change to it.
 */
uint64_t poison_word(uint64_t secret);

/* len is a multiple of 16, and so is the block's address. */
void poison_fill(void *block, size_t len, uint64_t word);

/* The offset of the first byte that was changed; len when none was. */
size_t poison_check(const void *block, size_t len, uint64_t word);

#endif
