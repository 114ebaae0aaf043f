/* mm/page: numbers, addresses and lists. */
#include "unit.h"

enum { PAGES = 60 };

static void test_conversions(void **state)
{
	struct zone *z = unit_zone(1);

	(void)state;
	for (uint32_t i = 0; i < z->online; i++) {
		struct page *page = zone_page(z, i);
		pfn_t pfn = page_to_pfn(page);
		char *addr = page_to_addr(page);

		assert_int_equal(page_index(page), i);
		assert_ptr_equal(pfn_to_page(pfn), page);
		assert_ptr_equal(addr, (char *)z + (size_t)i * PAGE_SIZE);
		assert_int_equal(addr_to_pfn(addr).nr, pfn.nr);
		assert_int_equal(addr_to_pfn(addr + PAGE_SIZE - 1).nr, pfn.nr);
		assert_ptr_equal(pfn_to_addr(pfn), addr);
		assert_ptr_equal(zone_of(page), z);
		assert_ptr_equal(zone_of(addr), z);
	}
}

/* The list as it should be: indexes from head to tail. */
struct model {
	struct page_list list;
	uint32_t at[PAGES];
	unsigned int nr;
};

static struct zone *zone;

static struct page *nth(uint32_t n)
{
	return zone_page(zone, zone->first_page + n);
}

static void check_model(const struct model *m)
{
	struct page *page = page_list_first(&m->list);

	assert_int_equal(page_list_empty(&m->list), !m->nr);
	for (unsigned int i = 0; i < m->nr; i++) {
		assert_ptr_equal(page, nth(m->at[i]));
		assert_ptr_equal(page_list_prev(page),
				 i ? nth(m->at[i - 1]) : NULL);
		page = page_list_next(page);
	}
	assert_null(page);
	assert_ptr_equal(page_list_last(&m->list),
			 m->nr ? nth(m->at[m->nr - 1]) : NULL);
}

static void model_insert(struct model *m, unsigned int where, uint32_t n)
{
	for (unsigned int i = m->nr; i > where; i--)
		m->at[i] = m->at[i - 1];
	m->at[where] = n;
	m->nr++;
}

static void model_remove(struct model *m, unsigned int where)
{
	m->nr--;
	for (unsigned int i = where; i < m->nr; i++)
		m->at[i] = m->at[i + 1];
}

static void step(struct model *m, bool *listed, uint64_t *seed)
{
	uint32_t n = unit_below(seed, PAGES);

	if (listed[n]) {
		unsigned int i = 0;

		while (m->at[i] != n)
			i++;
		page_list_del(&m->list, nth(n));
		model_remove(m, i);
		assert_int_equal(nth(n)->prev.nr, 0);
		assert_int_equal(nth(n)->next.nr, 0);
	} else if (unit_random(seed) & 1) {
		page_list_add_head(&m->list, nth(n));
		model_insert(m, 0, n);
	} else {
		page_list_add_tail(&m->list, nth(n));
		model_insert(m, m->nr, n);
	}
	listed[n] = !listed[n];
	check_model(m);
}

static void test_lists(void **state)
{
	uint64_t seed = unit_seed();
	bool listed[PAGES] = {false};
	struct model m = {.nr = 0};

	(void)state;
	zone = unit_zone(PAGES);
	LOCKED(zone) {
		take_range_locked(zone, zone->first_page, PAGES);
		mark_dirty_locked(zone, zone->first_page, PAGES);
	}
	check_model(&m);
	for (unsigned int i = 0; i < unit_steps(5000); i++)
		step(&m, listed, &seed);
	while (m.nr) {
		page_list_del(&m.list, nth(m.at[m.nr / 2]));
		model_remove(&m, m.nr / 2);
		check_model(&m);
	}
}

static void test_two_zones_on_one_list(void **state)
{
	struct page_list l = {PFN_NONE, PFN_NONE};
	struct zone *a = unit_zone(2), *b = zone_create(1, 1);
	struct page *p, *q;

	(void)state;
	assert_non_null(b);
	LOCKED(b)
		assert_int_equal(zone_grow_locked(b, 1), 0);
	p = unit_take(a, 0, MIGRATE_MOVABLE);
	q = unit_take(b, 0, MIGRATE_MOVABLE);
	page_list_add_head(&l, p);
	page_list_add_head(&l, q);
	assert_ptr_equal(page_list_first(&l), q);
	assert_ptr_equal(page_list_next(q), p);
	assert_ptr_equal(page_list_prev(p), q);
	page_list_del(&l, q);
	assert_ptr_equal(page_list_first(&l), p);
}

UNIT_MAIN(TEST(test_conversions), TEST(test_lists),
	  TEST(test_two_zones_on_one_list))
