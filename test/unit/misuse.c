/* slab/misuse: what the report says about a wrong pointer. */
#include <string.h>

#include "unit.h"

static char not_ours[64];

/* A call that must abort, and what must be in its report. */
struct example {
	const char *name;
	void *(*make)(void); /* the pointer */
	const char *kind;
	const char *detail;
};

static void *foreign(void)
{
	return not_ours;
}

static void *inside_an_object(void)
{
	return (char *)heap_malloc(200) + 16;
}

static void *unaligned(void)
{
	return (char *)heap_malloc(200) + 3;
}

static void *freed(void)
{
	void *p = heap_malloc(200);

	heap_free(p, "free");
	magazine_drain(thread_cache_now(), size_class(200));
	heap_free(heap_malloc(200), "free");
	magazine_drain(thread_cache_now(), size_class(200));
	return p;
}

static void *inside_a_large_block(void)
{
	return (char *)heap_malloc(1 << 20) + PAGE_SIZE;
}

static void *unaligned_in_a_large_block(void)
{
	return (char *)heap_malloc(1 << 20) + 8;
}

static void *freed_large_block(void)
{
	void *p = heap_malloc(8 << 20);

	heap_free(p, "free");
	return p;
}

static void *kept_large_block(void)
{
	void *p = heap_malloc(300 << 10);

	/* The thread keeps it for the next call. */
	heap_free(p, "free");
	return p;
}

static void *inside_a_huge_block(void)
{
	return (char *)heap_malloc((size_t)5 << 30) + ((size_t)1 << 30);
}

static void *freed_huge_block(void)
{
	void *p = heap_malloc((size_t)5 << 30);

	heap_free(p, "free");
	return p;
}

static void *zone_header(void)
{
	heap_free(heap_malloc(1), "free");
	return zones[0];
}

static void *thread_cache(void)
{
	heap_free(heap_malloc(1), "free");
	return thread_cache_now();
}

static void *beyond_online(void)
{
	heap_free(heap_malloc(1), "free");
	return (char *)zones[0] + (size_t)zones[0]->online * PAGE_SIZE;
}

static const struct example examples[] = {
	{"foreign", foreign, "foreign pointer", "no zone has this address"},
	{"header", zone_header, "foreign pointer", "page  none"},
	{"own", thread_cache, "foreign pointer", "a slab"},
	{"beyond", beyond_online, "foreign pointer", "page  none"},
	{"interior", inside_an_object, "interior pointer",
	 "is 16 bytes into object"},
	{"unaligned", unaligned, "interior pointer", "is 3 bytes into object"},
	{"freed", freed, "double free", "page  pfn 0x"},
	{"large interior", inside_a_large_block, "interior pointer",
	 "16 pages of 64 KiB"},
	{"large unaligned", unaligned_in_a_large_block, "interior pointer",
	 "a run in use"},
	{"large freed", freed_large_block, "double free", "free, in the"},
	{"large kept", kept_large_block, "double free", "5 pages"},
	{"huge interior", inside_a_huge_block, "interior pointer", "page"},
	{"huge freed", freed_huge_block, "double free", "page"},
};

static int free_it(void *arg)
{
	const struct example *e = arg;

	heap_free(e->make(), "free");
	return 0;
}

static void test_what_free_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		char first[64] = "libbuddy: ";

		strcat(strcat(first, examples[i].kind), " in free(0x");
		unit_child_aborts(free_it, (void *)(uintptr_t)&examples[i],
				  first);
		unit_child_aborts(free_it, (void *)(uintptr_t)&examples[i],
				  examples[i].detail);
	}
}

static int realloc_it(void *arg)
{
	const struct example *e = arg;

	return heap_realloc(e->make(), 1000, "realloc") == NULL;
}

static void test_what_realloc_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		const char *kind = examples[i].kind;
		char first[64] = "libbuddy: ";

		if (!strcmp(kind, "double free"))
			kind = "use after free";
		strcat(strcat(first, kind), " in realloc(0x");
		unit_child_aborts(realloc_it, (void *)(uintptr_t)&examples[i],
				  first);
	}
}

static int usable_size_of_it(void *arg)
{
	const struct example *e = arg;

	return heap_usable_size(e->make(), "malloc_usable_size") == 0;
}

static void test_what_usable_size_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++)
		unit_child_aborts(usable_size_of_it,
				  (void *)(uintptr_t)&examples[i],
				  " in malloc_usable_size(0x");
}

static int report_with_an_object(void *arg)
{
	void *p = heap_malloc(48);

	(void)arg;
	misuse("a kind", "function", p);
}

static void test_details(void **state)
{
	static const char *const parts[] = {
		"libbuddy: a kind in function(0x",
		"\n  page  pfn 0x",
		" of zone 0, a slab, 1 pages of 64 KiB from 0x",
		"\n  slab  objects of 48 bytes, ",
		" of 1365 out; ",
		"the pointer is 0 bytes into object 0\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		unit_child_aborts(report_with_an_object, NULL, parts[i]);
}

static int from_nothing(void *arg)
{
	(void)arg;
	misuse_pointer("free", not_ours);
}

static void test_without_a_zone(void **state)
{
	(void)state;
	unit_child_aborts(from_nothing, NULL,
			  "libbuddy: foreign pointer in free(0x");
}

/* The end of a slab, where no whole object fits. */
static int free_the_tail(void *arg)
{
	const struct kmem_cache *c = &kmem_caches[size_class(*(size_t *)arg)];
	char *p = heap_malloc(c->size);
	char *slab = page_to_addr(page_of(p));

	heap_free(slab + (size_t)c->nr_objects * c->size, "free");
	/* At the latest when the magazine's objects go back. */
	magazine_drain(thread_cache_now(), c->index);
	return 0;
}

static void test_the_tail_of_a_slab(void **state)
{
	static const size_t sizes[] = {48, 112, 208, 400, 1008, 3072, 6144};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		assert_true(PAGE_SIZE % size);
		unit_child_aborts(free_the_tail, &size, " in free(0x");
	}
}

UNIT_MAIN(TEST(test_what_free_says), TEST(test_what_realloc_says),
	  TEST(test_what_usable_size_says), TEST(test_details),
	  TEST(test_without_a_zone), TEST(test_the_tail_of_a_slab))
