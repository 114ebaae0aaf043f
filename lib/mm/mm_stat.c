/* The page layer's statistics. */
#include <string.h>

#include "huge.h"
#include "mm_stat.h"

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
	[ZONE_ALLOC] = "zone_alloc",	   [ZONE_FREE] = "zone_free",
	[ZONE_HIT] = "numa_hit",	   [ZONE_FOREIGN] = "numa_foreign",
	[ZONE_STEAL] = "pageblock_steal",  [ZONE_FALLBACK] = "alloc_fallback",
	[ZONE_PURGED] = "pages_purged",	   [ZONE_LOCKED] = "zone_lock",
};

static const char *const thread_event_names[NR_THREAD_EVENTS] = {
	[PGALLOC] = "pgalloc",
	[PGFREE] = "pgfree",
	[PCP_REFILL] = "pcp_refill",
	[PCP_DRAIN] = "pcp_drain",
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
				text_dec_pad(t, c.by_type[mt][o],
					     NUMBER_WIDTH);
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

void text_zoneinfo(struct text *t)
{
	for (uint32_t i = 0; i < nr_zones_now(); i++) {
		struct zone *z = zones[i];
		uint64_t flags = zone_lock(z);
		struct zone now;

		/* The maps behind it are not shown, and not copied. */
		memcpy(&now, z, offsetof(struct zone, block_map));
		zone_unlock(z, flags);
		text_zone(t, i);
		text_str(t, "\n  pages free     ");
		text_dec(t, now.nr_free);
		text_char(t, '\n');
		text_field(t, "spanned", now.span);
		text_field(t, "present", now.online);
		text_field(t, "managed", now.online - now.first_page);
		text_field(t, "dirty", now.nr_free_dirty);
		text_field(t, "guard", now.nr_guard);
		text_field(t, "isolated", now.nr_isolated);
		text_field(t, "bad", now.nr_bad);
		text_field(t, "highatomic", now.nr_highatomic);
		for (int e = 0; e < NR_ZONE_EVENTS; e++)
			text_field(t, zone_event_names[e], now.event[e]);
		text_field(t, "contended", now.lock.contended);
		text_str(t, "  start_pfn:           ");
		text_dec(t, page_to_pfn(zone_page(z, 0)).nr);
		text_char(t, '\n');
	}
}

struct mm_totals mm_totals(void)
{
	struct mm_totals m = { .zones = nr_zones_now() };

	for (uint32_t i = 0; i < m.zones; i++) {
		struct zone *z = zones[i];
		uint64_t flags = zone_lock(z);

		m.online += z->online - z->first_page;
		m.free += z->nr_free;
		m.free_dirty += z->nr_free_dirty;
		m.guard += z->nr_guard;
		m.isolated += z->nr_isolated;
		m.bad += z->nr_bad;
		m.contended += z->lock.contended;
		for (int e = 0; e < NR_ZONE_EVENTS; e++)
			m.event[e] += z->event[e];
		zone_unlock(z, flags);
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
