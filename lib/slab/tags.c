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

static void set_test(const struct kmem_cache *c)
{
	bool one_page = cache_is_one_page(c);
	uint32_t excess = c->inverse * c->size; /* less 2^32 */
	uint32_t limit = one_page && excess ? c->nr_objects * excess : 1;

	WRITE_ONCE(hot.inverse[c->index], one_page ? c->inverse : 1);
	WRITE_ONCE(hot.limit[c->index], limit);
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
	if (c)
		set_test(c);
	/* They are there before the tag that leads to them. */
	__atomic_store_n(&tags[i], c ? (uint8_t)c->index : 0, __ATOMIC_RELEASE);
}

void tag_slab(const struct kmem_cache *c, const struct page *slab, bool on)
{
	char *base = page_to_addr(slab);
	const struct kmem_cache *tag = on ? c : NULL;

	if (cache_is_one_page(c)) {
		tag_page(base, tag);
		return;
	}
	if (c->size % PAGE_SIZE)
		return;
	for (size_t i = 0; i < c->nr_objects; i++)
		tag_page(base + i * c->size, tag);
}
