/* Giving memory back to the operating system. */
#include "buddy.h"
#include "reclaim.h"
#include "stash.h"

/*
 * Two watermarks, each so many pages and a share of what is in use. Faulting a
 * page in again costs more than all else that the allocator does, so memory
 * above the soft one is given back when it has been there for PURGE_INTERVAL: a
 * program that frees and allocates in bursts keeps its pages. Of what is
 * above the hard one the excess goes at once. With each step of the zone's
 * patience (see workingset.h) the interval doubles, and so do, up to
 * HARD_PATIENCE, the pages of the hard watermark.
 */
#define SOFT_PAGES 256u /* 16 MiB */
#define SOFT_SHARE 8u	/* an eighth */
#define HARD_PAGES 1024u
#define HARD_SHARE 2u
#define HARD_PATIENCE 2u    /* 256 MiB */
#define PURGE_INTERVAL 100u /* ms */

/* Of so many small frees one looks whether there is too much. */
#define LOOK_INTERVAL 8u

/* Fewer pages in a row cost more calls than they are memory. */
#define PURGE_MIN_PAGES 4u

/* Less is not worth a look at the maps: 2 MiB. */
#define DIRECT_MIN_PAGES PAGEBLOCK_PAGES

static uint32_t pages_in_use(const struct zone *z)
{
	return READ_ONCE(z->online) - z->first_page - READ_ONCE(z->nr_free) -
	       stash_pages(z);
}

/*
 * The highest free and dirty pages, as memory fills from below and those are
 * the coldest: at least `least` of them in a row, and at most `most`. Their
 * number; the first is *index. 0 when there are none below `end`.
 */
static uint32_t find_dirty(const struct zone *z, uint32_t end, uint32_t least,
			   uint32_t most, uint32_t *index)
{
	uint32_t run = 0;

	for (uint32_t i = end; i-- > z->first_page;) {
		uint64_t word = zone_dirty_word(z, i / BITS_PER_WORD);

		if (!word && !run) {
			/* On to the word below. */
			i &= ~(BITS_PER_WORD - 1);
			continue;
		}
		if (word >> (i % BITS_PER_WORD) & 1) {
			*index = i;
			if (++run == most)
				return run;
			continue;
		}
		if (run >= least)
			return run;
		run = 0;
	}
	return run >= least ? run : 0;
}

/* Sets free pages aside, as one isolated block of any length. */
static struct page *isolate_locked(struct zone *z, uint32_t index, uint32_t nr)
{
	struct page *page = zone_page(z, index);

	take_range_locked(z, index, nr);
	mark_dirty_locked(z, index, nr);
	page->nr = nr;
	set_page_type(page, PAGE_ISOLATED);
	z->nr_isolated += nr;
	return page;
}

static void unisolate_locked(struct zone *z, struct page *page, bool purged)
{
	uint32_t index = page_index(page);
	uint32_t nr = page->nr;

	if (purged)
		mark_purged_locked(z, index, nr);
	z->nr_isolated -= nr;
	set_page_type(page, PAGE_TAIL);
	free_range_locked(z, index, nr);
}

/*
 * Purges up to `most` pages in a row below *end, which moves to them. How many,
 * or 0. Signals are masked all the way: the child of a fork in a handler takes
 * isolated pages for those of a thread that is gone.
 */
static uint32_t purge_some(struct zone *z, uint32_t *end, uint32_t least,
			   uint32_t most)
{
	uint64_t mask = sigmask_save();
	uint64_t flags = zone_lock(z);
	struct page *page = NULL;
	bool purged = false;
	uint32_t nr;

	nr = find_dirty(z, *end, least, most, end);
	if (nr)
		page = isolate_locked(z, *end, nr);
	zone_unlock(z, flags);
	if (page) {
		/* Out of the lock: others need not wait for the kernel. */
		purged =
			!os_purge(page_to_addr(page), (size_t)nr << PAGE_SHIFT);
		flags = zone_lock(z);
		unisolate_locked(z, page, purged);
		zone_unlock(z, flags);
	}
	sigmask_restore(mask);
	return purged ? nr : 0;
}

static uint32_t purge_down_to(struct zone *z, uint32_t low, uint32_t least)
{
	uint32_t end = READ_ONCE(z->online);
	uint32_t purged = 0;
	uint32_t dirty;

	while ((dirty = zone_dirty_hint(z)) > low) {
		uint32_t most = dirty - low;
		uint32_t nr;

		nr = purge_some(z, &end, least, most < least ? least : most);
		if (!nr)
			break;
		purged += nr;
	}
	return purged;
}

struct watermarks zone_watermarks(const struct zone *z)
{
	uint32_t used = pages_in_use(z);
	uint32_t soft = SOFT_PAGES + used / SOFT_SHARE;
	uint32_t patience = READ_ONCE(z->workingset.patience);

	if (patience > HARD_PATIENCE)
		patience = HARD_PATIENCE;

	return (struct watermarks){
		.low = soft - soft / 4,
		.soft = soft,
		.hard = (HARD_PAGES << patience) + used / HARD_SHARE,
	};
}

/*
 * True when it has been above the soft watermark for an interval, and then
 * another begins. Who takes its memory back in time never purges.
 */
static bool interval_is_over(struct zone *z, uint64_t now)
{
	uint64_t since = READ_ONCE(z->dirty_since);
	uint64_t interval = PURGE_INTERVAL << READ_ONCE(z->workingset.patience);

	return (!since || now - since >= interval) &&
	       __atomic_compare_exchange_n(&z->dirty_since, &since, now, false,
					   __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED) &&
	       since;
}

/* Only what is too much in any case goes. */
static uint32_t hard_target(const struct watermarks *w, uint32_t dirty)
{
	return dirty > w->hard ? w->hard - w->hard / 4 : dirty;
}

/* How many dirty pages may stay now. */
static uint32_t purge_target(struct zone *z, uint32_t dirty, uint64_t now)
{
	struct watermarks w = zone_watermarks(z);

	if (dirty > w.soft) {
		if (interval_is_over(z, now))
			return w.low;
		return hard_target(&w, dirty);
	}
	if (READ_ONCE(z->dirty_since))
		WRITE_ONCE(z->dirty_since, 0);
	return dirty;
}

static void purge_to(struct zone *z, uint32_t target, uint64_t now)
{
	uint32_t nr;

	stash_drain(z);
	nr = purge_down_to(z, target, PURGE_MIN_PAGES);
	if (nr)
		workingset_purged(&z->workingset, nr,
				  pages_in_use(z) + zone_dirty_hint(z), now);
}

void reclaim_dirty(struct zone *z)
{
	uint32_t dirty = zone_dirty_hint(z);
	uint32_t target;
	uint64_t now;

	/* Whatever the stash has, which takes a look at each of its slots. */
	if (dirty + STASH_PAGES <= SOFT_PAGES && !READ_ONCE(z->dirty_since))
		return;
	dirty += stash_pages(z);
	if (likely(dirty <= SOFT_PAGES && !READ_ONCE(z->dirty_since)))
		return;
	now = inject_clock(os_milliseconds());
	target = purge_target(z, dirty, now);
	if (target == dirty)
		return;
	/* Who wants the last ones back gets time, and room, before more go. */
	if (workingset_refaulted(&z->workingset, pages_in_use(z) + dirty,
				 now)) {
		struct watermarks w = zone_watermarks(z);

		target = hard_target(&w, dirty);
	}
	if (target != dirty)
		purge_to(z, target, now);
}

void reclaim_dirty_at_times(struct zone *z)
{
	uint32_t nth =
		__atomic_fetch_add(&z->reclaim_looks, 1, __ATOMIC_RELAXED);

	if (!(nth % LOOK_INTERVAL))
		reclaim_dirty(z);
}

void reclaim_overdue(void)
{
	for (uint32_t i = 0; i < nr_zones_now(); i++)
		if (unlikely(READ_ONCE(zones[i]->dirty_since)))
			reclaim_dirty(zones[i]);
}

/* The lower half is enough to tell two counts apart. */
static uint32_t refaults_of(const struct zone *z)
{
	return (uint32_t)READ_ONCE(z->event[ZONE_REFAULT]);
}

void reclaim_for_run(struct zone *z, uint32_t nr)
{
	uint32_t dirty = zone_dirty_hint(z);
	uint32_t last = READ_ONCE(z->direct_purged);
	uint32_t again = refaults_of(z) - READ_ONCE(z->direct_refaults);

	if (dirty < DIRECT_MIN_PAGES || dirty >= nr)
		return;
	/* A mistake is not made again with as much, but may be with more. */
	if (last && again >= last / 2 && dirty / 2 < last)
		return;
	WRITE_ONCE(z->direct_purged, purge_down_to(z, 0, PURGE_MIN_PAGES));
	WRITE_ONCE(z->direct_refaults, refaults_of(z));
}

uint32_t purge_zone(struct zone *z, uint32_t keep)
{
	stash_drain(z);
	return purge_down_to(z, keep, 1);
}
