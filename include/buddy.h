/*
 * libbuddy: a memory allocator built as the Linux kernel builds its own.
 *
 * Three levels, each usable by itself:
 *   objects   buddy_malloc() and its family: any size, 16-byte aligned
 *   caches    buddy_cache_create(): many objects of one size
 *   pages     buddy_alloc_pages(): 2^order pages of BUDDY_PAGE_SIZE bytes
 *
 * Unless a comment says otherwise, every function here may be called from any
 * thread, from a signal handler (also one that interrupted another call of
 * this library) and in the child of any fork; none of them is a cancellation
 * point. Sizes and alignments are in bytes. Functions that fail return NULL
 * or a negative errno value; those shaped like malloc also set errno, and
 * those shaped like free keep it.
 *
 * A wrong pointer (foreign, interior, freed twice) is reported on file
 * descriptor 2 and the process is aborted.
 */
#ifndef BUDDY_H
#define BUDDY_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BUDDY_VERSION_MAJOR 1
#define BUDDY_VERSION_MINOR 0

#if defined(__GNUC__)
#define BUDDY_API __attribute__((visibility("default")))
#define BUDDY_MALLOC(...) \
	__attribute__((malloc, alloc_size(__VA_ARGS__), warn_unused_result))
#define BUDDY_CHECKED __attribute__((warn_unused_result))
#define BUDDY_NOTHROW __attribute__((nothrow))
#else
#define BUDDY_API
#define BUDDY_MALLOC(...)
#define BUDDY_CHECKED
#define BUDDY_NOTHROW
#endif

/* ---- objects ---------------------------------------------------------- */

/*
 * A block of at least size bytes, 16-byte aligned; size 0 gives a block of
 * its own. NULL with errno ENOMEM when size exceeds PTRDIFF_MAX or memory is
 * refused.
 */
BUDDY_API void *buddy_malloc(size_t size) BUDDY_MALLOC(1) BUDDY_NOTHROW;

/* count * size bytes of zeroes; an overflowing product is ENOMEM. */
BUDDY_API void *buddy_calloc(size_t count, size_t size)
	BUDDY_MALLOC(1, 2) BUDDY_NOTHROW;

/*
 * The block at ptr with a new size: in place, moved by the kernel, or copied.
 * NULL as ptr allocates. Size 0 frees ptr and returns NULL (as glibc does).
 * On failure the old block is untouched. An alignment beyond 16 bytes is not
 * kept when the block moves.
 */
BUDDY_API void *buddy_realloc(void *ptr, size_t size) BUDDY_CHECKED
	BUDDY_NOTHROW;
BUDDY_API void *buddy_reallocarray(void *ptr, size_t count, size_t size)
	BUDDY_CHECKED BUDDY_NOTHROW;

/* Gives a block of this family back. NULL is allowed. errno is kept. */
BUDDY_API void buddy_free(void *ptr) BUDDY_NOTHROW;

/*
 * As buddy_free(), by a caller that knows what it asked for. A size or an
 * alignment that cannot have made this block is reported as misuse.
 */
BUDDY_API void buddy_free_sized(void *ptr, size_t size) BUDDY_NOTHROW;
BUDDY_API void buddy_free_aligned_sized(void *ptr, size_t alignment,
					size_t size) BUDDY_NOTHROW;

/* Alignment: a power of two, else NULL with errno EINVAL. */
BUDDY_API void *buddy_aligned_alloc(size_t alignment, size_t size)
	BUDDY_CHECKED BUDDY_NOTHROW;

/*
 * Alignment: a power of two and a multiple of sizeof(void *), else EINVAL.
 * Returns 0, EINVAL or ENOMEM (positive, as POSIX has it); on failure *out
 * and errno are untouched.
 */
BUDDY_API int buddy_posix_memalign(void **out, size_t alignment, size_t size)
	BUDDY_CHECKED BUDDY_NOTHROW;

/* Bytes that may be used at ptr, at least what was asked for; 0 for NULL. */
BUDDY_API size_t buddy_usable_size(const void *ptr) BUDDY_NOTHROW;

/*
 * Gives what is cached and free back to the operating system: the calling
 * thread's caches, empty slabs, dirty free pages, all but `pad` bytes.
 * Returns 1 when memory was given back, else 0 (as malloc_trim does).
 */
BUDDY_API int buddy_trim(size_t pad) BUDDY_NOTHROW;

/* ---- pages ------------------------------------------------------------ */

#define BUDDY_PAGE_SHIFT 16
#define BUDDY_PAGE_SIZE ((size_t)1 << BUDDY_PAGE_SHIFT)
#define BUDDY_MAX_PAGE_ORDER 14 /* inclusive: 1 GiB */

/*
 * How to allocate ("get free pages"). The first three name what the pages are
 * for, so that memory of one kind is kept together.
 */
enum buddy_gfp {
	BUDDY_GFP_UNMOVABLE = 0x00,   /* small and long-lived */
	BUDDY_GFP_MOVABLE = 0x01,     /* given back as a whole */
	BUDDY_GFP_RECLAIMABLE = 0x02, /* can be dropped on demand */
	BUDDY_GFP_ZERO = 0x10,	      /* zeroed; free of charge when clean */
	BUDDY_GFP_NOFAIL = 0x20,      /* never NULL: reclaim, else abort */
	BUDDY_GFP_ATOMIC = 0x40,      /* may use the reserve */
	BUDDY_GFP_COLD = 0x80,	      /* cache-cold pages are preferred */
};

/*
 * 2^order pages, naturally aligned (to BUDDY_PAGE_SIZE << order); order from
 * 0 to BUDDY_MAX_PAGE_ORDER. NULL when there is none (errno ENOMEM), or when
 * an argument is out of range (errno EINVAL).
 */
BUDDY_API void *buddy_alloc_pages(unsigned int gfp, unsigned int order)
	BUDDY_CHECKED BUDDY_NOTHROW;

/* Takes back what buddy_alloc_pages() gave; NULL is allowed. */
BUDDY_API void buddy_free_pages(void *addr, unsigned int order) BUDDY_NOTHROW;

/*
 * Fills the NULL entries of array[0..nr-1] with single pages, in one hold of
 * the lock where possible. Returns how many entries are filled, counted from
 * the start of the array; fewer than nr only when memory ran out.
 */
BUDDY_API size_t buddy_alloc_pages_bulk(unsigned int gfp, size_t nr,
					void **array) BUDDY_NOTHROW;

/* Frees nr single pages; NULL entries are skipped. */
BUDDY_API void buddy_free_pages_bulk(size_t nr, void *const *array)
	BUDDY_NOTHROW;

/*
 * A run of exactly the pages that `size` bytes need: what a power of two
 * would waste goes straight back. Aligned to BUDDY_PAGE_SIZE only.
 */
BUDDY_API void *buddy_alloc_pages_exact(size_t size, unsigned int gfp)
	BUDDY_CHECKED BUDDY_NOTHROW;
BUDDY_API void buddy_free_pages_exact(void *addr, size_t size) BUDDY_NOTHROW;

/* ---- object caches ---------------------------------------------------- */

struct buddy_cache;

enum buddy_cache_flags {
	BUDDY_CACHE_NO_MERGE = 0x1,	 /* slabs of its own */
	BUDDY_CACHE_HWCACHE_ALIGN = 0x2, /* align to a cache line */
	BUDDY_CACHE_RECLAIMABLE = 0x4,	 /* slabs from reclaimable pages */
};

/*
 * A cache of objects of `size` bytes (1 to 256 KiB), aligned to `align` (0 for
 * 16 bytes, else a power of two up to 4096). `name` is copied and shown in
 * slabinfo. ctor, which may be NULL, is run on each object once, before it is
 * handed out first; an object must be given back in its constructed state.
 * Caches without ctor and NO_MERGE share the slabs of malloc's size classes.
 * NULL with errno EINVAL, ENOSPC (no more caches) or ENOMEM.
 * Not to be called from a signal handler.
 */
BUDDY_API struct buddy_cache *
buddy_cache_create(const char *name, size_t size, size_t align,
		   unsigned int flags, void (*ctor)(void *))
	BUDDY_CHECKED BUDDY_NOTHROW;

/* One object; gfp as above (ZERO, NOFAIL and ATOMIC are honoured). */
BUDDY_API void *buddy_cache_alloc(struct buddy_cache *cache, unsigned int gfp)
	BUDDY_CHECKED BUDDY_NOTHROW;
BUDDY_API void buddy_cache_free(struct buddy_cache *cache, void *object)
	BUDDY_NOTHROW;

/* Gives the calling thread's objects and the empty slabs back. */
BUDDY_API void buddy_cache_shrink(struct buddy_cache *cache) BUDDY_NOTHROW;

/*
 * Ends a cache. 0, or -EBUSY when objects are still in use: then nothing has
 * changed. NULL is allowed. Not to be called from a signal handler.
 */
BUDDY_API int buddy_cache_destroy(struct buddy_cache *cache) BUDDY_NOTHROW;

/* ---- statistics and self-check ---------------------------------------- */

/* The kernel's files of the same names, about this process. */
enum buddy_stat {
	BUDDY_STAT_BUDDYINFO,	 /* free blocks by zone and order */
	BUDDY_STAT_PAGETYPEINFO, /* the same by migratetype */
	BUDDY_STAT_ZONEINFO,	 /* a zone's pages, watermarks and pcp */
	BUDDY_STAT_VMSTAT,	 /* page states and event counts */
	BUDDY_STAT_SLABINFO,	 /* caches, objects and slabs */
	BUDDY_NR_STATS
};

/*
 * The text of a statistic, as snprintf() does: at most len bytes with the
 * final NUL are written, and the length of the whole text is returned; or
 * -EINVAL. Nothing is allocated.
 */
BUDDY_API ssize_t buddy_stat(enum buddy_stat which, char *buf, size_t len)
	BUDDY_NOTHROW;

/* Writes the text to a file descriptor. 0 or a negative errno value. */
BUDDY_API int buddy_stat_write(enum buddy_stat which, int fd) BUDDY_NOTHROW;

/*
 * Recounts all of the allocator's state and compares it with the counters and
 * lists. 0 when all agree; else -EUCLEAN, and what disagrees is written to fd
 * 2. It takes each zone's lock in turn; counts that only hold in a quiet
 * process are compared when no other thread is inside the allocator.
 */
BUDDY_API int buddy_mm_verify(void) BUDDY_NOTHROW;

#ifdef __cplusplus
}
#endif

#endif /* BUDDY_H */
