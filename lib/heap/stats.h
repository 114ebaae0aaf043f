/* Statistics about the whole heap, and its self-check. */
#ifndef HEAP_STATS_H
#define HEAP_STATS_H

#include "slab/slab.h"

enum heap_stat {
	STAT_BUDDYINFO,
	STAT_PAGETYPEINFO,
	STAT_ZONEINFO,
	STAT_VMSTAT,
	STAT_SLABINFO,
	NR_HEAP_STATS
};

/* Appends the text of one statistic. */
void stat_text(struct text *t, enum heap_stat which);

/* Writes one, or all with their names, to a file descriptor. 0 or -errno. */
int stat_write(enum heap_stat which, int fd);
int stat_write_all(int fd);

/* What mallinfo() and its like tell; bytes, but for the counts. */
struct heap_totals {
	uint64_t online;    /* in zones, brought online */
	uint64_t used;	    /* in objects and runs that are out */
	uint64_t cached;    /* free, in magazines, slabs and the pcps */
	uint64_t free;	    /* in the buddy */
	uint64_t dirty;	    /* of that, not given back to the system */
	uint64_t huge_runs; /* a count */
	uint64_t huge_bytes;
};
struct heap_totals heap_totals(void);

/* All of the allocator's checks of itself. 0 or -EUCLEAN. */
int mm_verify(void) must_check;

#endif
