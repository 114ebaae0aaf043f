/* Statistics about the whole heap, and its self-check. */
#include <errno.h>

#include "stats.h"

#define WRITE_BUFFER 2048
#define SLAB_NAME_WIDTH 17
#define SLAB_COUNT_WIDTH 6
#define SLAB_PAGES_WIDTH 4

static const char *const stat_names[NR_HEAP_STATS] = {
	[STAT_BUDDYINFO] = "buddyinfo", [STAT_PAGETYPEINFO] = "pagetypeinfo",
	[STAT_ZONEINFO] = "zoneinfo",	[STAT_VMSTAT] = "vmstat",
	[STAT_SLABINFO] = "slabinfo",
};

/* ---- slabinfo --------------------------------------------------------- */

/* "kmalloc-64", or the name that a user's cache was given. */
static void cache_name(const struct kmem_cache *c, char *name, size_t size)
{
	struct text t;

	text_init(&t, name, size);
	if (c->index >= FIRST_USER) {
		text_str(&t, kmem_cache_names[c->index - FIRST_USER]);
	} else if (c->index == CACHE_THREADS) {
		text_str(&t, "thread_cache");
	} else {
		text_str(&t, cache_is_internal(c->index) ? "magazine-"
							 : "kmalloc-");
		text_dec(&t, c->size);
	}
}

static void text_slab_row(struct text *t, struct kmem_cache *c)
{
	struct slab_stat s = kmem_cache_stat(c);
	struct magazine_stat m = magazine_stat(c->index);
	uint64_t kept = thread_cache_objects(c->index);
	uint64_t out = s.nr_objects - s.nr_free;
	char name[CACHE_NAME_SIZE];

	if (!s.nr_slabs)
		return;
	cache_name(c, name, sizeof(name));
	text_pad(t, name, SLAB_NAME_WIDTH);
	text_char(t, ' ');
	text_dec_pad(t, out > kept ? out - kept : 0, SLAB_COUNT_WIDTH);
	text_char(t, ' ');
	text_dec_pad(t, s.nr_objects, SLAB_COUNT_WIDTH);
	text_char(t, ' ');
	text_dec_pad(t, c->size, SLAB_COUNT_WIDTH);
	text_char(t, ' ');
	text_dec_pad(t, c->nr_objects, SLAB_PAGES_WIDTH);
	text_char(t, ' ');
	text_dec_pad(t, UINT64_C(1) << c->order, SLAB_PAGES_WIDTH);
	text_str(t, " : tunables ");
	text_dec_pad(t, m.refills, SLAB_PAGES_WIDTH);
	text_char(t, ' ');
	text_dec_pad(t, m.flushes, SLAB_PAGES_WIDTH);
	text_char(t, ' ');
	text_dec_pad(t, s.nr_sweeps, SLAB_PAGES_WIDTH);
	text_str(t, " : slabdata ");
	text_dec_pad(t, s.nr_slabs, SLAB_COUNT_WIDTH);
	text_char(t, ' ');
	text_dec_pad(t, s.nr_slabs, SLAB_COUNT_WIDTH);
	text_char(t, ' ');
	text_dec_pad(t, kept, SLAB_COUNT_WIDTH);
	text_char(t, '\n');
}

/*
 * The tunables of the kernel's slabs do not exist here; their three columns
 * tell how often magazines were refilled and flushed and how often the stacks
 * of slabs were swept, and the last one how many objects the magazines keep.
 */
static void text_slabinfo(struct text *t)
{
	text_str(t, "slabinfo - version: 2.1\n"
		    "# name            <active_objs> <num_objs> <objsize> "
		    "<objperslab> <pagesperslab> : tunables <refills> "
		    "<flushes> <sweeps> : slabdata <active_slabs> "
		    "<num_slabs> <sharedavail>\n");
	for (unsigned int i = 1; i < NR_CACHES; i++)
		if (kmem_caches[i].size)
			text_slab_row(t, &kmem_caches[i]);
}

/* ---- texts ------------------------------------------------------------ */

static void text_vmstat_all(struct text *t)
{
	uint64_t events[NR_THREAD_EVENTS];

	thread_cache_events(events);
	text_vmstat(t, events);
	text_str(t, "nr_thread_caches ");
	text_dec(t, thread_cache_count());
	text_char(t, '\n');
}

void stat_text(struct text *t, enum heap_stat which)
{
	switch (which) {
	case STAT_BUDDYINFO:
		text_buddyinfo(t);
		break;
	case STAT_PAGETYPEINFO:
		text_pagetypeinfo(t);
		break;
	case STAT_ZONEINFO:
		text_zoneinfo(t);
		/* A thread's pcp takes from all zones: they stand at the end.
		 */
		thread_cache_text_pagesets(t);
		break;
	case STAT_VMSTAT:
		text_vmstat_all(t);
		break;
	default:
		text_slabinfo(t);
		break;
	}
}

static int flush_to_fd(void *arg, const char *buf, size_t len)
{
	return os_write(*(int *)arg, buf, len);
}

int stat_write(enum heap_stat which, int fd)
{
	char buf[WRITE_BUFFER];
	struct text t;

	text_init_flush(&t, buf, sizeof(buf), flush_to_fd, &fd);
	stat_text(&t, which);
	text_finish(&t);
	return t.error;
}

int stat_write_all(int fd)
{
	char buf[WRITE_BUFFER];
	struct text t;

	text_init_flush(&t, buf, sizeof(buf), flush_to_fd, &fd);
	for (int s = 0; s < NR_HEAP_STATS; s++) {
		text_str(&t, "==> ");
		text_str(&t, stat_names[s]);
		text_str(&t, " <==\n");
		stat_text(&t, s);
	}
	text_finish(&t);
	return t.error;
}

/* ---- totals ----------------------------------------------------------- */

struct heap_totals heap_totals(void)
{
	struct mm_totals m = mm_totals();
	struct huge_stat h = huge_stat();
	struct heap_totals n = {
		.online = m.online << PAGE_SHIFT,
		.free = m.free << PAGE_SHIFT,
		.dirty = m.free_dirty << PAGE_SHIFT,
		.huge_runs = h.nr,
		.huge_bytes = h.bytes,
	};

	for (unsigned int i = 1; i < NR_CACHES; i++) {
		struct kmem_cache *c = &kmem_caches[i];
		struct slab_stat s;

		if (!c->size || !READ_ONCE(node_of(c)->nr_slabs))
			continue;
		s = kmem_cache_stat(c);
		n.cached += (s.nr_free + thread_cache_objects(i)) * c->size;
	}
	n.cached += (thread_cache_pages() + m.stashed) << PAGE_SHIFT;
	n.used =
		n.online > n.free + n.cached ? n.online - n.free - n.cached : 0;
	return n;
}

/* ---- the self-check --------------------------------------------------- */

int mm_verify(void)
{
	int err = verify_zones();

	for (unsigned int i = 1; !err && i < NR_CACHES; i++)
		if (kmem_caches[i].size)
			err = kmem_cache_verify(&kmem_caches[i]);
	return err ? err : thread_cache_verify();
}
