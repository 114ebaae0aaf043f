/* os/thp: transparent huge pages, as the system's policy has them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define POLICY_FILE "/sys/kernel/mm/transparent_hugepage/enabled"

static void test_policy(void **state)
{
	FILE *file = fopen(POLICY_FILE, "re");
	enum os_huge_policy want = HUGE_NEVER;
	char text[100] = "";

	(void)state;
	if (file) {
		assert_non_null(fgets(text, sizeof(text), file));
		fclose(file);
	}
	if (strstr(text, "[always]"))
		want = HUGE_ALWAYS;
	else if (strstr(text, "[madvise]"))
		want = HUGE_MADVISE;
	errno = 5;
	assert_int_equal(os_huge_policy(), want);
	assert_int_equal(os_huge_policy(), want);
	assert_int_equal(errno, 5);
}

static void assert_small(const void *p, size_t *len)
{
	struct unit_mapping m = unit_mapping_of(p);

	assert_non_null(strstr(m.flags, " nh"));
	assert_null(strstr(m.flags, " hg"));
	*len = m.end - m.start;
}

/* Metadata, tags and the lowest pages are not huge, whatever the policy is. */
static void test_what_is_always_small(void **state)
{
	size_t len;
	void *p = heap_malloc(1);

	(void)state;
	if (os_huge_policy() == HUGE_NEVER)
		skip();
	assert_small(p, &len);
	assert_small(zone_page(zones[0], zones[0]->online - 1), &len);
	assert_small(tag_at(tag_index(p)), &len);
	heap_free(p, "free");
}

/* One mapping as before, in memory as a whole. */
static void test_populated_by_huge_pages(void **state)
{
	size_t before, after, len = 16 * MIB;
	struct page *page = alloc_run(NULL, GFP_MOVABLE, 16 * 16);
	char *p = page_to_addr(page);

	(void)state;
	assert_non_null(page);
	if (os_huge_policy() == HUGE_NEVER)
		skip();
	assert_small(p, &before);
	os_populate_huge(p, len);
	assert_small(p, &after);
	assert_int_equal(before, after);
	assert_int_equal(unit_resident(p, len), len);
	for (size_t i = 0; i < len; i += PAGE_SIZE)
		assert_int_equal(p[i], 0);
	free_run(NULL, page);
	purge_zone(zone_of(page), 0);
	assert_int_equal(unit_resident(p, len), 0);
}

/* One dear huge page, and there are none for a hundred times as long. */
static void test_dear_huge_pages(void **state)
{
	size_t before, after, len = 4 * MIB;
	struct page *page = alloc_run(NULL, GFP_MOVABLE, 2 * 4 * 16);
	char *p = page_to_addr(page);
	uint64_t ms;

	(void)state;
	assert_non_null(page);
	if (os_huge_policy() == HUGE_NEVER)
		skip();
	assert_small(p, &before);
	assert_false(os_huge_took(1000 * 1000, 2 * MIB));
	ms = os_milliseconds();
	assert_true(os_huge_took(2100 * 1000, 2 * MIB));
	assert_false(os_huge_pages(p, len));
	os_populate_huge(p, len);
	assert_small(p, &after);
	assert_int_equal(before, after);
	assert_int_equal(unit_resident(p, len), len);
	while (!os_huge_pages(p + len, len))
		assert_true(os_milliseconds() < ms + PATIENCE_MS);
	assert_true(os_milliseconds() >= ms + 210);
	/* the first one came in, where one fits, and no more */
	assert_true(unit_resident(p + len, len) < len);
	if (os_page_size() == 4 * KIB)
		assert_true(unit_resident(p + len, len) >= 2 * MIB);
	os_small_pages(p + len, len);
	free_run(NULL, page);
}

/* A range that is mapped anew is one with what is around it. */
static void test_fresh_memory_is_small_too(void **state)
{
	struct page *page = alloc_run(NULL, GFP_MOVABLE, 64);
	char *p = page_to_addr(page);
	size_t before, after;

	(void)state;
	if (os_huge_policy() != HUGE_MADVISE)
		skip();
	memset(p, 1, MIB);
	assert_small(p, &before);
	assert_int_equal(os_fresh(p + MIB, MIB), 0);
	assert_small(p, &after);
	assert_int_equal(before, after);
	free_run(NULL, page);
}

UNIT_MAIN(TEST(test_policy), TEST(test_what_is_always_small),
	  TEST(test_populated_by_huge_pages), TEST(test_dear_huge_pages),
	  TEST(test_fresh_memory_is_small_too))
