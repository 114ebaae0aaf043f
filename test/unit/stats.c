/* heap/stats: slabinfo, totals, and the texts on a descriptor. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "buddy.h"

static char buf[65536];

static const char *slabinfo(void)
{
	struct text t;

	text_init(&t, buf, sizeof(buf));
	stat_text(&t, STAT_SLABINFO);
	return buf;
}

/* A row of slabinfo, as slabtop reads it. */
struct row {
	char name[32];
	unsigned long active, total, size, per_slab, pages;
	unsigned long refills, flushes, sweeps;
	unsigned long active_slabs, slabs, kept;
};

static bool find_row(const char *name, struct row *r)
{
	const char *line = slabinfo();

	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line,
			   "%31s %lu %lu %lu %lu %lu : tunables %lu %lu %lu : "
			   "slabdata %lu %lu %lu",
			   r->name, &r->active, &r->total, &r->size,
			   &r->per_slab, &r->pages, &r->refills, &r->flushes,
			   &r->sweeps, &r->active_slabs, &r->slabs,
			   &r->kept) == 12 &&
		    !strcmp(r->name, name))
			return true;
	}
	return false;
}

static void test_slabinfo(void **state)
{
	void *obj[10];
	struct row r;

	(void)state;
	for (int i = 0; i < 10; i++)
		obj[i] = heap_malloc(256);
	assert_true(find_row("kmalloc-256", &r));
	assert_int_equal(r.active, 10);
	assert_int_equal(r.size, 256);
	assert_int_equal(r.per_slab, 256);
	assert_int_equal(r.total, 256 * r.slabs);
	assert_int_equal(r.pages, 1);
	assert_true(r.refills >= 1);
	for (int i = 0; i < 10; i++)
		heap_free(obj[i], "free");
	assert_true(find_row("kmalloc-256", &r));
	assert_int_equal(r.active, 0);
	assert_true(r.kept >= 10);
	assert_false(find_row("kmalloc-272", &r));
	assert_true(find_row("thread_cache", &r));
}

static void test_slabinfo_begins_as_the_kernels(void **state)
{
	(void)state;
	assert_memory_equal(slabinfo(), "slabinfo - version: 2.1\n# name", 30);
}

static void test_buddy_stat(void **state)
{
	static char other[65536];

	(void)state;
	heap_free(heap_malloc(100), "free");
	for (int s = 0; s < BUDDY_NR_STATS; s++) {
		ssize_t len = buddy_stat((enum buddy_stat)s, buf, sizeof(buf));

		assert_true(len > 0 && (size_t)len < sizeof(buf));
		assert_int_equal(strlen(buf), len);
		assert_int_equal(buf[len - 1], '\n');
		/* As snprintf() does it. */
		assert_int_equal(buddy_stat((enum buddy_stat)s, NULL, 0), len);
		assert_int_equal(buddy_stat((enum buddy_stat)s, other, 10),
				 len);
		assert_memory_equal(other, buf, 9);
		assert_int_equal(other[9], '\0');
	}
	assert_int_equal(buddy_stat(BUDDY_NR_STATS, buf, sizeof(buf)), -EINVAL);
	assert_int_equal(buddy_stat((enum buddy_stat) - 1, buf, sizeof(buf)),
			 -EINVAL);
}

static void test_buddy_stat_write(void **state)
{
	FILE *f = tmpfile();

	(void)state;
	heap_free(heap_malloc(100), "free");
	for (int s = 0; s < BUDDY_NR_STATS; s++) {
		static char written[65536];
		ssize_t got;

		assert_int_equal(ftruncate(fileno(f), 0), 0);
		lseek(fileno(f), 0, SEEK_SET);
		assert_int_equal(
			buddy_stat_write((enum buddy_stat)s, fileno(f)), 0);
		(void)buddy_stat((enum buddy_stat)s, buf, sizeof(buf));
		got = pread(fileno(f), written, sizeof(written) - 1, 0);
		written[got > 0 ? got : 0] = '\0';
		assert_true(got > 10);
		assert_memory_equal(written, buf, 10);
		/* Others count the locks that were taken to tell them. */
		if (s == BUDDY_STAT_BUDDYINFO || s == BUDDY_STAT_PAGETYPEINFO)
			assert_string_equal(written, buf);
	}
	assert_int_equal(buddy_stat_write(BUDDY_STAT_VMSTAT, -1), -EBADF);
	assert_int_equal(buddy_stat_write(BUDDY_NR_STATS, 1), -EINVAL);
	fclose(f);
}

static void test_totals(void **state)
{
	struct heap_totals before, during, after;
	const size_t size = (size_t)10 << 20;
	char *p;

	(void)state;
	heap_free(heap_malloc(100), "free");
	before = heap_totals();
	p = heap_malloc(size);
	memset(p, 1, size);
	during = heap_totals();
	assert_int_equal(during.used - before.used, size);
	assert_true(during.online >= during.used + during.free);
	heap_free(p, "free");
	after = heap_totals();
	assert_int_equal(after.used, before.used);
	assert_true(after.dirty >= before.dirty + size);
	p = heap_malloc((size_t)3 << 30);
	assert_int_equal(heap_totals().huge_runs, 1);
	assert_true(heap_totals().huge_bytes >= (uint64_t)3 << 30);
	heap_free(p, "free");
	assert_int_equal(heap_totals().huge_runs, 0);
}

static void test_used_follows_small_blocks(void **state)
{
	enum { NR = 1000 };
	struct heap_totals before, after;
	static void *obj[NR];

	(void)state;
	heap_free(heap_malloc(1000), "free");
	before = heap_totals();
	for (int i = 0; i < NR; i++)
		obj[i] = heap_malloc(1000);
	after = heap_totals();
	assert_true(after.used >= before.used + NR * 1000);
	assert_true(after.used <= before.used + NR * 1008 + 65536);
	for (int i = 0; i < NR; i++)
		heap_free(obj[i], "free");
	assert_true(heap_totals().used <= before.used + 65536);
}

UNIT_MAIN(TEST(test_slabinfo), TEST(test_slabinfo_begins_as_the_kernels),
	  TEST(test_buddy_stat), TEST(test_buddy_stat_write), TEST(test_totals),
	  TEST(test_used_follows_small_blocks))
