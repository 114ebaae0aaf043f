/*
 * Canaries: bytes behind the end of a block that nobody may change.
 *
 * What a block has beyond the bytes that were asked for is filled with a word
 * that follows from its address and the process's secret. No byte of it is 0,
 * so that the end of a string that is one byte too long is seen.
 */
#ifndef SLAB_CANARY_H
#define SLAB_CANARY_H

#include <stdbool.h>
#include <stddef.h>

/* Of a long rest only so many bytes are filled. An overflow begins there. */
#define CANARY_MAX ((size_t)1024)

/* The block's bytes [size, usable). */
void canary_set(void *block, size_t size, size_t usable);

/* The offset of the first byte that was changed; usable when none was. */
size_t canary_check(const void *block, size_t size, size_t usable);

#endif
