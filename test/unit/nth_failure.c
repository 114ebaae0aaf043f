/*
 * The nth refusal: a scenario that uses all of the heap is run with the 1st,
 * 2nd, 3rd … map, commit, purge or move refused, until it passes without that
 * refusal being reached. After each run the heap is sound, what was in use has
 * its contents, and when the system refuses no more everything works again.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "buddy.h"
#include "unit.h"

#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

static const char *const kind_names[NR_INJECT_KINDS] = {
	"map", "commit", "purge", "move", "protect"};

/* Results that are not zero say where a scenario went wrong. */
#define EXPECT(cond)                     \
	do {                             \
		if (!(cond))             \
			return __LINE__; \
	} while (0)

/* NULL is allowed, but then it must be out of memory. */
static bool refused(const void *p)
{
	return !p && errno == ENOMEM;
}

static bool filled(const unsigned char *p, int c, size_t len)
{
	return !len || (p[0] == c && !memcmp(p, p + 1, len - 1));
}

/* Of large blocks the two ends stand for all, which saves time. */
#define END_BYTES ((size_t)20000)

static void fill_ends(unsigned char *p, int c, size_t len)
{
	size_t end = len < END_BYTES ? len : END_BYTES;

	memset(p, c, end);
	memset(p + len - end, c, end);
}

static bool filled_at_ends(const unsigned char *p, int c, size_t len)
{
	size_t end = len < END_BYTES ? len : END_BYTES;

	return filled(p, c, end) && filled(p + len - end, c, end);
}

static int small_blocks(void)
{
	unsigned char *p[300];
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		size_t size = 1 + i * 37 % 9000;

		errno = 0;
		p[i] = i & 1 ? buddy_malloc(size) : buddy_calloc(1, size);
		if (!p[i] && !refused(p[i]))
			result = __LINE__;
		if (p[i] && !(i & 1) && !filled(p[i], 0, size))
			result = __LINE__;
		if (p[i])
			memset(p[i], (int)i, size);
	}
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		if (p[i] && !filled(p[i], (int)i & 0xff, 1 + i * 37 % 9000))
			result = __LINE__;
		buddy_free(p[i]);
	}
	return result;
}

static int medium_and_large(void)
{
	static const size_t sizes[] = {20000, 100000,  250000, 300000,
				       MIB,   3 * MIB, 9 * MIB};
	unsigned char *p[ARRAY_SIZE(sizes)];
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		errno = 0;
		p[i] = buddy_malloc(sizes[i]);
		if (!p[i] && !refused(p[i]))
			result = __LINE__;
		if (p[i])
			fill_ends(p[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (p[i] && !filled_at_ends(p[i], (int)i + 1, sizes[i]))
			result = __LINE__;
		buddy_free(p[i]);
	}
	return result;
}

#define GROW_FROM 150

/* Grows a block to 10 MB in steps, another one being in its way each time. */
static int growing(void)
{
	void *in_the_way[8];
	unsigned char *p = buddy_malloc(GROW_FROM), *q;
	size_t size = GROW_FROM;
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(in_the_way); i++) {
		bool had = p != NULL;

		if (had)
			fill_ends(p, 0x3d, size);
		errno = 0;
		q = buddy_realloc(p, size * 4);
		if (!q && !refused(q))
			result = __LINE__;
		p = q ? q : p;
		if (had && !filled_at_ends(p, 0x3d, size))
			result = __LINE__;
		size *= q ? 4 : 1;
		in_the_way[i] = buddy_malloc(300000);
	}
	for (size_t i = 0; i < ARRAY_SIZE(in_the_way); i++)
		buddy_free(in_the_way[i]);
	buddy_free(p);
	return result;
}

static int pages(void)
{
	void *bulk[50] = {NULL}, *p[8], *exact, *aligned;

	for (unsigned int i = 0; i < 8; i++)
		p[i] = buddy_alloc_pages(i % 3 | BUDDY_GFP_ZERO, i % 7);
	buddy_alloc_pages_bulk(BUDDY_GFP_MOVABLE, 50, bulk);
	exact = buddy_alloc_pages_exact(77 * BUDDY_PAGE_SIZE, BUDDY_GFP_ATOMIC);
	aligned = buddy_aligned_alloc(8 * MIB, 3 * MIB);
	EXPECT(!((uintptr_t)aligned % (8 * MIB)));
	if (aligned)
		fill_ends(aligned, 1, 3 * MIB);
	for (unsigned int i = 0; i < 8; i++)
		buddy_free_pages(p[i], i % 7);
	buddy_free_pages_bulk(50, bulk);
	buddy_free_pages_exact(exact, 77 * BUDDY_PAGE_SIZE);
	buddy_free(aligned);
	return 0;
}

/* Not by realloc(), which would copy gigabytes when it cannot move them. */
static int resize_huge(void)
{
	struct page *page = huge_alloc(3 * GIB, 0), *to;
	char *p;

	if (!page)
		return 0;
	p = page_to_addr(page);
	p[0] = 1;
	p[3 * GIB - 1] = 2;
	to = huge_resize(page, 9 * GIB);
	page = to ? to : page;
	p = page_to_addr(page);
	EXPECT(p[0] == 1 && p[3 * GIB - 1] == 2);
	to = huge_resize(page, 2 * GIB + MIB);
	page = to ? to : page;
	p = page_to_addr(page);
	EXPECT(p[0] == 1 && p[2 * GIB] == 0);
	huge_free(page);
	return 0;
}

static int huge(void)
{
	char *p = buddy_malloc(3 * GIB);
	int result = resize_huge();

	EXPECT(p || refused(p));
	if (p) {
		p[0] = 1;
		p[3 * GIB - 1] = 2;
	}
	buddy_free(p);
	EXPECT(!huge_stat().nr);
	return result;
}

static int caches(void)
{
	struct buddy_cache *c;
	void *obj[100];

	c = buddy_cache_create("nth", 700, 64, BUDDY_CACHE_NO_MERGE, NULL);
	EXPECT(c);
	for (int i = 0; i < 100; i++) {
		obj[i] = buddy_cache_alloc(c, BUDDY_GFP_ZERO);
		EXPECT(!obj[i] || filled(obj[i], 0, 700));
		if (obj[i])
			memset(obj[i], i, 700);
	}
	for (int i = 0; i < 100; i++) {
		EXPECT(!obj[i] || filled(obj[i], i, 700));
		buddy_cache_free(c, obj[i]);
	}
	EXPECT(!buddy_cache_destroy(c));
	return 0;
}

static void *a_thread(void *arg)
{
	*(int *)arg = small_blocks();
	return NULL;
}

static int threads(void)
{
	pthread_t thread;
	int result = -1;

	EXPECT(!pthread_create(&thread, NULL, a_thread, &result));
	pthread_join(thread, NULL);
	return result;
}

#define MANY 6

static void *one_of_many(void *arg)
{
	int *result = arg;

	for (int i = 0; i < 3 && !*result; i++) {
		*result = small_blocks();
		if (!*result)
			*result = medium_and_large();
	}
	return NULL;
}

/* Refusals that hit whichever thread asks, others being at work. */
static int many_threads(void)
{
	pthread_t thread[MANY];
	int results[MANY] = {0};
	int result = 0;

	for (int i = 0; i < MANY; i++)
		EXPECT(!pthread_create(&thread[i], NULL, one_of_many,
				       &results[i]));
	for (int i = 0; i < MANY; i++) {
		pthread_join(thread[i], NULL);
		result = result ? result : results[i];
	}
	return result;
}

static const struct scenario {
	const char *name;
	int (*run)(void);
} scenarios[] = {
	{"small blocks", small_blocks},
	{"large", medium_and_large},
	{"growing", growing},
	{"pages", pages},
	{"huge", huge},
	{"caches", caches},
	{"threads", threads},
	{"many threads", many_threads},
};

struct failure {
	const struct scenario *scenario;
	enum inject_kind kind;
	unsigned long n;
	bool on;
	bool warm; /* the heap was in use before */
};

#define NOT_REACHED 77

/* Runs one scenario with one refusal. */
static int run_with_refusal(void *arg)
{
	const struct failure *f = arg;
	bool reached;
	int line;

	inject_disarm(); /* the count begins here */
	inject_arm(f->kind, f->n, f->on);
	line = f->scenario->run();
	buddy_trim(0);
	reached = inject_count(f->kind) >= f->n;
	inject_disarm();
	if (line)
		unit_child_says(f->scenario->name, __FILE__, line);
	CHILD_CHECK(!line);
	CHILD_CHECK(!mm_verify());
	/* And then everything works. */
	CHILD_CHECK(buddy_malloc(100));
	CHILD_CHECK(!f->scenario->run());
	CHILD_CHECK(!small_blocks());
	CHILD_CHECK(!mm_verify());
	buddy_trim(0);
	CHILD_CHECK(!mm_totals().free_dirty);
	CHILD_CHECK(!mm_verify());
	return reached ? 0 : NOT_REACHED;
}

/* More refusals than any scenario has calls that can be refused. */
#define MOST 1000u

static void fail_each(struct failure f)
{
	uint64_t random = unit_seed();
	unsigned int share = unit_share();

	/* With a share, another part of all of them each time. */
	for (f.n = 1 + unit_below(&random, share); f.n <= MOST; f.n += share) {
		struct unit_child c = unit_child(run_with_refusal, &f);

		if (c.status == NOT_REACHED << 8) {
			printf("%s: below %lu x %s\n", f.scenario->name, f.n,
			       kind_names[f.kind]);
			return;
		}
		if (c.status)
			fail_msg("%s, %s refused, %lu (%s, %s): status 0x%x: "
				 "%s",
				 f.scenario->name, kind_names[f.kind], f.n,
				 f.on ? "and on" : "once",
				 f.warm ? "warm" : "cold",
				 (unsigned int)c.status, c.output);
	}
	fail_msg("%s never passed", f.scenario->name);
}

static void run_all(bool on, bool warm)
{
	for (size_t s = 0; s < ARRAY_SIZE(scenarios); s++)
		for (int k = 0; k < NR_INJECT_KINDS; k++)
			fail_each((struct failure){&scenarios[s],
						   (enum inject_kind)k, 0, on,
						   warm});
}

static void test_refused_once(void **state)
{
	(void)state;
	run_all(false, false);
}

static void test_refused_from_then_on(void **state)
{
	(void)state;
	run_all(true, false);
}

static void test_refused_once_when_warm(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		assert_int_equal(scenarios[i].run(), 0);
	run_all(false, true);
}

UNIT_MAIN(TEST(test_refused_once), TEST(test_refused_from_then_on),
	  TEST(test_refused_once_when_warm))
