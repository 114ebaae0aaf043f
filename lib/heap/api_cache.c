/*
 * The public API's object caches (include/buddy.h).
 *
 * A cache of its own is an entry of kmem_caches, with magazines like a size
 * class. Others are merged, as the kernel does it: they are the size class
 * that serves their size and alignment.
 */
#include <errno.h>
#include <string.h>

#include "buddy.h"
#include "heap.h"

#define MAX_OBJECT_ALIGN 4096u

/* Guards the creation and the end of the user's caches. */
static struct lock caches_lock = LOCK_INIT(RANK_THREADS);

/* Of the user's entries: in use, or ended while threads still had objects. */
static bool ended[NR_USER_CACHES];

static struct kmem_cache *as_kmem(struct buddy_cache *cache)
{
	return (struct kmem_cache *)cache;
}

static bool is_users(const struct kmem_cache *c)
{
	return c->index >= FIRST_USER;
}

static bool entry_is_unused(unsigned int i)
{
	const struct kmem_cache *c = &kmem_caches[FIRST_USER + i];

	if (!c->size)
		return true;
	return ended[i] && !READ_ONCE(node_of(c)->nr_slabs) &&
	       !thread_cache_knows(FIRST_USER + i);
}

static struct kmem_cache *own_cache(const char *name, size_t size,
				    unsigned int gfp, void (*ctor)(void *))
{
	struct kmem_cache *c = NULL;
	uint64_t flags;
	unsigned int i;

	/* A fork leaves at worst an entry that nobody uses. */
	if (lock_irqsave(&caches_lock, &flags))
		signal_fence();
	for (i = 0; i < NR_USER_CACHES && !entry_is_unused(i); i++)
		;
	if (i < NR_USER_CACHES) {
		c = &kmem_caches[FIRST_USER + i];
		strncpy(kmem_cache_names[i], name, CACHE_NAME_SIZE - 1);
		c->ctor = ctor;
		ended[i] = false;
		if (!kmem_cache_init(c, size, gfp))
			c = NULL;
	}
	unlock_irqrestore(&caches_lock, flags);
	return c;
}

struct buddy_cache *buddy_cache_create(const char *name, size_t size,
				       size_t align, unsigned int flags,
				       void (*ctor)(void *))
{
	const unsigned int known = BUDDY_CACHE_NO_MERGE |
				   BUDDY_CACHE_HWCACHE_ALIGN |
				   BUDDY_CACHE_RECLAIMABLE;
	unsigned int gfp = GFP_UNMOVABLE;
	struct kmem_cache *c;

	if (!name || !size || size > SMALL_MAX ||
	    (align && !is_power_of_two(align)) || align > MAX_OBJECT_ALIGN ||
	    flags & ~known) {
		errno = EINVAL;
		return NULL;
	}
	if (align < MIN_OBJECT_SIZE)
		align = MIN_OBJECT_SIZE;
	if (flags & BUDDY_CACHE_HWCACHE_ALIGN && align < CACHE_LINE)
		align = CACHE_LINE;
	if (!ctor && !(flags & ~(unsigned int)BUDDY_CACHE_HWCACHE_ALIGN)) {
		c = &kmem_caches[aligned_class(align, size)];
		return (struct buddy_cache *)c;
	}
	if (flags & BUDDY_CACHE_RECLAIMABLE)
		gfp = GFP_RECLAIMABLE;
	c = own_cache(name, align_up(size, align), gfp, ctor);
	if (!c)
		errno = ENOSPC;
	return (struct buddy_cache *)c;
}

void *buddy_cache_alloc(struct buddy_cache *cache, unsigned int gfp)
{
	struct kmem_cache *c = as_kmem(cache);
	void *obj = heap_cache_alloc(c->index);

	/* Without a thread's state the reserve may be used. */
	if (unlikely(!obj) && gfp & GFP_ATOMIC)
		obj = kmem_cache_alloc_one(c, NULL);
	if (unlikely(!obj)) {
		if (gfp & GFP_NOFAIL) {
			struct report r;

			report_begin(&r);
			text_str(&r.text, "out of memory: an object that "
					  "must not fail");
			report_abort(&r);
		}
		errno = ENOMEM;
		return NULL;
	}
	if (gfp & GFP_ZERO)
		memset(obj, 0, c->size);
	return obj;
}

void buddy_cache_free(struct buddy_cache *cache, void *object)
{
	heap_cache_free(as_kmem(cache)->index, object, "buddy_cache_free");
}

void buddy_cache_shrink(struct buddy_cache *cache)
{
	struct thread_cache *tc = soft_mask();
	struct thread_cache *own = thread_cache_enter(tc, false);

	if (own)
		magazine_drain(own, as_kmem(cache)->index);
	thread_cache_leave(tc, own);
}

static uint64_t objects_in_use(struct kmem_cache *c)
{
	struct slab_stat s = kmem_cache_stat(c);

	return s.nr_objects - s.nr_free - thread_cache_objects(c->index);
}

int buddy_cache_destroy(struct buddy_cache *cache)
{
	struct kmem_cache *c = as_kmem(cache);
	uint64_t flags;

	if (!c || !is_users(c))
		return 0;
	buddy_cache_shrink(cache);
	thread_cache_reap();
	if (objects_in_use(c))
		return -EBUSY;
	if (lock_irqsave(&caches_lock, &flags))
		signal_fence();
	ended[c->index - FIRST_USER] = true;
	unlock_irqrestore(&caches_lock, flags);
	return 0;
}
