/*
 * C++'s operator new and delete, in C by their mangled names.
 *
 * The rules are those of [new.delete]: a failing allocation calls the
 * new_handler until there is none, then the throwing forms throw
 * std::bad_alloc and the others return NULL. The handler and the exception
 * come from the C++ runtime of the program, if it has one (cxx_runtime.h).
 */
#include <stddef.h>

#include "cxx_runtime.h"
#include "heap/heap.h"

/* ---- allocating ------------------------------------------------------- */

static void *allocate(size_t size, size_t alignment)
{
	return alignment <= MIN_OBJECT_SIZE ? heap_malloc(size)
					    : heap_aligned(alignment, size);
}

static slow_path void *new_slow(size_t size, size_t alignment)
{
	for (;;) {
		void (*handler)(void) = cxx_new_handler();
		void *p;

		if (!handler)
			cxx_throw_bad_alloc();
		handler();
		p = allocate(size, alignment);
		if (p)
			return p;
	}
}

static slow_path void *new_nothrow_slow(size_t size, size_t alignment)
{
	void *p = NULL;

	/* The handler may throw, which only C++ can catch. */
	if (cxx_new_handler() && cxx_new_nothrow(&p, size, alignment))
		return p;
	while (!p && cxx_new_handler()) {
		cxx_new_handler()();
		p = allocate(size, alignment);
	}
	return p;
}

static noinline void *new_plain_medium(size_t size)
{
	void *p = heap_malloc_medium(size);

	return likely(p) ? p : new_slow(size, 0);
}

static noinline void *new_plain_slow(size_t size, struct thread_cache *tc)
{
	void *p = heap_malloc_slow(size, tc);

	return likely(p) ? p : new_slow(size, 0);
}

static always_inline void *new_plain(size_t size)
{
	return heap_malloc_or(size, new_plain_medium, new_plain_slow);
}

static void *new_aligned(size_t size, size_t alignment)
{
	void *p = allocate(size, alignment);

	return likely(p) ? p : new_slow(size, alignment);
}

static always_inline void *new_nothrow(size_t size)
{
	void *p = heap_malloc(size);

	return likely(p) ? p : new_nothrow_slow(size, 0);
}

static void *new_aligned_nothrow(size_t size, size_t alignment)
{
	void *p = allocate(size, alignment);

	return likely(p) ? p : new_nothrow_slow(size, alignment);
}

/* Where a function shall begin: hot_path, or anywhere. */
#define anywhere

#define NEW(where, name, body, ...)            \
	exported void *name(__VA_ARGS__);      \
	exported where void *name(__VA_ARGS__) \
	{                                      \
		return body;                   \
	}

NEW(hot_path, _Znwm, new_plain(size), size_t size)
NEW(hot_path, _Znam, new_plain(size), size_t size)
NEW(anywhere, _ZnwmSt11align_val_t, new_aligned(size, a), size_t size, size_t a)
NEW(anywhere, _ZnamSt11align_val_t, new_aligned(size, a), size_t size, size_t a)
NEW(anywhere, _ZnwmRKSt9nothrow_t, new_nothrow(size), size_t size,
    const void *tag maybe_unused)
NEW(anywhere, _ZnamRKSt9nothrow_t, new_nothrow(size), size_t size,
    const void *tag maybe_unused)
NEW(anywhere, _ZnwmSt11align_val_tRKSt9nothrow_t, new_aligned_nothrow(size, a),
    size_t size, size_t a, const void *tag maybe_unused)
NEW(anywhere, _ZnamSt11align_val_tRKSt9nothrow_t, new_aligned_nothrow(size, a),
    size_t size, size_t a, const void *tag maybe_unused)

/* ---- freeing ---------------------------------------------------------- */

#define DELETE(where, name, body, ...)        \
	exported void name(__VA_ARGS__);      \
	exported where void name(__VA_ARGS__) \
	{                                     \
		body;                         \
	}

#define ONE "operator delete"
#define MANY "operator delete[]"

DELETE(hot_path, _ZdlPv, heap_free(p, ONE), void *p)
DELETE(hot_path, _ZdaPv, heap_free(p, MANY), void *p)
DELETE(anywhere, _ZdlPvRKSt9nothrow_t, heap_free(p, ONE), void *p,
       const void *tag maybe_unused)
DELETE(anywhere, _ZdaPvRKSt9nothrow_t, heap_free(p, MANY), void *p,
       const void *tag maybe_unused)
DELETE(hot_path, _ZdlPvm, heap_free_sized(p, size, ONE), void *p, size_t size)
DELETE(hot_path, _ZdaPvm, heap_free_sized(p, size, MANY), void *p, size_t size)
DELETE(anywhere, _ZdlPvSt11align_val_t, heap_free(p, ONE), void *p,
       size_t a maybe_unused)
DELETE(anywhere, _ZdaPvSt11align_val_t, heap_free(p, MANY), void *p,
       size_t a maybe_unused)
DELETE(anywhere, _ZdlPvSt11align_val_tRKSt9nothrow_t, heap_free(p, ONE),
       void *p, size_t a maybe_unused, const void *tag maybe_unused)
DELETE(anywhere, _ZdaPvSt11align_val_tRKSt9nothrow_t, heap_free(p, MANY),
       void *p, size_t a maybe_unused, const void *tag maybe_unused)
DELETE(anywhere, _ZdlPvmSt11align_val_t,
       heap_free_aligned_sized(p, a, size, ONE), void *p, size_t size, size_t a)
DELETE(anywhere, _ZdaPvmSt11align_val_t,
       heap_free_aligned_sized(p, a, size, MANY), void *p, size_t size,
       size_t a)
