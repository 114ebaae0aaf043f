/* What the hot paths read. */
#include "tags.h"

/* The NULL below the first slot of a magazine that has no slots. */
static void *no_object;

#ifdef BUDDY_SHARED
/*
 * Filled in when the library is loaded: as constants the slots would be
 * relocations of 24 bytes each, and the tags as many zeroes in the file.
 */
struct hot hot sparse_first;

void tags_fill_hot(void)
{
	for (size_t i = 0; i < NR_EMPTY_SLOTS; i++)
		WRITE_ONCE(hot.slots[i], &no_object);
	hot.class[0] = (uint8_t)size_class(0);
	/* Up to the next step all sizes are of one class. */
	for (size_t size = 0; size < TABLE_MAX; size += MIN_OBJECT_SIZE) {
		uint8_t class = (uint8_t)size_class(size + MIN_OBJECT_SIZE);

		for (size_t i = 1; i <= MIN_OBJECT_SIZE; i++)
			hot.class[size + i] = class;
	}
}
#else
/* Eight classes from i on, each of n bytes more; the first is above `from`. */
#define CLASS(i, from, n, k) \
	[(from) + (k) * (n) + 1 ...(from) + ((k) + 1) * (n)] = (i) + (k)
#define CLASSES_8(i, from, n)                                             \
	CLASS(i, from, n, 0), CLASS(i, from, n, 1), CLASS(i, from, n, 2), \
		CLASS(i, from, n, 3), CLASS(i, from, n, 4),               \
		CLASS(i, from, n, 5), CLASS(i, from, n, 6),               \
		CLASS(i, from, n, 7)

/* In a program something may allocate before any of its code could fill it. */
struct hot hot = {
	.slots = {[0 ... NR_EMPTY_SLOTS - 1] = &no_object},
	.class = {1, CLASSES_8(1, 0, 16), CLASSES_8(9, 128, 16),
		  CLASSES_8(17, 256, 32), CLASSES_8(25, 512, 64)},
};

_Static_assert(TABLE_MAX == 1024 && MIN_OBJECT_SIZE == 16 && NR_LINEAR == 16 &&
		       FINE_STEPS_SHIFT == 3,
	       "hot.class spells the classes out");

uint8_t tags[NR_TAGS] sparse;
#endif

/* Few of the tags are ever touched. */
static void keep_small(void)
{
	uintptr_t start = align_down((uintptr_t)tag_at(0), os_page_size());
	uintptr_t end = align_up((uintptr_t)tag_at(NR_TAGS), os_page_size());

	os_small_pages((void *)start, end - start);
}

/* The window is placed around the first page that is ever tagged. */
static slow_path void place_window(const void *p)
{
	size_t half = NR_TAGS / 2 * PAGE_SIZE;
	uintptr_t base = align_down((uintptr_t)p, ZONE_SIZE);
	uintptr_t unplaced = 0;

	base = base > half ? base - half : ZONE_SIZE;
	if (__atomic_compare_exchange_n(&hot.tag_base, &unplaced, base, false,
					__ATOMIC_RELEASE, __ATOMIC_RELAXED))
		keep_small();
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

	WRITE_ONCE(hot.test[c->index].inverse, small ? c->inverse : 1);
	WRITE_ONCE(hot.test[c->index].limit, limit);
	if (c->index < NR_SIZE_CLASSES) {
		WRITE_ONCE(hot.least[c->index], c[-1].size + 1);
		WRITE_ONCE(hot.sizes[c->index], c->size - c[-1].size);
	}
}

void tag_pages(const void *p, const struct kmem_cache *c, size_t n, size_t step)
{
	uint8_t tag = c ? (uint8_t)c->index : 0;

	if (unlikely(disabled) && c)
		return;
	if (unlikely(!READ_ONCE(hot.tag_base)))
		place_window(p);
	if (c)
		set_test(c);
	/* The test is there before the tag that leads to it. */
	for (size_t i = tag_index(p); n && i < NR_TAGS; n--, i += step)
		__atomic_store_n(tag_at(i), tag, __ATOMIC_RELEASE);
}

void tag_slab(const struct kmem_cache *c, const struct page *slab, bool on)
{
	size_t nr = 1, step = 1;

	if (!cache_is_one_page(c)) {
		/* Whether pages inside, too, begin with an object. */
		if (c->size % PAGE_SIZE == 0) {
			nr = c->nr_objects;
			step = c->size >> PAGE_SHIFT;
		} else if (is_power_of_two(c->size)) {
			nr = ((size_t)c->nr_objects * c->size) >> PAGE_SHIFT;
		} else {
			return;
		}
	}
	tag_pages(page_to_addr(slab), on ? c : NULL, nr, step);
}
