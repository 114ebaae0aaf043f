/*
 * The public API, statistics: buddy_stat behaves as snprintf does, and the
 * texts have the kernel's form, so that tools for /proc can read them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buddy.h"
#include "cm.h"

#define ROOM (1 << 20)
static char text[ROOM];

/* Something of each kind in use, and something of each kind free. */
static void *used[200];

static int set_up(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++)
		used[i] = buddy_malloc((size_t)i * i * 20);
	for (int i = 0; i < 200; i += 3) {
		buddy_free(used[i]);
		used[i] = NULL;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++)
		buddy_free(used[i]);
	return 0;
}

static size_t get(enum buddy_stat which)
{
	ssize_t len = buddy_stat(which, text, sizeof(text));

	assert_true(len > 0);
	assert_true((size_t)len < sizeof(text));
	assert_int_equal(strlen(text), len);
	assert_int_equal(text[len - 1], '\n');
	return (size_t)len;
}

/* Counts may move from one reading to the next; the text around them not. */
static void expect_like(const char *left, const char *right, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)left[i]) ||
		    !isdigit((unsigned char)right[i]))
			assert_int_equal(left[i], right[i]);
}

static void it_is_like_snprintf(void **state)
{
	static char other[ROOM];
	(void)state;

	for (int which = 0; which < BUDDY_NR_STATS; which++) {
		size_t len = get(which);
		assert_int_equal(buddy_stat(which, NULL, 0), len);
		for (size_t room = 0; room <= len + 2;
		     room += room < 70 || room + 9 > len ? 1 : 61) {
			memset(other, '#', len + 4);
			assert_int_equal(buddy_stat(which, other, room), len);
			size_t shown = room > len ? len : room ? room - 1 : 0;
			expect_like(other, text, shown);
			if (room)
				assert_int_equal(other[shown], '\0');
			assert_int_equal(other[room ? shown + 1 : 0], '#');
		}
	}
}

static void other_numbers_are_refused(void **state)
{
	(void)state;
	assert_int_equal(buddy_stat(BUDDY_NR_STATS, text, 100), -EINVAL);
	assert_int_equal(buddy_stat(-1, text, 100), -EINVAL);
	assert_int_equal(buddy_stat(12345, NULL, 0), -EINVAL);
	assert_int_equal(buddy_stat_write(BUDDY_NR_STATS, 1), -EINVAL);
}

static void it_can_be_written(void **state)
{
	static char other[ROOM];
	(void)state;

	for (int which = 0; which < BUDDY_NR_STATS; which++) {
		FILE *file = tmpfile();
		assert_non_null(file);
		size_t len = get(which);
		assert_int_equal(buddy_stat_write(which, fileno(file)), 0);
		ssize_t back = pread(fileno(file), other, sizeof(other), 0);
		assert_int_equal(back, len);
		expect_like(other, text, len);
		fclose(file);
	}
	assert_int_equal(buddy_stat_write(BUDDY_STAT_VMSTAT, -1), -EBADF);
}

/* The numbers of a row after its label; returns how many. */
static int numbers(const char *at, unsigned long *value, int most)
{
	int nr = 0;
	char *end;

	for (; nr < most; nr++, at = end) {
		value[nr] = strtoul(at, &end, 10);
		if (end == at)
			break;
	}
	return nr;
}

static unsigned long vmstat(const char *name)
{
	static char all[ROOM];
	unsigned long value;
	char key[64];

	assert_true(buddy_stat(BUDDY_STAT_VMSTAT, all, sizeof(all)) > 0);
	for (char *line = strtok(all, "\n"); line; line = strtok(NULL, "\n")) {
		/* Every line is a name and a number. */
		assert_int_equal(sscanf(line, "%63s %lu", key, &value), 2);
		if (!strcmp(key, name))
			return value;
	}
	fail_msg("vmstat has no %s", name);
	return 0;
}

static void buddyinfo_has_a_column_per_order(void **state)
{
	enum { ORDERS = BUDDY_MAX_PAGE_ORDER + 1 };
	unsigned long value[ORDERS + 1], pages = 0;
	char zone[32];
	int node, skip, rows = 0;
	(void)state;

	get(BUDDY_STAT_BUDDYINFO);
	for (char *line = strtok(text, "\n"); line;
	     line = strtok(NULL, "\n"), rows++) {
		assert_int_equal(sscanf(line, "Node %d, zone %31s%n", &node,
					zone, &skip),
				 2);
		assert_int_equal(node, 0);
		assert_int_equal(numbers(line + skip, value, ORDERS + 1),
				 ORDERS);
		for (int order = 0; order < ORDERS; order++)
			pages += value[order] << order;
	}
	assert_true(rows > 0);
	assert_int_equal(pages, vmstat("nr_free_pages"));
}

static void pagetypeinfo_has_rows_per_type(void **state)
{
	static const char *const types[] = {"Unmovable", "Movable",
					    "Reclaimable", "HighAtomic"};
	char label[64];
	(void)state;

	get(BUDDY_STAT_PAGETYPEINFO);
	assert_non_null(strstr(text, "Page block order: 5\n"));
	assert_non_null(strstr(text, "Pages per block:  32\n"));
	assert_non_null(
		strstr(text, "Free pages count per migrate type at order"));
	assert_non_null(strstr(text, "Number of blocks type"));
	for (size_t i = 0; i < 4; i++) {
		snprintf(label, sizeof(label), "type %12s", types[i]);
		assert_non_null(strstr(text, label));
	}
}

static void zoneinfo_has_the_usual_lines(void **state)
{
	static const char *const lines[] = {
		"Node 0, zone", "\n  pages free ", "\n        spanned ",
		"\n        present ", "\n        managed "};
	(void)state;

	get(BUDDY_STAT_ZONEINFO);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (!strstr(text, lines[i]))
			fail_msg("zoneinfo has no line '%s'", lines[i]);
}

static void vmstat_counts_pages(void **state)
{
	enum { NR = 500 };
	static void *page[NR];
	(void)state;

	assert_true(vmstat("nr_free_pages") > 0);
	unsigned long before = vmstat("pgfree");
	memset(page, 0, sizeof(page));
	assert_int_equal(buddy_alloc_pages_bulk(0, NR, page), NR);
	buddy_free_pages_bulk(NR, page);
	assert_true(vmstat("pgfree") >= before + NR);
}

static void slabinfo_has_a_row_per_cache(void **state)
{
	unsigned long active, all, size, per_slab, pages;
	void *object[100];
	(void)state;

	struct buddy_cache *cache = buddy_cache_create(
		"api_stat", 1234, 0, BUDDY_CACHE_NO_MERGE, NULL);
	assert_non_null(cache);
	for (int i = 0; i < 100; i++) {
		object[i] = buddy_cache_alloc(cache, 0);
		assert_non_null(object[i]);
	}
	get(BUDDY_STAT_SLABINFO);
	assert_int_equal(strncmp(text, "slabinfo - version: 2.1\n", 24), 0);
	assert_int_equal(strncmp(text + 24, "# name ", 7), 0);
	char *row = strstr(text, "\napi_stat ");
	assert_non_null(row);
	assert_int_equal(sscanf(row, " api_stat %lu %lu %lu %lu %lu :", &active,
				&all, &size, &per_slab, &pages),
			 5);
	assert_true(active >= 100 && active <= all);
	assert_true(size >= 1234 && size < 1600);
	assert_true(per_slab * size <= pages * BUDDY_PAGE_SIZE);
	row[strcspn(row + 1, "\n") + 1] = '\0';
	assert_non_null(strstr(row, " : tunables "));
	assert_non_null(strstr(row, " : slabdata "));
	for (int i = 0; i < 100; i++)
		buddy_cache_free(cache, object[i]);
	assert_int_equal(buddy_cache_destroy(cache), 0);
	get(BUDDY_STAT_SLABINFO);
	assert_null(strstr(text, "\napi_stat "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_like_snprintf),
		cmocka_unit_test(other_numbers_are_refused),
		cmocka_unit_test(it_can_be_written),
		cmocka_unit_test(buddyinfo_has_a_column_per_order),
		cmocka_unit_test(pagetypeinfo_has_rows_per_type),
		cmocka_unit_test(zoneinfo_has_the_usual_lines),
		cmocka_unit_test(vmstat_counts_pages),
		cmocka_unit_test(slabinfo_has_a_row_per_cache),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
