/* Calls of caches. */
#include <errno.h>
#include <string.h>

#include "calls.h"

static void construct(void *p)
{
	/* Only the beginning: a constructor does not know its cache's size. */
	memset(p, CONSTRUCTED, 1);
}

void call_cache_create(struct input *in, struct model *m)
{
	unsigned int i = input_below(in, CACHES);
	struct cache *c = &m->cache[i];
	unsigned int flags = input_byte(in);
	size_t alignment = input_alignment(in);
	size_t size = input_size(in);
	bool constructed = flags & 8, valid;

	flags &= flags & 128 ? 15 : 7;
	if (c->handle || m->nested)
		return;
	valid = size && size <= SMALL_MAX && flags < 8 && alignment <= 4096 &&
		(!alignment || is_power(alignment));
	errno = 0;
	c->handle = buddy_cache_create("fuzz", size, alignment, flags,
				       constructed ? construct : NULL);
	if (!c->handle) {
		if (errno != EINVAL ||
		    (valid && align_up(size, alignment | 1) <= SMALL_MAX / 2))
			model_fails("a cache cannot be made", NULL);
		return;
	}
	if (!valid)
		model_fails("a cache that there must not be", NULL);
	c->size = size;
	c->alignment = alignment < 16 ? 16 : alignment;
	if (flags & BUDDY_CACHE_HWCACHE_ALIGN && c->alignment < CACHE_LINE)
		c->alignment = CACHE_LINE;
	c->constructed = constructed;
	c->own = constructed ||
		 flags & (BUDDY_CACHE_NO_MERGE | BUDDY_CACHE_RECLAIMABLE);
	c->in_use = 0;
}

static struct cache *any_cache(struct input *in, struct model *m)
{
	struct cache *c = &m->cache[input_below(in, CACHES)];

	return c->handle ? c : NULL;
}

void call_cache_alloc(struct input *in, struct model *m)
{
	struct cache *c = any_cache(in, m);
	struct block *b = model_unused(m);
	unsigned int gfp = any_gfp(in, m);
	unsigned char *p;

	if (!c || !b || m->bytes + c->size > MOST_BYTES)
		return;
	b->kind = CACHED;
	b->cache = (unsigned int)(c - m->cache);
	b->size = c->size;
	b->extent = c->size;
	errno = 0;
	p = buddy_cache_alloc(c->handle, gfp);
	if (p && gfp & BUDDY_GFP_ZERO)
		model_check_zero(b, p);
	else if (p && c->constructed && p[0] != CONSTRUCTED)
		model_fails("an object that is not constructed", b);
	if (!model_add(m, b, p))
		return;
	c->in_use++;
	check_aligned(b, c->alignment);
}

void end_cache(struct cache *c)
{
	int err = buddy_cache_destroy(c->handle);

	if (err != (c->own && c->in_use ? -EBUSY : 0))
		model_fails("the end of a cache", NULL);
	if (!err && !c->in_use)
		c->handle = NULL;
}

void call_cache_rest(struct input *in, struct model *m)
{
	struct cache *c = any_cache(in, m);

	if (!c)
		return;
	if (input_byte(in) & 1)
		buddy_cache_shrink(c->handle);
	else if (!m->nested)
		end_cache(c);
}
