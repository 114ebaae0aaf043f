/* The page layer's statistics. */
#include <string.h>

#include "huge.h"
#include "mm_stat.h"
#include "reclaim.h"
#include "stash.h"

#define NUMBER_WIDTH 7
#define TYPE_WIDTH 12
#define NAME_WIDTH 8

static const char *const migratetype_names[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = "Unmovable",
	[MIGRATE_MOVABLE] = "Movable",
	[MIGRATE_RECLAIMABLE] = "Reclaimable",
	[MIGRATE_HIGHATOMIC] = "HighAtomic",
	[MIGRATE_ISOLATE] = "Isolate",
};

static const char *const zone_event_names[NR_ZONE_EVENTS] = {
	[ZONE_ALLOC] = "zone_alloc",	  [ZONE_FREE] = "zone_free",
	[ZONE_STEAL] = "pageblock_steal", [ZONE_FALLBACK] = "alloc_fallback",
	[ZONE_PURGED] = "pages_purged",	  [ZONE_REFAULT] = "workingset_refault",
	[ZONE_LOCKED] = "zone_lock",
};

static const char *const thread_event_names[NR_THREAD_EVENTS] = {
	[PGALLOC] = "pgalloc",	     [PGFREE] = "pgfree",
	[PCP_REFILL] = "pcp_refill", [PCP_DRAIN] = "pcp_drain",
	[NUMA_HIT] = "numa_hit",     [NUMA_FOREIGN] = "numa_foreign",
};

/* What buddyinfo and pagetypeinfo show of a zone, copied under its lock. */
struct free_counts {
	uint32_t nr_free[NR_PAGE_ORDERS];
	uint32_t by_type[MIGRATE_TYPES][NR_PAGE_ORDERS];
	uint32_t pageblocks[MIGRATE_TYPES];
};

static uint32_t list_length(const struct page_list *l)
{
	uint32_t n = 0;

	for (const struct page *p = page_list_first(l); p;
	     p = page_list_next(p))
		n++;
	return n;
}

static void count_free(struct zone *z, struct free_counts *c)
{
	uint64_t flags = zone_lock(z);

	memset(c, 0, sizeof(*c));
	for (unsigned int o = 0; o < NR_PAGE_ORDERS; o++) {
		struct free_area *area = &z->free_area[o];

		c->nr_free[o] = area->nr_free;
		for (int mt = 0; mt < MIGRATE_TYPES; mt++)
			c->by_type[mt][o] = list_length(&area->free_list[mt]);
	}
	for (uint32_t b = z->first_page >> PAGEBLOCK_ORDER;
	     b < z->online >> PAGEBLOCK_ORDER; b++)
		c->pageblocks[z->pageblock_type[b]]++;
	zone_unlock(z, flags);
}

/* "Node 0, zone       Z0"; a zone here has a number for a name. */
static void text_zone(struct text *t, uint32_t id)
{
	char name[NAME_WIDTH + 1];
	struct text n;
	size_t len;

	text_init(&n, name, sizeof(name));
	text_char(&n, 'Z');
	text_dec(&n, id);
	text_str(t, "Node 0, zone ");
	for (len = n.used; len < NAME_WIDTH; len++)
		text_char(t, ' ');
	text_str(t, name);
}

void text_buddyinfo(struct text *t)
{
	struct free_counts c;

	for (uint32_t i = 0; i < nr_zones_now(); i++) {
		count_free(zones[i], &c);
		text_zone(t, i);
		for (unsigned int o = 0; o < NR_PAGE_ORDERS; o++)
			text_dec_pad(t, c.nr_free[o], NUMBER_WIDTH);
		text_char(t, '\n');
	}
}

static void text_type(struct text *t, const char *name)
{
	text_str(t, ", type ");
	for (size_t len = strlen(name); len < TYPE_WIDTH; len++)
		text_char(t, ' ');
	text_str(t, name);
}

void text_pagetypeinfo(struct text *t)
{
	struct free_counts c;

	text_str(t, "Page block order: ");
	text_dec(t, PAGEBLOCK_ORDER);
	text_str(t, "\nPages per block:  ");
	text_dec(t, PAGEBLOCK_PAGES);
	text_str(t, "\n\nFree pages count per migrate type at order");
	for (unsigned int o = 0; o < NR_PAGE_ORDERS; o++)
		text_dec_pad(t, o, NUMBER_WIDTH);
	text_char(t, '\n');
	for (uint32_t i = 0; i < nr_zones_now(); i++) {
		count_free(zones[i], &c);
		for (int mt = 0; mt < MIGRATE_TYPES; mt++) {
			text_zone(t, i);
			text_type(t, migratetype_names[mt]);
			for (unsigned int o = 0; o < NR_PAGE_ORDERS; o++)
				text_dec_pad(t, c.by_type[mt][o], NUMBER_WIDTH);
			text_char(t, '\n');
		}
	}
	text_str(t, "\nNumber of blocks type");
	for (int mt = 0; mt < MIGRATE_TYPES; mt++) {
		text_char(t, ' ');
		text_pad(t, migratetype_names[mt], TYPE_WIDTH);
	}
	text_char(t, '\n');
	for (uint32_t i = 0; i < nr_zones_now(); i++) {
		count_free(zones[i], &c);
		text_zone(t, i);
		for (int mt = 0; mt < MIGRATE_TYPES; mt++)
			text_dec_pad(t, c.pageblocks[mt], TYPE_WIDTH + 1);
		text_char(t, '\n');
	}
}

static void text_field(struct text *t, const char *name, uint64_t v)
{
	text_str(t, "        ");
	text_pad(t, name, TYPE_WIDTH);
	text_char(t, ' ');
	text_dec(t, v);
	text_char(t, '\n');
}

/* One zone's numbers, copied under its lock. */
static struct mm_totals zone_numbers(struct zone *z)
{
	uint64_t flags = zone_lock(z);
	struct mm_totals n = {
		.zones = 1,
		.online = z->online - z->first_page,
		.free = z->nr_free,
		.free_dirty = z->nr_free_dirty,
		.stashed = stash_pages(z),
		.guard = z->nr_guard,
		.isolated = z->nr_isolated,
		.bad = z->nr_bad,
		.highatomic = z->nr_highatomic,
		.contended = z->lock.contended,
	};

	memcpy(n.event, z->event, sizeof(n.event));
	zone_unlock(z, flags);
	return n;
}

void text_zoneinfo(struct text *t)
{
	for (uint32_t i = 0; i < nr_zones_now(); i++) {
		struct zone *z = zones[i];
		struct mm_totals n = zone_numbers(z);

		text_zone(t, i);
		text_str(t, "\n  pages free     ");
		text_dec(t, n.free);
		text_char(t, '\n');
		text_field(t, "min", n.highatomic << PAGEBLOCK_ORDER);
		text_field(t, "low", zone_watermarks(z).low);
		text_field(t, "high", zone_watermarks(z).soft);
		text_field(t, "hard", zone_watermarks(z).hard);
		text_field(t, "patience", READ_ONCE(z->workingset.patience));
		text_field(t, "spanned", z->span);
		text_field(t, "present", n.online + z->first_page);
		text_field(t, "managed", n.online);
		text_field(t, "dirty", n.free_dirty);
		text_field(t, "stashed", n.stashed);
		text_field(t, "guard", n.guard);
		text_field(t, "isolated", n.isolated);
		text_field(t, "bad", n.bad);
		text_field(t, "highatomic", n.highatomic);
		for (int e = 0; e < NR_ZONE_EVENTS; e++)
			text_field(t, zone_event_names[e], n.event[e]);
		text_field(t, "contended", n.contended);
		text_str(t, "  start_pfn:           ");
		text_dec(t, page_to_pfn(zone_page(z, 0)).nr);
		text_char(t, '\n');
	}
}

void text_pageset(struct text *t, uint32_t id, const struct mm_thread *th)
{
	static const char indent[] = "              ";
	const struct per_thread_pages *pcp = &th->pcp;

	text_str(t, "    cpu: ");
	text_dec(t, id);
	text_str(t, "\n");
	text_str(t, indent);
	text_str(t, "count: ");
	text_dec(t, READ_ONCE(pcp->count));
	text_str(t, "\n");
	text_str(t, indent);
	text_str(t, "high:  ");
	text_dec(t, READ_ONCE(pcp->high));
	text_str(t, "\n");
	text_str(t, indent);
	text_str(t, "batch: ");
	text_dec(t, READ_ONCE(pcp->batch));
	text_str(t, "\n");
}

struct mm_totals mm_totals(void)
{
	struct mm_totals m = {0};

	for (uint32_t i = 0; i < nr_zones_now(); i++) {
		struct mm_totals n = zone_numbers(zones[i]);

		m.zones += n.zones;
		m.online += n.online;
		m.free += n.free;
		m.free_dirty += n.free_dirty;
		m.stashed += n.stashed;
		m.guard += n.guard;
		m.isolated += n.isolated;
		m.bad += n.bad;
		m.highatomic += n.highatomic;
		m.contended += n.contended;
		for (int e = 0; e < NR_ZONE_EVENTS; e++)
			m.event[e] += n.event[e];
	}
	return m;
}

static void text_counter(struct text *t, const char *name, uint64_t v)
{
	text_str(t, name);
	text_char(t, ' ');
	text_dec(t, v);
	text_char(t, '\n');
}

void text_vmstat(struct text *t, const uint64_t events[NR_THREAD_EVENTS])
{
	struct mm_totals m = mm_totals();
	struct huge_stat h = huge_stat();

	text_counter(t, "nr_zones", m.zones);
	text_counter(t, "nr_online_pages", m.online);
	text_counter(t, "nr_free_pages", m.free);
	text_counter(t, "nr_free_dirty", m.free_dirty);
	text_counter(t, "nr_stashed", m.stashed);
	text_counter(t, "nr_guard", m.guard);
	text_counter(t, "nr_isolated", m.isolated);
	text_counter(t, "nr_bad", m.bad);
	text_counter(t, "nr_huge_runs", h.nr);
	text_counter(t, "huge_run_bytes", h.bytes);
	for (int e = 0; e < NR_THREAD_EVENTS; e++)
		text_counter(t, thread_event_names[e], events[e]);
	for (int e = 0; e < NR_ZONE_EVENTS; e++)
		text_counter(t, zone_event_names[e], m.event[e]);
	text_counter(t, "zone_lock_contended", m.contended);
}
