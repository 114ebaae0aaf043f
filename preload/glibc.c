/*
 * glibc's other names for the same functions.
 *
 * Programs and libraries call some of them, and a static executable would
 * pull glibc's own malloc in for any that was missing.
 */
#include <malloc.h>
#include <stdlib.h>

#include "base/base.h"

#define FORWARD(name, target, type, params, args) \
	exported type name params;                \
	exported type name params                 \
	{                                         \
		return target args;               \
	}

FORWARD(__libc_malloc, malloc, void *, (size_t size), (size))
FORWARD(__libc_calloc, calloc, void *, (size_t n, size_t size), (n, size))
FORWARD(__libc_realloc, realloc, void *, (void *p, size_t size), (p, size))
FORWARD(__libc_memalign, memalign, void *, (size_t a, size_t size), (a, size))
FORWARD(__libc_valloc, valloc, void *, (size_t size), (size))
FORWARD(__libc_pvalloc, pvalloc, void *, (size_t size), (size))
FORWARD(__posix_memalign, posix_memalign, int,
	(void **out, size_t a, size_t size), (out, a, size))

exported void __libc_free(void *p);
exported void __libc_free(void *p)
{
	free(p);
}
