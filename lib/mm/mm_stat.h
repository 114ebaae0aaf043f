/* The page layer's statistics, in the formats of the kernel's /proc files. */
#ifndef MM_MM_STAT_H
#define MM_MM_STAT_H

#include "pcp.h"

/* Each takes one zone's lock at a time, and none while it writes text. */
void text_buddyinfo(struct text *t);
void text_pagetypeinfo(struct text *t);

/* Names and values; `events` are the sums over all threads. */
void text_zoneinfo(struct text *t);
/* One thread's pcp, as zoneinfo's pagesets show a CPU's. */
void text_pageset(struct text *t, uint32_t id, const struct mm_thread *th);

void text_vmstat(struct text *t, const uint64_t events[NR_THREAD_EVENTS]);

/* Pages by state over all zones. */
struct mm_totals {
	uint64_t zones, online, free, free_dirty, guard, isolated, bad;
	uint64_t stashed;    /* pages kept in stashes */
	uint64_t highatomic; /* pageblocks */
	uint64_t event[NR_ZONE_EVENTS];
	uint64_t contended;
};
struct mm_totals mm_totals(void);

#endif
