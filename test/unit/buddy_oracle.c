/*
 * The buddy beside an oracle: a naive map of which page is whose. Random calls
 * of every kind, and after each one the oracle's view, the result and the
 * zone's own check must agree.
 *
 * With --repeat the run is done twice with one seed, in two processes, and
 * must do the same, bit for bit: then any failure can be had again.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

enum { SLOTS = 96, ORACLE_PAGES = 2048 };

/* Who has a page of the window that the zone's first pages are. */
enum owner { NOBODY, OFFLINE = -1 }; /* else: slot number + 1 */

static struct oracle {
	struct zone *z;
	int owner[ORACLE_PAGES];
	bool clean[ORACLE_PAGES]; /* never handed out since it was zero */
	struct {
		uint32_t index, nr;
	} slot[SLOTS];
	uint64_t seed;
	uint64_t digest; /* of all results */
} o;

static uint32_t below(uint32_t n)
{
	return unit_below(&o.seed, n);
}

static void note(uint64_t what)
{
	o.digest = (o.digest ^ what) * UINT64_C(0x100000001b3);
}

/* ---- the oracle's view -------------------------------------------------- */

static void oracle_agrees(void)
{
	uint32_t nr_free = 0;

	for (uint32_t i = o.z->first_page; i < ORACLE_PAGES; i++) {
		bool online = i < o.z->online;
		bool free = online && bitmap_test(o.z->free_map, i);

		if ((o.owner[i] == NOBODY) != free)
			fail_msg("page %u: free %d, owner %d", i, free,
				 o.owner[i]);
		nr_free += free;
		/* What was never written must not be called dirty for good;
		 * what was written must never be called clean. */
		if (online && !o.clean[i])
			assert_true(bitmap_test(o.z->dirty_map, i));
	}
	assert_int_equal(nr_free, o.z->nr_free);
	unit_verify_locked(o.z);
}

static void oracle_take(uint32_t s, uint32_t index, uint32_t nr)
{
	assert_true(index >= o.z->first_page && index + nr <= ORACLE_PAGES);
	for (uint32_t i = index; i < index + nr; i++) {
		assert_int_equal(o.owner[i], NOBODY);
		o.owner[i] = (int)s + 1;
		o.clean[i] = false;
	}
	o.slot[s].index = index;
	o.slot[s].nr = nr;
	note(index);
	note(nr);
}

static void oracle_give(uint32_t index, uint32_t nr)
{
	for (uint32_t i = index; i < index + nr; i++)
		o.owner[i] = NOBODY;
}

static void oracle_online(void)
{
	for (uint32_t i = o.z->first_page; i < o.z->online; i++) {
		if (o.owner[i] != OFFLINE)
			continue;
		o.owner[i] = NOBODY;
		o.clean[i] = true;
	}
}

/* ---- the calls --------------------------------------------------------- */

static enum migratetype any_type(void)
{
	return (enum migratetype)below(MIGRATE_PCPTYPES);
}

static bool oracle_has_block(unsigned int order)
{
	uint32_t nr = 1u << order;
	uint32_t index = (uint32_t)align_up(o.z->first_page, nr);

	for (; index + nr <= o.z->online; index += nr) {
		uint32_t i = 0;

		while (i < nr && o.owner[index + i] == NOBODY)
			i++;
		if (i == nr)
			return true;
	}
	return false;
}

static void do_take_block(uint32_t s)
{
	unsigned int order = below(4) ? below(4) : below(8);
	enum migratetype mt = any_type();
	struct page *page = rmqueue_smallest_locked(o.z, order, mt);

	if (!page)
		page = rmqueue_fallback_locked(o.z, order, mt);
	/* Free buddies merge at once: what could be had is had. */
	assert_int_equal(page != NULL, oracle_has_block(order));
	if (!page)
		return;
	assert_int_equal(page_index(page) & ((1u << order) - 1), 0);
	oracle_take(s, page_index(page), 1u << order);
	note(mark_dirty_locked(o.z, page_index(page), 1u << order));
}

/* The first run of nr free pages from a random place on, or 0. */
static uint32_t some_free_run(uint32_t nr)
{
	uint32_t span = o.z->online - o.z->first_page;
	uint32_t from = o.z->first_page + below(span);
	uint32_t length = 0;

	for (uint32_t i = from; i < o.z->online; i++) {
		length = o.owner[i] == NOBODY ? length + 1 : 0;
		if (length == nr)
			return i + 1 - nr;
	}
	return 0;
}

static void do_take_range(uint32_t s)
{
	uint32_t nr = 1 + below(70);
	uint32_t index = some_free_run(nr);

	if (!index)
		return;
	take_range_locked(o.z, index, nr);
	if (below(3)) {
		oracle_take(s, index, nr);
		mark_dirty_locked(o.z, index, nr);
	} else {
		return_range_locked(o.z, index, nr);
	}
}

static void do_find_run(void)
{
	uint32_t nr = 1 + below(3 * PAGEBLOCK_PAGES);
	uint32_t index = find_run_locked(o.z, nr);

	note(index);
	for (uint32_t i = 0; index && i < nr; i++)
		assert_int_equal(o.owner[index + i], NOBODY);
	/* It is the lowest one that begins at a pageblock and is whole. */
	for (uint32_t at = (uint32_t)align_up(o.z->first_page, PAGEBLOCK_PAGES);
	     at < (index ? index : o.z->online); at += PAGEBLOCK_PAGES) {
		uint32_t whole = (uint32_t)align_up(nr, PAGEBLOCK_PAGES);
		uint32_t i = 0;

		while (i < whole && at + i < o.z->online &&
		       o.owner[at + i] == NOBODY)
			i++;
		assert_true(i < whole);
	}
}

static void do_free(uint32_t s)
{
	uint32_t index = o.slot[s].index, nr = o.slot[s].nr;

	if (is_power_of_two(nr) && !(index & (nr - 1)) && below(2))
		free_one_page_locked(o.z, index, lowest_bit(nr));
	else
		free_range_locked(o.z, index, nr);
	oracle_give(index, nr);
	o.slot[s].nr = 0;
}

/* Gives one end of a range back, or what is inside. */
static void do_free_part(uint32_t s)
{
	uint32_t index = o.slot[s].index, nr = o.slot[s].nr;
	uint32_t keep = 1 + below(nr);

	if (keep == nr)
		return;
	free_range_locked(o.z, index + keep, nr - keep);
	oracle_give(index + keep, nr - keep);
	o.slot[s].nr = keep;
}

static void do_grow(void)
{
	uint32_t nr = 1 + below(40);

	if (o.z->online + 1200 > ORACLE_PAGES)
		return;
	assert_int_equal(zone_grow_locked(o.z, nr), 0);
	oracle_online();
	note(o.z->online);
}

static void do_set_type(void)
{
	uint32_t span = o.z->online - o.z->first_page;
	uint32_t index = o.z->first_page + below(span);
	uint32_t start = index & ~(PAGEBLOCK_PAGES - 1);

	/* A block over several pageblocks has one type for all of them. */
	if (start < o.z->first_page || start + PAGEBLOCK_PAGES > o.z->online ||
	    bitmap_all_set(o.z->free_map, start, PAGEBLOCK_PAGES))
		return;
	set_pageblock_type_locked(o.z, index, any_type());
}

static void do_rebuild(void)
{
	memset(o.z->free_area, (int)below(256), sizeof(o.z->free_area));
	zone_rebuild_locked(o.z);
}

static void step(void)
{
	uint32_t s = below(SLOTS);

	switch (below(40)) {
	case 0:
		do_grow();
		break;
	case 1:
		do_set_type();
		break;
	case 2:
		do_rebuild();
		break;
	case 3:
	case 4:
		do_find_run();
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		if (o.slot[s].nr)
			do_free_part(s);
		break;
	default:
		if (o.slot[s].nr)
			do_free(s);
		else if (below(3))
			do_take_block(s);
		else
			do_take_range(s);
	}
}

static uint64_t run(uint64_t seed, unsigned int steps)
{
	o.z = zone_create(1, 0);
	o.seed = seed;
	for (uint32_t i = 0; i < ORACLE_PAGES; i++)
		o.owner[i] = OFFLINE;
	LOCKED(o.z) {
		do_grow();
		oracle_agrees();
		for (unsigned int i = 0; i < steps; i++) {
			step();
			oracle_agrees();
		}
		for (uint32_t s = 0; s < SLOTS; s++)
			if (o.slot[s].nr)
				do_free(s);
		oracle_agrees();
		assert_int_equal(o.z->nr_free, o.z->online - o.z->first_page);
	}
	return o.digest;
}

static void test_random_calls(void **state)
{
	(void)state;
	run(unit_seed(), unit_steps(15000));
}

/* ---- twice the same ---------------------------------------------------- */

static void test_one_seed_one_run(void **state)
{
	uint64_t *digest =
		mmap(NULL, sizeof(*digest) * 3, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t seed = unit_seed();

	(void)state;
	for (int i = 0; i < 3; i++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			/* The third has another seed, and must differ. */
			digest[i] = run(seed + (i == 2), 2000);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	assert_true(digest[0] == digest[1]);
	assert_true(digest[0] != digest[2]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest random[] = {TEST(test_random_calls)};
	const struct CMUnitTest repeat[] = {TEST(test_one_seed_one_run)};

	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--repeat"))
			return unit_main(argc, argv, repeat, 1);
	return unit_main(argc, argv, random, 1);
}
