/* malloc: the slow paths. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "frame.h"
#include "harden.h"
#include "large.h"
#include "malloc.h"
#include "options.h"

/* ---- allocating ------------------------------------------------------- */

static void *alloc_by_size(struct thread_cache *own, size_t size)
{
	void *p = NULL;

	if (unlikely(harden_is_on()))
		return harden_alloc(own, size, MIN_OBJECT_SIZE, false);
	if (size <= SMALL_MAX)
		p = magazine_alloc_slow(own, size_class(size));
	/* Where no slab of many pages is to be had, a few may do. */
	if (!p && size > FINE_MAX)
		p = large_alloc(own, size, false);
	return p;
}

/* Memory that is kept for one use may serve another. */
static bool give_up_caches(struct thread_cache *own)
{
	unsigned int n = thread_cache_reap();

	if (unlikely(harden_is_on()))
		n += harden_drain(own);
	if (own)
		thread_cache_drain(own);
	return kmem_cache_sweep_all(NULL) || own || n;
}

static void *finish_alloc(void *p, size_t size)
{
	if (unlikely(!p))
		errno = ENOMEM;
	else if (unlikely(options.junk))
		memset(p, JUNK_ALLOC, size);
	return p;
}

void *heap_malloc_slow(size_t size, struct thread_cache *tc)
{
	struct frame f = frame_enter(tc);
	void *p = NULL;

	if (likely(size <= PTRDIFF_MAX)) {
		p = alloc_by_size(f.own, size);
		if (unlikely(!p) && give_up_caches(f.own))
			p = alloc_by_size(f.own, size);
	}
	frame_leave(&f);
	return finish_alloc(p, size);
}

/* Whether runs that the thread keeps need nothing done to them. */
static bool runs_are_plain(const struct thread_cache *tc)
{
	return cache_is_real(tc) && !harden_is_on() && !options.junk;
}

static slow_path void *malloc_large(size_t size, struct thread_cache *tc)
{
	void *p;

	if (unlikely(size > RUN_CACHE_PAGES * PAGE_SIZE || !runs_are_plain(tc)))
		return heap_malloc_slow(size, tc);
	p = large_alloc_cached(tc, size);
	if (unlikely(!p))
		return heap_malloc_slow(size, tc);
	soft_unmask(tc);
	return p;
}

void *heap_malloc_medium(size_t size)
{
	struct thread_cache *tc = soft_mask();
	void *obj;

	if (unlikely(size > SMALL_MAX))
		return malloc_large(size, tc);
	obj = magazine_pop(tc, size_class_geometric(size));
	if (unlikely(!obj))
		return heap_malloc_slow(size, tc);
	soft_unmask(tc);
	return obj;
}

void *heap_cache_alloc(unsigned int cache)
{
	struct thread_cache *tc = soft_mask();
	void *obj = magazine_pop(tc, cache);

	if (unlikely(!obj)) {
		struct frame f = frame_enter(tc);

		obj = magazine_alloc_slow(f.own, cache);
		if (unlikely(!obj) && give_up_caches(f.own))
			obj = magazine_alloc_slow(f.own, cache);
		if (unlikely(harden_is_exact()))
			obj = harden_object(cache, obj);
		frame_leave(&f);
	} else {
		soft_unmask(tc);
	}
	return obj;
}

/* ---- from a pointer to its block -------------------------------------- */

/* The head of the slab that a page inside it belongs to, or NULL. */
static struct page *slab_head(struct page *page)
{
	struct page *head = page - page->nr;

	if (!page->nr ||
	    page->nr > page_index(page) - zone_of(page)->first_page)
		return NULL;
	if (head->type != PAGE_SLAB || page->nr >= 1u << head->order)
		return NULL;
	return head;
}

struct page *block_of(const void *p)
{
	struct page *page = page_of(p);

	if (page && page->type == PAGE_TAIL)
		page = slab_head(page);
	if (!page)
		return NULL;
	if (page->type == PAGE_SLAB) {
		const struct kmem_cache *c = &kmem_caches[page->cache];

		return !cache_is_internal(page->cache) &&
				       slab_is_object(c, page, p)
			       ? page
			       : NULL;
	}
	if (page->type != PAGE_RUN || page->flags & (PG_CACHED | PG_FENCE) ||
	    p != page_to_addr(page))
		return NULL;
	return page;
}

/* The same for a pointer that is to be freed: another is misuse. */
static struct page *block_to_free(const void *p, const char *function)
{
	struct page *page = block_of(p);

	if (unlikely(!page))
		misuse_pointer(function, p);
	return page;
}

size_t usable_of(const struct page *page)
{
	return page->type == PAGE_SLAB ? kmem_caches[page->cache].size
				       : large_usable(page);
}

/* ---- freeing ---------------------------------------------------------- */

static void junk_freed(const struct page *page, void *p)
{
	/* A constructed object is given back as it shall be handed out. */
	if (page->type == PAGE_SLAB && kmem_caches[page->cache].ctor)
		return;
	memset(p, JUNK_FREE, usable_of(page));
}

void heap_free_slow(void *p, struct thread_cache *tc, const char *function)
{
	struct page *page;
	struct frame f;

	if (!p) {
		soft_unmask(tc);
		return;
	}
	if (unlikely(harden_is_on()) && harden_free(p, tc, function))
		return;
	page = block_to_free(p, function);
	f = frame_enter(tc);
	if (unlikely(options.junk))
		junk_freed(page, p);
	if (page->type == PAGE_SLAB)
		magazine_free_slow(f.own, page->cache, p, function);
	else
		large_free(f.own, page);
	frame_leave(&f);
}

void heap_free_checked(void *p, const char *function)
{
	struct page *page = p ? page_of(p) : NULL;
	struct thread_cache *tc;

	if (!p)
		return;
	/* A medium object, most often: its magazine is as good as any. */
	if (page && page->type == PAGE_TAIL)
		page = slab_head(page);
	tc = soft_mask();
	if (likely(page && page->type == PAGE_SLAB &&
		   !cache_is_internal(page->cache) &&
		   slab_is_object(&kmem_caches[page->cache], page, p) &&
		   magazine_push(tc, page->cache, p))) {
		soft_unmask(tc);
		return;
	}
	if (page && page->type == PAGE_RUN && p == page_to_addr(page) &&
	    runs_are_plain(tc) && large_free_cached(tc, page)) {
		soft_unmask(tc);
		return;
	}
	heap_free_slow(p, tc, function);
}

void heap_cache_free(unsigned int cache, void *obj, const char *function)
{
	const struct page *page;

	if (!obj)
		return;
	page = block_to_free(obj, function);
	if (page->type != PAGE_SLAB || page->cache != cache)
		misuse("foreign pointer", function, obj);
	heap_free(obj, function);
}

/* ---- freeing by size -------------------------------------------------- */

/*
 * Whether a block can have been asked for with that size. realloc() keeps an
 * object in its place as long as more than half of it is used.
 */
static bool size_fits(const struct page *page, size_t size)
{
	size_t usable = usable_of(page);

	if (size > usable)
		return false;
	if (page->type == PAGE_RUN)
		return usable - size < PAGE_SIZE ||
		       (!size && usable == PAGE_SIZE);
	return size > usable / 2 || usable == MIN_OBJECT_SIZE;
}

void heap_free_sized_slow(void *p, size_t size, const char *function)
{
	const struct page *page;

	if (!p)
		return;
	if (unlikely(harden_is_on()) && harden_free_sized(p, 1, size, function))
		return;
	page = block_to_free(p, function);
	if (!size_fits(page, size))
		misuse("wrong size", function, p);
	heap_free_checked(p, function);
}

void heap_free_aligned_sized(void *p, size_t alignment, size_t size,
			     const char *function)
{
	const struct page *page;

	if (!p)
		return;
	if (unlikely(harden_is_on()) &&
	    harden_free_sized(p, alignment, size, function))
		return;
	page = block_to_free(p, function);
	if (!is_power_of_two(alignment) || (uintptr_t)p & (alignment - 1))
		misuse("wrong alignment", function, p);
	if (!size_fits(page, size) &&
	    !(page->type == PAGE_SLAB && size <= usable_of(page) &&
	      page->cache == aligned_class(alignment, size)))
		misuse("wrong size", function, p);
	heap_free_checked(p, function);
}

/* ---- calloc ----------------------------------------------------------- */

static void *alloc_zeroed(struct thread_cache *own, size_t size)
{
	if (unlikely(harden_is_on()))
		return harden_alloc(own, size, MIN_OBJECT_SIZE, true);
	return large_alloc(own, size, true);
}

static void *calloc_large(size_t size)
{
	struct frame f = frame_enter(soft_mask());
	void *p = NULL;

	if (likely(size <= PTRDIFF_MAX)) {
		p = alloc_zeroed(f.own, size);
		if (unlikely(!p) && give_up_caches(f.own))
			p = alloc_zeroed(f.own, size);
	}
	frame_leave(&f);
	if (unlikely(!p))
		errno = ENOMEM;
	return p;
}

void *heap_calloc(size_t count, size_t size)
{
	size_t bytes;
	void *p;

	if (unlikely(__builtin_mul_overflow(count, size, &bytes))) {
		errno = ENOMEM;
		return NULL;
	}
	if (unlikely(bytes > SMALL_MAX))
		return calloc_large(bytes);
	p = heap_malloc(bytes);
	if (likely(p))
		memset(p, 0, bytes);
	return p;
}

/* ---- aligned ---------------------------------------------------------- */

unsigned int aligned_class(size_t alignment, size_t size)
{
	if (size > SMALL_MAX || alignment > SMALL_MAX)
		return 0;
	/*
	 * Objects stand at multiples of their size in an aligned slab. Of the
	 * classes of a doubling, all are multiples of their distance. So they
	 * are of an alignment up to that; and of a larger one the rounded size
	 * is such a multiple itself, and a class.
	 */
	size = align_up(size ? size : 1, alignment);
	return size <= SMALL_MAX ? size_class(size) : 0;
}

static void *alloc_aligned(struct thread_cache *own, size_t alignment,
			   size_t size)
{
	if (unlikely(harden_is_on()))
		return harden_alloc(own, size, alignment, false);
	return large_alloc_aligned(own, alignment, size);
}

static void *aligned_slow(size_t alignment, size_t size)
{
	struct frame f = frame_enter(soft_mask());
	void *p = NULL;

	if (likely(size <= PTRDIFF_MAX && alignment <= PTRDIFF_MAX)) {
		p = alloc_aligned(f.own, alignment, size);
		if (unlikely(!p) && give_up_caches(f.own))
			p = alloc_aligned(f.own, alignment, size);
	}
	frame_leave(&f);
	return finish_alloc(p, size);
}

/*
 * Whether an object of the rounded size's class will do: see aligned_class().
 * Of size 0 the least block is not enough. And in the hardened mode what was
 * asked for must not be rounded, nor be of a sample.
 */
static always_inline bool rounding_aligns(size_t alignment, size_t size)
{
	return alignment <= PAGE_SIZE && size - 1 < SMALL_MAX - PAGE_SIZE &&
	       !harden_is_on();
}

static noinline void *aligned_any(size_t alignment, size_t size)
{
	unsigned int class;

	if (alignment <= MIN_OBJECT_SIZE)
		return heap_malloc(size);
	if (unlikely(harden_is_on()))
		return aligned_slow(alignment, size);
	class = aligned_class(alignment, size);
	if (class)
		return finish_alloc(heap_cache_alloc(class), size);
	return aligned_slow(alignment, size);
}

void *heap_aligned(size_t alignment, size_t size)
{
	if (unlikely(!rounding_aligns(alignment, size)))
		return aligned_any(alignment, size);
	return heap_malloc(align_up(size, alignment));
}

static noinline int posix_memalign_slow(void **out, size_t alignment,
					size_t size)
{
	int saved = errno;
	void *p = heap_aligned(alignment, size);

	if (!p) {
		errno = saved;
		return ENOMEM;
	}
	*out = p;
	return 0;
}

int heap_posix_memalign(void **out, size_t alignment, size_t size)
{
	struct thread_cache *tc;
	void *p;

	if (unlikely(!is_power_of_two(alignment) || alignment % sizeof(void *)))
		return EINVAL;
	if (unlikely(!rounding_aligns(alignment, size)))
		return posix_memalign_slow(out, alignment, size);
	tc = soft_mask();
	p = magazine_pop(tc, size_class(align_up(size, alignment)));
	soft_unmask(tc);
	if (unlikely(!p))
		return posix_memalign_slow(out, alignment, size);
	*out = p;
	return 0;
}

/* ---- the rest --------------------------------------------------------- */

static slow_path size_t usable_size_slow(const void *p, const char *function)
{
	const struct page *page;
	size_t size;

	if (!p)
		return 0;
	if (unlikely(harden_is_on()) && harden_usable_size(p, function, &size))
		return size;
	page = block_of(p);
	if (unlikely(!page))
		misuse_realloc(function, p);
	return usable_of(page);
}

/* Some programs (redis is one) ask at each allocation and each free. */
size_t heap_usable_size(const void *p, const char *function)
{
	size_t class = tagged_class(p);

	return likely(class) ? kmem_caches[class].size
			     : usable_size_slow(p, function);
}

int heap_trim(size_t pad)
{
	struct frame f = frame_enter(soft_mask());
	uint32_t keep = (uint32_t)(pad >> PAGE_SHIFT);
	uint32_t purged = 0;

	give_up_caches(f.own);
	slab_purge_all(frame_mm(&f));
	frame_leave(&f);
	for (uint32_t i = 0; i < nr_zones_now(); i++) {
		uint32_t dirty = zone_dirty_hint(zones[i]);

		purged += purge_zone(zones[i], keep);
		keep -= dirty < keep ? dirty : keep;
	}
	return purged > 0;
}
