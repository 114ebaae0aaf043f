/*
 * The malloc family as the program sees it, by name.
 *
 * A program that is linked to nothing of ours finds each name with dlsym, as
 * the loader does; one that is linked with libbuddy.a (API_DIRECT) takes the
 * symbol itself, so that a missing one does not link. API_STATIC says that
 * there is no loader at all. Only family.c is compiled differently in these
 * ways.
 */
#ifndef API_FAMILY_H
#define API_FAMILY_H

#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As struct mallinfo2, which glibc has since 2.33. */
struct family_info {
	size_t arena, ordblks, smblks, hblks, hblkhd;
	size_t usmblks, fsmblks, uordblks, fordblks, keepcost;
};

/* As struct mallinfo: the same in int. */
struct family_old_info {
	int arena, ordblks, smblks, hblks, hblkhd;
	int usmblks, fsmblks, uordblks, fordblks, keepcost;
};

/* X(result, name, arguments) */
#define FAMILY_ALLOCATE(X)                                                  \
	X(void *, malloc, (size_t size))                                    \
	X(void *, calloc, (size_t count, size_t size))                      \
	X(void *, realloc, (void *ptr, size_t size))                        \
	X(void *, reallocarray, (void *ptr, size_t count, size_t size))     \
	X(void *, aligned_alloc, (size_t alignment, size_t size))           \
	X(void *, memalign, (size_t alignment, size_t size))                \
	X(int, posix_memalign, (void **out, size_t alignment, size_t size)) \
	X(void *, valloc, (size_t size))                                    \
	X(void *, pvalloc, (size_t size))                                   \
	X(void *, __libc_malloc, (size_t size))                             \
	X(void *, __libc_calloc, (size_t count, size_t size))               \
	X(void *, __libc_realloc, (void *ptr, size_t size))                 \
	X(void *, __libc_memalign, (size_t alignment, size_t size))         \
	X(void *, __libc_valloc, (size_t size))                             \
	X(void *, __libc_pvalloc, (size_t size))

#define FAMILY_FREE(X)                                \
	X(void, free, (void *ptr))                    \
	X(void, cfree, (void *ptr))                   \
	X(void, free_sized, (void *ptr, size_t size)) \
	X(void, free_aligned_sized,                   \
	  (void *ptr, size_t alignment, size_t size)) \
	X(void, __libc_free, (void *ptr))

#define FAMILY_INFO(X)                                \
	X(size_t, malloc_usable_size, (void *ptr))    \
	X(int, malloc_trim, (size_t pad))             \
	X(int, mallopt, (int parameter, int value))   \
	X(int, malloc_info, (int options, FILE *out)) \
	X(void, malloc_stats, (void))                 \
	X(struct family_old_info, mallinfo, (void))   \
	X(struct family_info, mallinfo2, (void))

#define FAMILY_ALL(X) FAMILY_ALLOCATE(X) FAMILY_FREE(X) FAMILY_INFO(X)

#define FAMILY_MEMBER(result, name, arguments) result(*name) arguments;
struct family {
	FAMILY_ALL(FAMILY_MEMBER)
};
#undef FAMILY_MEMBER

/* Filled before main(). NULL where the name does not exist. */
extern struct family family;

/* Nonzero when a stand-in is tested, which API_STANDIN in the environment
 * says: what only libbuddy promises is then not asked for. */
int family_is_standin(void);

/*
 * Nonzero when ptr is a live block of libbuddy's. A pointer of another
 * allocator's ends the program with libbuddy's report.
 */
int family_owns(void *ptr);

/* The address of a name, where there is a loader to ask; else NULL. */
void *family_symbol(const char *name);

/* Whether this is a static executable, which has no loader to ask. */
int family_is_static(void);

/*
 * Nonzero when the code at `address`, which goes by `name`, is part of
 * libbuddy: in libbuddy.so when it is preloaded, in the program when it is
 * linked. For a static program only the link can tell.
 */
int family_is_ours(const char *name, const void *address);

#ifdef __cplusplus
}
#endif

#endif /* API_FAMILY_H */
