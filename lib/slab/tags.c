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

/* Objects of less than a page in larger slabs tile it: each page is alike. */
static void set_test(const struct kmem_cache *c)
{
	bool small = c->size < PAGE_SIZE;
	uint32_t excess = c->inverse * c->size; /* less 2^32 */
	uint32_t limit = small && excess ? c->nr_objects * excess : 1;

	WRITE_ONCE(hot.inverse[c->index], small ? c->inverse : 1);
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

/* Whether pages inside of a slab, too, have an object at their beginning. */
static bool pages_are_alike(const struct kmem_cache *c)
{
	return PAGE_SIZE % c->size == 0 || c->size % PAGE_SIZE == 0;
}

void tag_slab(const struct kmem_cache *c, const struct page *slab, bool on)
{
	char *base = page_to_addr(slab);
	size_t step = c->size < PAGE_SIZE ? PAGE_SIZE : c->size;
	size_t end = (size_t)c->nr_objects * c->size;

	if (cache_is_one_page(c))
		end = PAGE_SIZE;
	else if (!pages_are_alike(c))
		return;
	for (size_t at = 0; at < end; at += step)
		tag_page(base + at, on ? c : NULL);
}
