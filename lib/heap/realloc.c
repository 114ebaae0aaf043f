/* realloc: in its place, as pages that move, or by a copy. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "frame.h"
#include "harden.h"
#include "large.h"
#include "malloc.h"
#include "options.h"

/* True when an object of c can serve in its place. */
static inline bool stays(const struct kmem_cache *c, size_t size)
{
	return size <= c->size && size > c->size / 2;
}

/* The old block, if it can serve in its place or be moved as pages. */
static void *resize_block(struct page *page, void *p, size_t size)
{
	struct frame f;

	if (page->type == PAGE_SLAB)
		return stays(&kmem_caches[page->cache], size) ? p : NULL;
	/* Of so little use, an object does. */
	if (size <= SMALL_MAX && size <= large_usable(page) / 2)
		return NULL;
	f = frame_enter(soft_mask());
	p = large_resize(f.own, page, size);
	frame_leave(&f);
	return p;
}

/* What realloc() last made larger for this thread: it will grow on. */
static __thread const void *grown;

/*
 * From here on what grows on is no object but pages, with free ones behind
 * them: most of its moves are then no moves.
 */
#define PAGES_MIN ((size_t)32 << 10)

/*
 * A quarter more spares what grows by small steps half of its moves. Others
 * get what they ask for. The room ends at a power of two: so do many buffers,
 * and what is beyond would stay unused in all of them.
 */
static inline size_t with_room(const void *p, size_t usable, size_t size)
{
	size_t more = size + size / 4;
	size_t power = (size_t)2 << highest_bit(size - 1);

	if (p != grown || size >= usable + usable / 4 || more > SMALL_MAX)
		return size;
	return more < power ? more : power;
}

static noinline void *alloc_growing(size_t size)
{
	struct frame f = frame_enter(soft_mask());
	void *new = large_alloc_growing(f.own, size);

	frame_leave(&f);
	return new;
}

/* The block that p, which is in use and too small, moves to. */
static void *alloc_larger(const void *p, size_t usable, size_t size)
{
	size_t want = with_room(p, usable, size);
	void *new = NULL;

	if (p == grown && size > PAGES_MIN && !harden_is_on() && !options.junk)
		new = alloc_growing(size);
	if (!new)
		new = heap_malloc(want);
	/* Room is not worth a failure. */
	if (unlikely(!new) && want > size)
		new = heap_malloc(size);
	return new;
}

/* A copy of the block p, as far as it fits. */
static always_inline void *copy_block(const void *p, size_t usable, size_t size)
{
	bool grows = size > usable;
	size_t len = grows ? usable : size;
	void *new = grows ? alloc_larger(p, usable, size) : heap_malloc(size);

	if (unlikely(!new))
		return NULL;
	/*
	 * Where gcc knows that they are few it copies bytes by string
	 * instructions, which take twice the time.
	 */
	forget_value(len);
	memcpy(new, p, len);
	if (grows)
		grown = new;
	return new;
}

/* As far as that can be seen: freed last, or back in its slab. */
static inline bool seems_free(const struct kmem_cache *c, const void *p)
{
	/* Who interrupts this leaves the magazine as it was. */
	return unlikely(*thread_cache_now()->top[c->index] == p) ||
	       unlikely(slab_object_is_free(c, slab_of(c, p), p));
}

/* The head page of the block in use at p. */
static struct page *block_to_resize(const void *p, const char *function)
{
	struct page *page = block_of(p);

	if (unlikely(!page))
		misuse_realloc(function, p);
	if (page->type == PAGE_SLAB && seems_free(&kmem_caches[page->cache], p))
		misuse("use after free", function, p);
	return page;
}

/* Of any block; NULL, whatever the size, gets a new one. */
static noinline void *realloc_any(void *p, size_t size, const char *function)
{
	struct page *page;
	void *new;

	if (!p)
		return heap_malloc(size);
	if (unlikely(harden_is_on()) && harden_realloc(p, size, function, &new))
		return new;
	page = block_to_resize(p, function);
	if (!size) {
		heap_free(p, function);
		return NULL;
	}
	if (unlikely(size > PTRDIFF_MAX)) {
		errno = ENOMEM;
		return NULL;
	}
	new = resize_block(page, p, size);
	if (new)
		return new;
	new = copy_block(p, usable_of(page), size);
	if (likely(new))
		heap_free(p, function);
	return new;
}

/* Of one that is known to be an object of c. */
static void free_object(const struct kmem_cache *c, void *p,
			const char *function)
{
	struct thread_cache *tc = soft_mask();

	if (likely(magazine_push(tc, c->index, p)))
		soft_unmask(tc);
	else
		heap_free_slow(p, tc, function);
}

/* Of an object, to another size class or more. */
static noinline void *move_object(const struct kmem_cache *c, void *p,
				  size_t size, const char *function)
{
	void *new;

	if (unlikely(!size || size > SMALL_MAX || harden_is_on() ||
		     seems_free(c, p)))
		return realloc_any(p, size, function);
	new = copy_block(p, c->size, size);
	if (likely(new))
		free_object(c, p, function);
	return new;
}

void *heap_realloc(void *p, size_t size, const char *function)
{
	size_t class = tagged_class(p);
	const struct kmem_cache *c = &kmem_caches[class];

	if (unlikely(!class))
		return realloc_any(p, size, function);
	if (!stays(c, size))
		return move_object(c, p, size, function);
	if (unlikely(seems_free(c, p)))
		misuse("use after free", function, p);
	return p;
}

void *heap_reallocarray(void *p, size_t count, size_t size)
{
	size_t bytes;

	if (unlikely(__builtin_mul_overflow(count, size, &bytes))) {
		errno = ENOMEM;
		return NULL;
	}
	return heap_realloc(p, bytes, "reallocarray");
}
