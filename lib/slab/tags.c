/* What the hot paths read. */
#include "tags.h"

/* The NULL below the first slot of a magazine that has no slots. */
static void *no_object;

struct hot hot = {
	.slots = {[0 ... 2 * NR_MAGAZINES + NR_EMPTY_CACHES - 1] = &no_object},
};

uint8_t tags[NR_TAGS];

/* The window is placed around the first page that is ever tagged. */
static void place_window(const void *p)
{
	size_t half = NR_TAGS / 2 * PAGE_SIZE;
	uintptr_t base = align_down((uintptr_t)p, ZONE_SIZE);
	uintptr_t unplaced = 0;

	base = base > half ? base - half : ZONE_SIZE;
	__atomic_compare_exchange_n(&hot.tag_base, &unplaced, base, false,
				    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

static bool disabled;

void tags_disable(void)
{
	disabled = true;
}

void tag_page(const void *p, const struct kmem_cache *c)
{
	size_t i;

	if (unlikely(disabled) && c)
		return;
	if (unlikely(!READ_ONCE(hot.tag_base)))
		place_window(p);
	i = tag_index(p);
	if (i >= NR_TAGS)
		return;
	if (c) {
		uint32_t excess = c->inverse * c->size; /* less 2^32 */

		WRITE_ONCE(hot.inverse[c->index], c->inverse);
		WRITE_ONCE(hot.limit[c->index],
			   excess ? c->nr_objects * excess : 1);
	}
	/* They are there before the tag that leads to them. */
	__atomic_store_n(&tags[i], c ? (uint8_t)c->index : 0, __ATOMIC_RELEASE);
}
