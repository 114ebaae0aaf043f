/* Misuse of the allocator by the program: reported, then fatal. */
#ifndef SLAB_MISUSE_H
#define SLAB_MISUSE_H

#include "kmem_cache.h"

/* Appends what is known of an address, as the report has it. No lock. */
void text_address(struct text *t, const void *p);

/*
 * Writes "libbuddy: <kind> in <function>(<pointer>)" and what is known of the
 * pointer's page, and aborts. Allocates nothing and takes no lock.
 */
noreturn_fn void misuse(const char *kind, const char *function, const void *p);

/*
 * The same where only the place is known to be wrong: finds out whether the
 * pointer is foreign, interior, or of a block that is free already.
 */
noreturn_fn void misuse_pointer(const char *function, const void *p);

/* Kinds that the hardened mode finds. */
#define MISUSE_OVERFLOW "write past the end"
#define MISUSE_AFTER_FREE "write after free"

/*
 * misuse() of a block of which `size` bytes were asked for, and the byte at
 * `offset` was changed by somebody who had no right to.
 */
noreturn_fn void misuse_block(const char *kind, const char *function,
			      const void *p, size_t size, size_t offset);

/* misuse_pointer() for a call that does not free: a use after free. */
noreturn_fn void misuse_realloc(const char *function, const void *p);

#endif
