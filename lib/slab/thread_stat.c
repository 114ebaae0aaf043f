/* What the caches of all threads hold, and whether the own one is sound. */
#include <errno.h>
#include <string.h>

#include "thread_list.h"

void thread_cache_events(uint64_t events[NR_THREAD_EVENTS])
{
	memset(events, 0, NR_THREAD_EVENTS * sizeof(*events));
	for (struct thread_cache *c = first_cache(); c; c = c->next)
		for (int e = 0; e < NR_THREAD_EVENTS; e++)
			events[e] += READ_ONCE(c->mm.event[e]);
}

struct magazine_stat magazine_stat(unsigned int cache)
{
	const struct magazine_stat *wraps = &magazine_wraps[cache];
	struct magazine_stat s = {.refills = READ_ONCE(wraps->refills),
				  .flushes = READ_ONCE(wraps->flushes)};

	for (struct thread_cache *c = first_cache(); c; c = c->next) {
		s.refills += READ_ONCE(c->refills[cache]);
		s.flushes += READ_ONCE(c->flushes[cache]);
	}
	return s;
}

uint64_t thread_cache_objects(unsigned int cache)
{
	uint64_t n = 0;

	for (struct thread_cache *c = first_cache(); c; c = c->next) {
		uint32_t capacity = READ_ONCE(c->capacity[cache]);
		void **end = READ_ONCE(c->end[cache]);
		void **top = READ_ONCE(c->top[cache]);
		size_t fill = (size_t)(top - (end - capacity));

		/* The owner may be changing it. */
		if (fill <= capacity)
			n += fill;
	}
	return n;
}

void thread_cache_text_pagesets(struct text *t)
{
	uint32_t id = 0;

	text_str(t, "  pagesets\n");
	for (struct thread_cache *c = first_cache(); c; c = c->next)
		if (is_live(READ_ONCE(c->state)))
			text_pageset(t, id++, &c->mm);
}

uint64_t thread_cache_pages(void)
{
	uint64_t n = 0;

	for (struct thread_cache *c = first_cache(); c; c = c->next)
		n += READ_ONCE(c->mm.pcp.count) + READ_ONCE(c->mm.runs.pages) +
		     READ_ONCE(c->mm.growth.pages) +
		     ((uint64_t)READ_ONCE(c->mm.pcp.pageblocks)
		      << PAGEBLOCK_ORDER);
	return n;
}

bool thread_cache_knows(unsigned int cache)
{
	for (struct thread_cache *c = first_cache(); c; c = c->next)
		if (READ_ONCE(c->capacity[cache]))
			return true;
	return false;
}

static const char *check_magazine(const struct thread_cache *own,
				  unsigned int cache)
{
	const struct kmem_cache *c = &kmem_caches[cache];
	void **array = own->end[cache] - own->capacity[cache];

	if (own->top[cache] < array || own->top[cache] > own->end[cache])
		return "a magazine's top";
	if (array[0])
		return "the NULL below a magazine";
	for (void **slot = array + 1; slot <= own->top[cache]; slot++) {
		struct page *page = page_of(*slot);

		page = page ? compound_head(page) : NULL;
		if (!page || page->type != PAGE_SLAB || page->cache != cache)
			return "a magazine's object of another cache";
		if (!slab_is_object(c, page, *slot))
			return "a magazine's object that is none";
		if (slab_object_is_free(c, page, *slot))
			return "a magazine's object that its slab has too";
		if (magazine_has_below(array, slot))
			return "a magazine's object that is in it twice";
	}
	return NULL;
}

int thread_cache_verify(void)
{
	struct thread_cache *tc = soft_mask();
	const char *why = NULL;
	struct report r;

	if (cache_is_real(tc))
		for (unsigned int i = 1; !why && i < NR_MAGAZINES; i++)
			why = check_magazine(tc, i);
	soft_unmask(tc);
	if (!why)
		return 0;
	report_begin(&r);
	text_str(&r.text, "mm_verify: a thread's cache is unsound: ");
	text_str(&r.text, why);
	report_end(&r);
	return -EUCLEAN;
}
