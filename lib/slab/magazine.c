/* The stacks of free objects of a thread. */
#include <string.h>

#include "magazine.h"
#include "misuse.h"
#include "slab_purge.h"

/* Bytes that one magazine may hold at most. */
#define MAGAZINE_MAX_BYTES (1u << 20)

/* A magazine of large objects starts with so many bytes, one at least. */
#define MAGAZINE_MIN_BYTES (8u << 10)

/*
 * A magazine of which a thread only takes, or to which it only gives, is a
 * stream. It gains nothing by many slots and loses cache lines by them. Others,
 * whose misses alternate, may grow to MAX_MAGAZINE, and half of their objects
 * move at a time.
 */
#define STREAM_MAGAZINE 63u
#define STREAM_BYTES (4u << 10)
#define STREAM_MIN 3u /* slots, of however many bytes */

/*
 * Objects up to this size are taken from slabs of the thread's own, so that
 * threads do not share cache lines. Larger ones have lines enough of their
 * own, and a slab for each thread and class is much memory.
 */
#define CLAIM_MAX 256u

/*
 * Slots that a magazine begins with. Of the objects that a thread takes and
 * does not use, those of other threads' are the neighbours.
 */
#define FIRST_MAGAZINE 7u

/* So many objects of a magazine wait for the next thread at most. */
#define RETAINED_OBJECTS 32u

#define HALF(n) (((n) + 1) / 2)

/* Of so many refills or flushes one looks whether free pages have to go. */
#define LOOK_INTERVAL 4u

/* Misses without budget until a magazine takes from another. */
#define STEAL_INTERVAL 16u

static bool disabled;

void magazines_disable(void)
{
	disabled = true;
}

static uint32_t clamp(uint32_t v, uint32_t lo, uint32_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static uint32_t first_capacity(const struct kmem_cache *c)
{
	return clamp(MAGAZINE_MIN_BYTES / c->size, 1, FIRST_MAGAZINE);
}

static uint32_t largest_capacity(const struct kmem_cache *c)
{
	return clamp(MAGAZINE_MAX_BYTES / c->size, 1, MAX_MAGAZINE);
}

static uint32_t next_capacity(const struct kmem_cache *c, uint32_t capacity)
{
	uint32_t next = capacity * 2 + 1;
	uint32_t most = largest_capacity(c);

	if (!capacity)
		return first_capacity(c);
	return next < most ? next : most;
}

/* ---- the arrays ------------------------------------------------------- */

/* The internal cache whose objects hold that many slots and the NULL. */
static struct kmem_cache *array_cache(uint32_t capacity)
{
	uint32_t slots = MIN_MAGAZINE;
	unsigned int k = 0;

	for (; slots < capacity; slots = slots * 2 + 1)
		k++;
	return &kmem_caches[CACHE_MAGAZINES + k];
}

static void **array_of(const struct thread_cache *own, unsigned int cache)
{
	return own->end[cache] - own->capacity[cache];
}

static uint32_t fill_of(const struct thread_cache *own, unsigned int cache)
{
	return (uint32_t)(own->top[cache] - array_of(own, cache));
}

static void array_free(struct thread_cache *own, void **array,
		       uint32_t capacity)
{
	void *object = array;

	kmem_cache_free_bulk(array_cache(capacity), &own->mm, 1, &object);
}

/* Sets the magazine to an array whose first `fill` slots are in use. */
static void install(struct thread_cache *own, unsigned int cache, void **array,
		    uint32_t capacity, uint32_t fill)
{
	VM_BUG_ON(fill > capacity || array[0]);
	own->bytes +=
		(capacity - own->capacity[cache]) * kmem_caches[cache].size;
	own->capacity[cache] = (uint16_t)capacity;
	own->top[cache] = array + fill;
	own->end[cache] = array + capacity;
}

static bool resize_array(struct thread_cache *own, unsigned int cache,
			 uint32_t capacity)
{
	uint32_t old = own->capacity[cache];
	struct kmem_cache *from = array_cache(old);
	struct kmem_cache *to = array_cache(capacity);
	void **array = old ? array_of(own, cache) : NULL;
	uint32_t fill = old ? fill_of(own, cache) : 0;
	void **bigger;

	if (old && from == to) {
		install(own, cache, array, capacity, fill);
		return true;
	}
	bigger = kmem_cache_alloc_one(to, &own->mm);
	if (!bigger)
		return false;
	bigger[0] = NULL;
	if (fill)
		memcpy(bigger + 1, array + 1, fill * sizeof(*array));
	install(own, cache, bigger, capacity, fill);
	if (old)
		array_free(own, array, old);
	return true;
}

struct magazine_stat magazine_wraps[NR_MAGAZINES];

/*
 * A batch is about to move. A thread's counters are small, so that a thread's
 * cache fits an OS page.
 */
static void note_move(uint16_t *counter, uint64_t *wraps)
{
	if (unlikely(!++*counter))
		__atomic_fetch_add(wraps, UINT16_MAX + 1, __ATOMIC_RELAXED);
	if (!(*counter % LOOK_INTERVAL))
		reclaim_overdue();
}

/* Gives the oldest nr objects of a magazine back to their slabs. */
static void flush(struct thread_cache *own, unsigned int cache, uint32_t nr)
{
	void **array = array_of(own, cache);
	uint32_t rest = fill_of(own, cache) - nr;

	VM_BUG_ON(nr > fill_of(own, cache));
	note_move(&own->flushes[cache], &magazine_wraps[cache].flushes);
	kmem_cache_free_bulk(&kmem_caches[cache], &own->mm, nr, array + 1);
	memmove(array + 1, array + 1 + nr, rest * sizeof(*array));
	own->top[cache] = array + rest;
}

/* Takes half of some other magazine's capacity away; false when none has. */
static bool shrink_another(struct thread_cache *own, unsigned int cache)
{
	for (unsigned int i = 0; i < NR_MAGAZINES; i++) {
		unsigned int v = own->victim;
		uint32_t capacity = own->capacity[v];
		uint32_t half = capacity / 2;

		own->victim = (uint16_t)((v + 1) % NR_MAGAZINES);
		if (v == cache || !capacity ||
		    half < first_capacity(&kmem_caches[v]))
			continue;
		if (fill_of(own, v) > half)
			flush(own, v, fill_of(own, v) - half);
		/* A smaller array, or at least fewer slots of this one. */
		if (resize_array(own, v, half))
			return true;
	}
	return false;
}

/* Makes room for more bytes at the cost of the other magazines. */
static bool find_budget(struct thread_cache *own, unsigned int cache,
			uint32_t more)
{
	uint32_t budget = thread_cache_budget();

	if (own->bytes + more <= budget)
		return true;
	/* All want more: to take it from each other each time is no gain. */
	if (own->capacity[cache] && ++own->denied % STEAL_INTERVAL)
		return false;
	while (own->bytes + more > budget)
		if (!shrink_another(own, cache))
			return false;
	return true;
}

/*
 * The next larger capacity, if the thread's budget has it; a first array is
 * had in any case. False when there is none.
 */
static bool resize(struct thread_cache *own, unsigned int cache)
{
	const struct kmem_cache *c = &kmem_caches[cache];
	uint32_t old = own->capacity[cache];
	uint32_t new = next_capacity(c, old);

	if (new == old ||
	    (!find_budget(own, cache, (new - old) * c->size) && old))
		return true;
	return resize_array(own, cache, new) || old;
}

static bool may_stream(const struct thread_cache *own, unsigned int cache)
{
	uint32_t capacity = own->capacity[cache];

	return capacity >= STREAM_MAGAZINE ||
	       (capacity >= STREAM_MIN &&
		capacity * kmem_caches[cache].size >= STREAM_BYTES);
}

/*
 * Doubles a magazine that missed, unless it is a stream that is long enough;
 * false when it has no slots at all.
 */
static bool grow(struct thread_cache *own, unsigned int cache, enum miss miss)
{
	bool again = own->last_miss[cache] == miss;

	if (disabled)
		return false;
	own->last_miss[cache] = (uint8_t)miss;
	if (again && may_stream(own, cache)) {
		bitmap_set(own->streams[miss], cache);
		return true;
	}
	bitmap_clear(own->streams[MISS_EMPTY], cache);
	bitmap_clear(own->streams[MISS_FULL], cache);
	return resize(own, cache);
}

/* ---- misses ----------------------------------------------------------- */

static void *alloc_direct(struct thread_cache *own, unsigned int cache)
{
	return kmem_cache_alloc_one(&kmem_caches[cache], own ? &own->mm : NULL);
}

/* Puts up to nr objects on top of a magazine; returns how many. */
static uint32_t refill(struct thread_cache *own, unsigned int cache,
		       uint32_t nr)
{
	struct kmem_cache *c = &kmem_caches[cache];
	void **out = own->top[cache] + 1;
	uint32_t got;

	note_move(&own->refills[cache], &magazine_wraps[cache].refills);
	got = kmem_cache_alloc_bulk(
		c, &own->mm, c->size <= CLAIM_MAX ? &own->claim[cache] : NULL,
		nr, out);
	if (got < nr)
		memmove(out, out + nr - got, got * sizeof(*out));
	own->top[cache] += got;
	return got;
}

static bool is_stream(const struct thread_cache *own, unsigned int cache,
		      enum miss miss)
{
	return bitmap_test(own->streams[miss], cache);
}

void *magazine_alloc_slow(struct thread_cache *own, unsigned int cache)
{
	if (!own || !grow(own, cache, MISS_EMPTY))
		return alloc_direct(own, cache);
	/* The hot path may have missed for want of an array only. */
	if (!fill_of(own, cache))
		refill(own, cache,
		       is_stream(own, cache, MISS_EMPTY)
			       ? own->capacity[cache]
			       : HALF(own->capacity[cache]));
	return fill_of(own, cache) ? *own->top[cache]-- : NULL;
}

static void make_room(struct thread_cache *own, unsigned int cache)
{
	uint32_t capacity = own->capacity[cache];

	if (own->top[cache] != own->end[cache])
		return;
	if (is_stream(own, cache, MISS_FULL)) {
		flush(own, cache, capacity);
		slab_purge_on_freed(&own->mm,
				    (size_t)capacity * kmem_caches[cache].size);
	} else {
		flush(own, cache, HALF(capacity));
	}
}

/*
 * A thread that frees before it ever allocated was given the block. It is not
 * to have it again: what shares its cache lines was given to others.
 */
static bool is_first_free(struct thread_cache *own, unsigned int cache)
{
	if (own->last_miss[cache] != MISS_NONE)
		return false;
	own->last_miss[cache] = MISS_FULL;
	return true;
}

void magazine_free_slow(struct thread_cache *own, unsigned int cache, void *obj,
			const char *function)
{
	struct kmem_cache *c = &kmem_caches[cache];
	struct page *page = pfn_to_page(addr_to_pfn(obj));

	if (unlikely(slab_object_is_free(c, compound_head(page), obj)))
		misuse("double free", function, obj);
	if (unlikely(!own || disabled || is_first_free(own, cache))) {
		kmem_cache_free_bulk(c, own ? &own->mm : NULL, 1, &obj);
		return;
	}
	if (own->capacity[cache] && *own->top[cache] == obj)
		misuse("double free", function, obj);
	if (own->top[cache] == own->end[cache]) {
		if (!grow(own, cache, MISS_FULL)) {
			kmem_cache_free_bulk(c, &own->mm, 1, &obj);
			return;
		}
		make_room(own, cache);
	}
	*++own->top[cache] = obj;
}

size_t magazine_bytes(const struct thread_cache *own, unsigned int cache)
{
	return (size_t)fill_of(own, cache) * kmem_caches[cache].size;
}

static void end_claim(struct thread_cache *own, unsigned int cache)
{
	if (own->claim[cache].nr)
		kmem_cache_unclaim(&kmem_caches[cache], &own->mm,
				   own->claim[cache]);
	own->claim[cache] = PFN_NONE;
}

void magazine_drain(struct thread_cache *own, unsigned int cache)
{
	void **array;

	if (own->capacity[cache]) {
		array = array_of(own, cache);
		flush(own, cache, fill_of(own, cache));
		own->bytes -= own->capacity[cache] * kmem_caches[cache].size;
		array_free(own, array, own->capacity[cache]);
		own->capacity[cache] = 0;
		own->top[cache] = hot.slots[0];
		own->end[cache] = hot.slots[0];
	}
	end_claim(own, cache);
	/* What comes next may be another thread, with other habits. */
	own->last_miss[cache] = MISS_NONE;
	bitmap_clear(own->streams[MISS_EMPTY], cache);
	bitmap_clear(own->streams[MISS_FULL], cache);
}

/* Who frees a block twice is found here at the latest, as by a flush. */
static void check_objects(const struct thread_cache *own, unsigned int cache)
{
	const struct kmem_cache *c = &kmem_caches[cache];
	void **array = array_of(own, cache);
	uint64_t seen = 0;

	for (void **slot = array + 1; slot <= own->top[cache]; slot++) {
		const struct page *page = slab_of(c, *slot);
		size_t offset = (uintptr_t)*slot & ~slab_mask(c);
		/* By this few look like another. */
		uint64_t bit = UINT64_C(1)
			       << (object_index(c, offset) % BITS_PER_WORD);

		if (unlikely(page->type != PAGE_SLAB || page->cache != cache ||
			     slab_object_is_free(c, page, *slot)) ||
		    unlikely(seen & bit && magazine_has_below(array, slot)))
			misuse("double free", "free", *slot);
		seen |= bit;
	}
}

void magazine_retain(struct thread_cache *own, unsigned int cache)
{
	if (!own->capacity[cache]) {
		end_claim(own, cache);
	} else if (fill_of(own, cache) > RETAINED_OBJECTS) {
		magazine_drain(own, cache);
	} else {
		check_objects(own, cache);
		end_claim(own, cache);
	}
}
