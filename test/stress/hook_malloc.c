/*
 * A preload library as leak tracers are made: it defines malloc's family,
 * counts, and passes on to the next one, which it finds by dlsym() on the
 * first call. It stands before or after the library under test in a chain.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic unsigned long calls;

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

#define PASS_ON(type, name, parameters, arguments)           \
	type name parameters;                                \
	type name parameters                                 \
	{                                                    \
		static type(*_Atomic real) parameters;       \
		type(*call) parameters = atomic_load(&real); \
		if (!call) {                                 \
			*(void **)&call = next(#name);       \
			atomic_store(&real, call);           \
		}                                            \
		atomic_fetch_add(&calls, 1);                 \
		return call arguments;                       \
	}

PASS_ON(void *, malloc, (size_t size), (size))
PASS_ON(void *, realloc, (void *p, size_t size), (p, size))
PASS_ON(void *, calloc, (size_t n, size_t size), (n, size))
PASS_ON(void *, aligned_alloc, (size_t align, size_t size), (align, size))
PASS_ON(int, posix_memalign, (void **out, size_t align, size_t size),
	(out, align, size))

void free(void *p);
void free(void *p)
{
	static void (*_Atomic real)(void *);
	void (*call)(void *) = atomic_load(&real);

	if (!call) {
		*(void **)&call = next("free");
		atomic_store(&real, call);
	}
	call(p);
}
