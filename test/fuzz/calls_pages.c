/* Calls for pages. */
#include <errno.h>

#include "calls.h"

unsigned int any_gfp(struct input *in, const struct model *m)
{
	unsigned int v = input_byte(in);
	unsigned int gfp = v % 3 | (v & (BUDDY_GFP_ATOMIC | BUDDY_GFP_COLD));

	if (v & 8)
		gfp |= BUDDY_GFP_ZERO;
	if (v & 4 && !m->refusing)
		gfp |= BUDDY_GFP_NOFAIL;
	return gfp;
}

static void got_pages(struct model *m, struct block *b, void *p,
		      unsigned int gfp, size_t alignment)
{
	b->extent = align_up(b->size, BUDDY_PAGE_SIZE);
	b->p = p;
	if (p && gfp & BUDDY_GFP_ZERO)
		model_check_zero(b, p);
	if (model_add(m, b, p))
		check_aligned(b, alignment);
}

void call_pages(struct input *in, struct model *m)
{
	struct block *b = model_unused(m);
	unsigned int gfp = any_gfp(in, m);
	unsigned int order = input_below(in, MAX_PAGE_ORDER + 3);
	void *p;

	if (!b)
		return;
	if (m->bytes + (BUDDY_PAGE_SIZE << order) > MOST_BYTES &&
	    order <= MAX_PAGE_ORDER)
		order &= 3;
	errno = 0;
	p = buddy_alloc_pages(gfp, order);
	if (order > MAX_PAGE_ORDER) {
		if (p || errno != EINVAL)
			model_fails("an order that is none", NULL);
		return;
	}
	b->kind = PAGES;
	b->order = order;
	b->size = BUDDY_PAGE_SIZE << order;
	got_pages(m, b, p, gfp, b->size);
}

void call_exact(struct input *in, struct model *m)
{
	struct block *b = model_unused(m);
	unsigned int gfp = any_gfp(in, m) & ~(unsigned int)BUDDY_GFP_NOFAIL;
	size_t size = any_size(in, m);
	void *p;

	/* A run of gigabytes may be had, and would have to be filled. */
	if (!b || (size > MOST_BYTES && size <= PTRDIFF_MAX))
		return;
	errno = 0;
	p = buddy_alloc_pages_exact(size, gfp);
	if (!size || size > PTRDIFF_MAX) {
		if (p || errno != EINVAL)
			model_fails("an exact size that is none", NULL);
		return;
	}
	b->kind = EXACT;
	b->size = size;
	got_pages(m, b, p, gfp, BUDDY_PAGE_SIZE);
}

#define BULK 16

void call_bulk(struct input *in, struct model *m)
{
	void *array[BULK] = {NULL};
	unsigned int gfp = any_gfp(in, m) & ~(unsigned int)BUDDY_GFP_NOFAIL;
	unsigned int holes = input_byte(in) << 8 | input_byte(in);
	unsigned int nr = input_below(in, BULK + 1);
	static char there;
	size_t got;

	for (unsigned int i = 0; i < nr; i++)
		array[i] = holes >> i & 1 ? &there : NULL;
	got = buddy_alloc_pages_bulk(gfp, nr, array);
	if (got > nr || (got < nr && !m->refusing))
		model_fails("the number of pages in bulk", NULL);
	for (unsigned int i = 0; i < nr; i++) {
		struct block *b = model_unused(m);

		if (array[i] == &there)
			array[i] = NULL;
		if (!array[i] || !b)
			continue;
		b->kind = PAGES;
		b->order = 0;
		b->size = BUDDY_PAGE_SIZE;
		got_pages(m, b, array[i], gfp, BUDDY_PAGE_SIZE);
		array[i] = NULL;
	}
	/* Those for which the model has no room, and NULL entries. */
	buddy_free_pages_bulk(nr, array);
}
