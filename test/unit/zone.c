/* mm/zone: reserving zones, bringing them online, the gate. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "unit.h"

static int a_variable;

static void test_a_new_zone(void **state)
{
	struct zone *z;

	(void)state;
	assert_int_equal(nr_zones_now(), 0);
	z = zone_create(1, 0);
	assert_non_null(z);
	assert_int_equal(nr_zones_now(), 1);
	assert_ptr_equal(zones[0], z);
	assert_int_equal(z->id, 0);
	assert_int_equal(z->span, ZONE_PAGES);
	assert_int_equal((uintptr_t)z % ZONE_SIZE, 0);
	assert_int_equal(slot_of(z), SLOT_ZONE);
	/* Nothing can be handed out yet. */
	assert_int_equal(z->online, z->first_page);
	assert_int_equal(z->nr_free, 0);
	unit_verify_zone(z);
}

static void test_header_holds_the_metadata(void **state)
{
	struct zone *z = unit_zone(1);
	uintptr_t base = (uintptr_t)z;
	uintptr_t map_end = (uintptr_t)zone_page(z, z->span);
	uintptr_t maps_end =
		(uintptr_t)(z->slab_maps + (size_t)z->span * SLAB_MAP_WORDS);

	(void)state;
	assert_true((uintptr_t)z->slab_maps >= map_end);
	assert_true(maps_end <= base + (uintptr_t)z->first_page * PAGE_SIZE);
	assert_true(maps_end + PAGE_SIZE >
		    base + (uintptr_t)z->first_page * PAGE_SIZE);
}

static void test_at_most(void **state)
{
	struct zone *first = zone_create(1, 0), *second;

	(void)state;
	/* Who saw no zone gets the one that another thread has made. */
	assert_ptr_equal(zone_create(1, 0), first);
	assert_int_equal(nr_zones_now(), 1);
	second = zone_create(1, 1);
	assert_non_null(second);
	assert_ptr_not_equal(second, first);
	assert_int_equal(nr_zones_now(), 2);
	assert_int_equal(second->id, 1);
	assert_ptr_equal(zone_create(1, 1), second);
	assert_ptr_equal(zone_create(1, 0), second);
}

static void test_grows_in_sections(void **state)
{
	struct zone *z = unit_zone(0);
	uint32_t last = 0;

	(void)state;
	for (int i = 0; i < 60; i++) {
		uint32_t from = z->online, got;

		LOCKED(z) {
			assert_int_equal(zone_grow_locked(z, 1), 0);
			unit_verify_locked(z);
		}
		got = z->online - from;
		assert_int_equal(z->online % PAGEBLOCK_PAGES, 0);
		assert_true(got >= 64 && got <= 1024 + PAGEBLOCK_PAGES);
		/* But for the rounding they never become smaller. */
		assert_true(got + PAGEBLOCK_PAGES >= last);
		last = got;
		assert_int_equal(z->nr_free, z->online - z->first_page);
		assert_int_equal(z->nr_free_dirty, 0);
	}
	assert_true(last >= 1024);
}

static void test_what_comes_online_is_there(void **state)
{
	struct zone *z = unit_zone(1);
	char *past =
		page_to_addr(zone_page(z, 0)) + (size_t)z->online * PAGE_SIZE;

	(void)state;
	assert_false(unit_faults(past - 1));
	assert_true(unit_faults(past));
	for (uint32_t i = z->first_page; i < z->online; i++) {
		volatile uint64_t *map = page_slab_map(zone_page(z, i));

		map[0] = 1;
		map[SLAB_MAP_WORDS - 1] = 1;
		assert_int_equal(*(char *)page_to_addr(zone_page(z, i)), 0);
	}
}

static void test_whole_span_and_no_more(void **state)
{
	struct zone *z = unit_zone(1);
	uint32_t rest, online;

	(void)state;
	LOCKED(z) {
		rest = z->span - z->online;
		online = z->online;
		assert_int_equal(zone_grow_locked(z, rest + 1), -ENOMEM);
		assert_int_equal(z->online, online);
		assert_int_equal(zone_grow_locked(z, rest), 0);
		assert_int_equal(z->online, z->span);
		assert_int_equal(z->nr_free, z->span - z->first_page);
		assert_int_equal(zone_grow_locked(z, 1), -ENOMEM);
		unit_verify_locked(z);
	}
}

static void test_gate(void **state)
{
	struct zone *z = unit_zone(1);
	char *base = (char *)z;
	char *first = base + (size_t)z->first_page * PAGE_SIZE;
	char *end = base + (size_t)z->online * PAGE_SIZE;

	(void)state;
	assert_null(page_of(NULL));
	assert_null(page_of(&a_variable));
	assert_null(page_of(&base));
	assert_null(page_of((void *)UINTPTR_MAX));
	assert_null(page_of((void *)((uintptr_t)1 << ADDRESS_BITS)));
	assert_null(page_of(base));
	assert_null(page_of(first - 1));
	assert_ptr_equal(page_of(first), zone_page(z, z->first_page));
	assert_ptr_equal(page_of(end - 1), zone_page(z, z->online - 1));
	assert_null(page_of(end));
	assert_null(page_of(base + ZONE_SIZE - 1));
	assert_null(page_of(base + ZONE_SIZE));
	assert_null(page_of(base - 1));
}

static void test_many_zones(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		struct zone *z = zone_create(1, i);

		assert_non_null(z);
		assert_int_equal(z->id, i);
		assert_ptr_equal(zones[i], z);
		LOCKED(z)
			assert_int_equal(zone_grow_locked(z, 1), 0);
		for (uint32_t j = 0; j < i; j++)
			assert_ptr_not_equal(zones[j], z);
		assert_ptr_equal(
			page_of((char *)z + (size_t)z->first_page * PAGE_SIZE),
			zone_page(z, z->first_page));
	}
	assert_int_equal(verify_zones(), 0);
}

/* ---- little address space --------------------------------------------- */

static void limit_address_space(size_t more)
{
	struct rlimit limit;

	/* A sanitizer's shadow counts too. */
	limit.rlim_cur = unit_address_space() + more;
	limit.rlim_max = limit.rlim_cur;
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

/* Uses a zone up page by page, and gives all of it back. */
static uint32_t use_up(struct zone *z)
{
	struct page_list got = {PFN_NONE, PFN_NONE};
	struct page *page;
	uint32_t nr = 0;

	LOCKED(z) {
		while ((page = rmqueue_buddy_locked(z, 0, MIGRATE_MOVABLE,
						    true))) {
			*(char *)page_to_addr(page) = 1;
			page_list_add_tail(&got, page);
			nr++;
		}
		unit_verify_locked(z);
		while ((page = page_list_first(&got))) {
			page_list_del(&got, page);
			free_one_page_locked(z, page_index(page), 0);
		}
		unit_verify_locked(z);
	}
	return nr;
}

static void test_small_span_under_a_limit(void **state)
{
	const size_t room = (size_t)200 << 20;
	struct zone *z;

	(void)state;
	limit_address_space(room);
	z = zone_create(1, 0);
	assert_non_null(z);
	assert_int_equal((uintptr_t)z % ZONE_SIZE, 0);
	assert_true(is_power_of_two(z->span));
	assert_true((size_t)z->span * PAGE_SIZE <= room);
	assert_true((size_t)z->span * PAGE_SIZE > room / 4);
	assert_int_equal(use_up(z), z->span - z->first_page);
	assert_int_equal(z->online, z->span);
	/* The largest block that the zone can hold. */
	assert_null(page_of((char *)z + (size_t)z->span * PAGE_SIZE));
}

static void test_second_small_zone(void **state)
{
	struct zone *a, *b;

	(void)state;
	limit_address_space((size_t)200 << 20);
	a = zone_create(1, 0);
	b = zone_create(1, 1);
	assert_non_null(a);
	assert_non_null(b);
	assert_true(b->span <= a->span);
	assert_int_equal(use_up(a), a->span - a->first_page);
	assert_int_equal(use_up(b), b->span - b->first_page);
}

static void test_too_large_for_the_limit(void **state)
{
	size_t before;

	(void)state;
	(void)fork_epoch(); /* which has a page of its own */
	limit_address_space((size_t)100 << 20);
	before = unit_address_space();
	assert_null(zone_create(3000, 0));
	assert_int_equal(nr_zones_now(), 0);
	assert_int_equal(unit_address_space(), before);
	assert_non_null(zone_create(300, 0));
}

/* ---- refusals ---------------------------------------------------------- */

static void test_no_addresses(void **state)
{
	size_t before;

	(void)state;
	(void)fork_epoch();
	before = unit_address_space();
	inject_arm(INJECT_MAP, 1, true);
	assert_null(zone_create(1, 0));
	inject_disarm();
	assert_int_equal(nr_zones_now(), 0);
	assert_int_equal(unit_address_space(), before);
	assert_non_null(zone_create(1, 0));
}

static void test_header_refused(void **state)
{
	size_t before;

	(void)state;
	(void)fork_epoch();
	before = unit_address_space();
	inject_arm(INJECT_COMMIT, 1, true);
	assert_null(zone_create(1, 0));
	inject_disarm();
	assert_int_equal(unit_address_space(), before);
	/* Refused once: a smaller zone is tried. */
	inject_arm(INJECT_COMMIT, 1, false);
	assert_int_equal(zone_create(1, 0)->span, ZONE_PAGES / 2);
	inject_disarm();
}

static void test_growth_refused(void **state)
{
	struct zone *z = unit_zone(1);

	(void)state;
	for (unsigned long n = 1; n <= 6; n++) {
		uint32_t online = z->online, nr_free = z->nr_free;

		inject_arm(INJECT_COMMIT, n, true);
		LOCKED(z) {
			int err = zone_grow_locked(z, 5);

			assert_int_equal(err, n <= 3 ? -ENOMEM : 0);
			assert_int_equal(z->online > online, n > 3);
			assert_int_equal(z->nr_free - nr_free,
					 z->online - online);
			unit_verify_locked(z);
		}
		inject_disarm();
	}
}

static void test_growth_refused_once(void **state)
{
	struct zone *z = unit_zone(1);

	(void)state;
	for (unsigned long n = 1; n <= 3; n++) {
		uint32_t online = z->online;

		/* The section is refused: just what is needed is tried. */
		inject_arm(INJECT_COMMIT, n, false);
		LOCKED(z) {
			assert_int_equal(zone_grow_locked(z, 5), 0);
			assert_int_equal(z->online, online + 5);
			unit_verify_locked(z);
		}
		inject_disarm();
	}
	assert_int_equal(use_up(z), z->span - z->first_page);
}

UNIT_MAIN(TEST(test_a_new_zone), TEST(test_header_holds_the_metadata),
	  TEST(test_at_most), TEST(test_grows_in_sections),
	  TEST(test_what_comes_online_is_there),
	  TEST(test_whole_span_and_no_more), TEST(test_gate),
	  TEST(test_many_zones), TEST(test_small_span_under_a_limit),
	  TEST(test_second_small_zone), TEST(test_too_large_for_the_limit),
	  TEST(test_no_addresses), TEST(test_header_refused),
	  TEST(test_growth_refused), TEST(test_growth_refused_once))
