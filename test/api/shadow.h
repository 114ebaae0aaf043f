/*
 * The shadow: which bytes belong to a live block, kept apart from the heap
 * under test. No two live blocks may overlap, over the whole of what their
 * owners may use.
 *
 * A sorted array in a mapping of its own; one lock. A block is entered after
 * it was allocated and leaves before it is freed.
 */
#ifndef API_SHADOW_H
#define API_SHADOW_H

#include <stddef.h>
#include <stdint.h>

/* Makes room for `most` live blocks. */
void shadow_start(size_t most);

/* Enters the bytes of a new block, which must belong to none. */
void shadow_enter(const void *ptr, size_t size);

/* Takes a block out, which must have been entered with this very start. */
void shadow_leave(const void *ptr);

size_t shadow_count(void);

/*
 * Patterns. The bytes of a block follow from its tag and their offset; of a
 * block above 64 KiB only the first and last 64 and some between are used.
 */
void shadow_fill(void *ptr, size_t size, uint64_t tag);
void shadow_check(const void *ptr, size_t size, uint64_t tag);

#endif /* API_SHADOW_H */
