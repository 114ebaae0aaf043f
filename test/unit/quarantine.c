/*
 * mm/buddy: a struct page on a free list whose state makes no sense is
 * reported, set aside for good, and the next one is taken.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* One way to damage the free block at page; what it leads to is the same. */
struct damage {
	const char *name;
	void (*inflict)(struct zone *z, struct page *page);
};

static void is_in_use(struct zone *z, struct page *page)
{
	(void)z;
	page->type = PAGE_RUN;
}

static void is_no_type(struct zone *z, struct page *page)
{
	(void)z;
	page->type = 0xee;
}

static void order_is_wrong(struct zone *z, struct page *page)
{
	(void)z;
	page->order++;
}

static void order_is_nonsense(struct zone *z, struct page *page)
{
	(void)z;
	page->order = 200;
}

static void migratetype_is_wrong(struct zone *z, struct page *page)
{
	(void)z;
	page->migratetype = MIGRATE_RECLAIMABLE;
}

static void migratetype_is_nonsense(struct zone *z, struct page *page)
{
	(void)z;
	page->migratetype = 99;
}

static void is_not_in_the_map(struct zone *z, struct page *page)
{
	bitmap_clear(z->free_map, page_index(page));
}

static const struct damage damages[] = {
	{"in use", is_in_use},
	{"no type", is_no_type},
	{"wrong order", order_is_wrong},
	{"nonsense order", order_is_nonsense},
	{"wrong migratetype", migratetype_is_wrong},
	{"nonsense migratetype", migratetype_is_nonsense},
	{"not in the map", is_not_in_the_map},
};

/*
 * Two free single pages that no larger free block is beside; the one that is
 * first on its list is damaged.
 */
struct scene {
	struct zone *z;
	struct page *victim, *next;
};

static struct scene scene(enum migratetype mt)
{
	uint32_t base;
	struct scene s = {.z = unit_lone_block(&base)};

	LOCKED(s.z) {
		take_range_locked(s.z, base, 1u << MAX_PAGE_ORDER);
		mark_dirty_locked(s.z, base, 1u << MAX_PAGE_ORDER);
		set_pageblock_type_locked(s.z, base, mt);
		free_one_page_locked(s.z, base + 4, 0);
		free_one_page_locked(s.z, base + 2, 0);
		unit_verify_locked(s.z);
	}
	s.victim = zone_page(s.z, base + 2);
	s.next = zone_page(s.z, base + 4);
	assert_int_equal(s.z->nr_free, 2);
	return s;
}

static int take_the_next(void *arg)
{
	const struct damage *d = arg;
	struct scene s = scene(MIGRATE_MOVABLE);
	const char *why;

	LOCKED(s.z) {
		struct page *page;

		d->inflict(s.z, s.victim);
		page = rmqueue_smallest_locked(s.z, 0, MIGRATE_MOVABLE);
		assert_ptr_equal(page, s.next);
		mark_dirty_locked(s.z, page_index(page), 1);
		assert_int_equal(s.victim->type, PAGE_BAD);
		assert_int_equal(s.z->nr_bad, 1);
		assert_int_equal(s.z->nr_free, 0);
		assert_true(verify_zone_locked(s.z, &why));
		/* It never comes back. */
		assert_null(rmqueue_smallest_locked(s.z, 0, MIGRATE_MOVABLE));
		free_one_page_locked(s.z, page_index(page), 0);
		assert_ptr_equal(
			rmqueue_smallest_locked(s.z, 0, MIGRATE_MOVABLE),
			s.next);
	}
	return 0;
}

static void test_next_page_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct unit_child c = unit_child(
			take_the_next, (void *)(uintptr_t)&damages[i]);

		if (c.status || !strstr(c.output, "libbuddy: bad page: pfn 0x"))
			fail_msg("%s: status 0x%x, %s", damages[i].name,
				 (unsigned int)c.status, c.output);
	}
}

static int rob_a_damaged_list(void *arg)
{
	const struct damage *d = arg;
	struct scene s = scene(MIGRATE_MOVABLE);
	const char *why;

	LOCKED(s.z) {
		struct page *page;

		d->inflict(s.z, s.victim);
		/* From another migratetype's list the same holds. */
		page = rmqueue_fallback_locked(s.z, 0, MIGRATE_UNMOVABLE);
		assert_ptr_equal(page, s.next);
		mark_dirty_locked(s.z, page_index(page), 1);
		assert_int_equal(s.victim->type, PAGE_BAD);
		assert_int_equal(s.z->nr_bad, 1);
		assert_true(verify_zone_locked(s.z, &why));
	}
	return 0;
}

static void test_fallback_sees_it_too(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct unit_child c = unit_child(
			rob_a_damaged_list, (void *)(uintptr_t)&damages[i]);

		if (!c.status)
			continue;
		printf("%s: status 0x%x, %s", damages[i].name,
		       (unsigned int)c.status, c.output);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static int quarantine_a_large_block(void *arg)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);
	const char *why;

	(void)arg;
	LOCKED(z) {
		zone_page(z, base)->type = PAGE_SLAB;
		assert_null(rmqueue_smallest_locked(z, 0, MIGRATE_MOVABLE));
		assert_int_equal(z->nr_bad, 1u << MAX_PAGE_ORDER);
		assert_int_equal(z->nr_free, 0);
		assert_true(verify_zone_locked(z, &why));
		/* The zone goes on with what comes online. */
		assert_int_equal(zone_grow_locked(z, 1), 0);
		assert_non_null(rmqueue_smallest_locked(z, 0, MIGRATE_MOVABLE));
	}
	return 0;
}

static void test_large_block(void **state)
{
	(void)state;
	unit_child_passes(quarantine_a_large_block, NULL);
}

static int alloc_goes_again(void *arg)
{
	struct scene s = scene(MIGRATE_MOVABLE);
	struct page *page;

	(void)arg;
	s.victim->type = PAGE_PCP;
	page = alloc_pages(NULL, GFP_MOVABLE, 0);
	assert_ptr_equal(page, s.next);
	assert_int_equal(page->type, PAGE_RUN);
	assert_int_equal(verify_zones(), 0);
	/* And the neighbours of a bad page never merge with it. */
	free_pages(NULL, page, 0);
	assert_int_equal(verify_zones(), 0);
	return 0;
}

static void test_alloc_pages_goes_again(void **state)
{
	(void)state;
	unit_child_passes(alloc_goes_again, NULL);
}

static int merge_beside_damage(void *arg)
{
	uint32_t base;
	struct zone *z = unit_lone_block(&base);

	(void)arg;
	LOCKED(z) {
		struct page *page;

		page = rmqueue_smallest_locked(z, 0, MIGRATE_MOVABLE);
		mark_dirty_locked(z, page_index(page), 1);
		/* The buddy of what is freed next is damaged. */
		zone_page(z, base + 1)->type = PAGE_SLAB;
		free_one_page_locked(z, base, 0);
		assert_int_equal(zone_page(z, base)->order, 0);
		assert_ptr_equal(rmqueue_smallest_locked(z, 0, MIGRATE_MOVABLE),
				 zone_page(z, base));
		assert_ptr_equal(rmqueue_smallest_locked(z, 0, MIGRATE_MOVABLE),
				 zone_page(z, base + 2));
		assert_int_equal(zone_page(z, base + 1)->type, PAGE_BAD);
	}
	return 0;
}

static void test_no_merge_with_damage(void **state)
{
	(void)state;
	unit_child_passes(merge_beside_damage, NULL);
}

UNIT_MAIN(TEST(test_next_page_is_taken), TEST(test_fallback_sees_it_too),
	  TEST(test_large_block), TEST(test_alloc_pages_goes_again),
	  TEST(test_no_merge_with_damage))
