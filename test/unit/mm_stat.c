/* mm/mm_stat: the kernel's formats, with the numbers of the zones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static char buf[65536];

static const uint64_t events[NR_THREAD_EVENTS] = {11, 22, 33, 44};

static char *text_of(void (*fn)(struct text *t))
{
	struct text t;

	text_init(&t, buf, sizeof(buf));
	fn(&t);
	assert_true(t.length < sizeof(buf));
	assert_int_equal(t.length, strlen(buf));
	return buf;
}

static void vmstat(struct text *t)
{
	text_vmstat(t, events);
}

/* Two zones with free blocks of many orders and kinds. */
static void setup(void)
{
	for (unsigned int i = 0; i < 60; i++) {
		unsigned int gfp = i % 3;

		assert_non_null(alloc_run(NULL, gfp, 1 + i % 11));
	}
	assert_non_null(zone_create(1, 1));
	LOCKED(zones[1])
		assert_int_equal(zone_grow_locked(zones[1], 70), 0);
	unit_verify();
}

/* The numbers after the place where `prefix` ends. */
static void check_numbers(const char *line, const char *prefix,
			  const uint32_t *expected, size_t nr)
{
	const char *at;

	assert_memory_equal(line, prefix, strlen(prefix));
	at = line + strlen(prefix);
	for (size_t i = 0; i < nr; i++) {
		char *end;

		assert_int_equal(strtoul(at, &end, 10), expected[i]);
		assert_ptr_not_equal(end, at);
		at = end;
	}
	assert_int_equal(*at, '\n');
}

/* The line of a text that begins with that. */
static const char *line_of(const char *text, const char *start)
{
	size_t len = strlen(start);

	while (text && strncmp(text, start, len)) {
		text = strchr(text, '\n');
		text = text && text[1] ? text + 1 : NULL;
	}
	if (!text)
		fail_msg("no line begins with '%s'", start);
	return text;
}

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_buddyinfo(void **state)
{
	const char *text;

	(void)state;
	setup();
	text = text_of(text_buddyinfo);
	assert_int_equal(lines(text), 2);
	for (uint32_t z = 0; z < 2; z++) {
		uint32_t nr_free[NR_PAGE_ORDERS];
		char prefix[64];

		for (unsigned int o = 0; o < NR_PAGE_ORDERS; o++)
			nr_free[o] = zones[z]->free_area[o].nr_free;
		snprintf(prefix, sizeof(prefix), "Node 0, zone       Z%u", z);
		check_numbers(line_of(text, prefix), prefix, nr_free,
			      NR_PAGE_ORDERS);
	}
}

static const char *const types[MIGRATE_TYPES] = {
	"Unmovable", "Movable", "Reclaimable", "HighAtomic", "Isolate"};

static void test_pagetypeinfo(void **state)
{
	const char *text;
	uint32_t order[NR_PAGE_ORDERS];

	(void)state;
	setup();
	text = text_of(text_pagetypeinfo);
	line_of(text, "Page block order: 5\n");
	line_of(text, "Pages per block:  32\n");
	for (unsigned int o = 0; o < NR_PAGE_ORDERS; o++)
		order[o] = o;
	check_numbers(line_of(text, "Free pages count"),
		      "Free pages count per migrate type at order", order,
		      NR_PAGE_ORDERS);
	for (uint32_t z = 0; z < 2; z++) {
		for (int mt = 0; mt < MIGRATE_TYPES; mt++) {
			uint32_t nr[NR_PAGE_ORDERS];
			char prefix[64];

			for (unsigned int o = 0; o < NR_PAGE_ORDERS; o++)
				nr[o] = unit_list_length(zones[z], o,
							 (enum migratetype)mt);
			snprintf(prefix, sizeof(prefix),
				 "Node 0, zone       Z%u, type %12s", z,
				 types[mt]);
			check_numbers(line_of(text, prefix), prefix, nr,
				      NR_PAGE_ORDERS);
		}
	}
}

static void test_pageblocks_by_type(void **state)
{
	const char *text;

	(void)state;
	setup();
	text = strstr(text_of(text_pagetypeinfo), "Number of blocks type");
	assert_non_null(text);
	for (uint32_t z = 0; z < 2; z++) {
		uint32_t nr[MIGRATE_TYPES] = {0};
		char prefix[64];

		for (uint32_t b = zones[z]->first_page >> PAGEBLOCK_ORDER;
		     b < zones[z]->online >> PAGEBLOCK_ORDER; b++)
			nr[zones[z]->pageblock_type[b]]++;
		assert_true(nr[MIGRATE_MOVABLE] > 0);
		snprintf(prefix, sizeof(prefix), "Node 0, zone       Z%u", z);
		check_numbers(line_of(text, prefix), prefix, nr, MIGRATE_TYPES);
	}
}

/* The number that follows a name, after blanks. */
static unsigned long value_of(const char *text, const char *name)
{
	const char *at = text;

	while ((at = strstr(at, name))) {
		const char *end = at + strlen(name);
		bool starts = at == text || strchr(" \n", at[-1]);

		if (starts && *end == ' ')
			return strtoul(end, NULL, 10);
		at = end;
	}
	fail_msg("there is no '%s' in: %s", name, text);
	return 0;
}

static void test_zoneinfo(void **state)
{
	const struct zone *z;
	const char *text;

	(void)state;
	setup();
	z = zones[0];
	text = text_of(text_zoneinfo);
	line_of(text, "Node 0, zone       Z0\n");
	line_of(text, "Node 0, zone       Z1\n");
	assert_int_equal(value_of(text, "pages free"), z->nr_free);
	assert_int_equal(value_of(text, "spanned"), z->span);
	assert_int_equal(value_of(text, "present"), z->online);
	assert_int_equal(value_of(text, "managed"), z->online - z->first_page);
	assert_int_equal(value_of(text, "dirty"), z->nr_free_dirty);
	assert_int_equal(value_of(text, "zone_alloc"), z->event[ZONE_ALLOC]);
	assert_int_equal(value_of(text, "pageblock_steal"),
			 z->event[ZONE_STEAL]);
	assert_int_equal(value_of(text, "start_pfn:"), addr_to_pfn(z).nr);
}

static void test_vmstat(void **state)
{
	struct mm_totals m;
	const char *text;

	(void)state;
	setup();
	m = mm_totals();
	text = text_of(vmstat);
	assert_int_equal(value_of(text, "nr_zones"), 2);
	assert_int_equal(value_of(text, "nr_free_pages"), m.free);
	assert_int_equal(value_of(text, "nr_online_pages"), m.online);
	assert_int_equal(value_of(text, "pgalloc"), 11);
	assert_int_equal(value_of(text, "pgfree"), 22);
	assert_int_equal(value_of(text, "pcp_refill"), 33);
	assert_int_equal(value_of(text, "pcp_drain"), 44);
	assert_int_equal(value_of(text, "nr_huge_runs"), 0);
	assert_int_equal(m.online, zones[0]->online - zones[0]->first_page +
					   zones[1]->online -
					   zones[1]->first_page);
	assert_int_equal(m.free, zones[0]->nr_free + zones[1]->nr_free);
}

/* "name value", each name once: what programs split at the blank. */
static void test_vmstat_lines(void **state)
{
	char *names[100], *save, *line;
	unsigned int nr = 0;

	(void)state;
	setup();
	for (line = strtok_r(text_of(vmstat), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');
		char *end;

		assert_non_null(blank);
		*blank = '\0';
		strtoull(blank + 1, &end, 10);
		assert_true(end > blank + 1 && !*end);
		for (unsigned int i = 0; i < nr; i++)
			assert_string_not_equal(names[i], line);
		assert_true(nr < ARRAY_SIZE(names));
		names[nr++] = line;
	}
	assert_true(nr > 15);
}

static void test_without_zones(void **state)
{
	(void)state;
	assert_string_equal(text_of(text_buddyinfo), "");
	assert_string_equal(text_of(text_zoneinfo), "");
	assert_int_equal(value_of(text_of(vmstat), "nr_zones"), 0);
	line_of(text_of(text_pagetypeinfo), "Number of blocks type");
}

static void test_any_buffer_is_enough(void **state)
{
	static char small[65536];
	size_t whole;

	(void)state;
	setup();
	whole = strlen(text_of(text_pagetypeinfo));
	for (size_t size = 0; size <= whole + 1; size += 1 + size / 9) {
		struct text t;

		memset(small, 'x', whole + 2);
		text_init(&t, small, size);
		text_pagetypeinfo(&t);
		assert_int_equal(t.length, whole);
		if (size)
			assert_memory_equal(small, buf, size - 1);
		assert_int_equal(small[size], 'x');
	}
}

UNIT_MAIN(TEST(test_buddyinfo), TEST(test_pagetypeinfo),
	  TEST(test_pageblocks_by_type), TEST(test_zoneinfo), TEST(test_vmstat),
	  TEST(test_vmstat_lines), TEST(test_without_zones),
	  TEST(test_any_buffer_is_enough))
