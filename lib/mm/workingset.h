/*
 * Whether what was purged was part of a zone's working set.
 *
 * After the kernel's mm/workingset.c, which asks of each page that comes back
 * how long it was gone; here it is asked of a purge as a whole. A program that
 * had brought half of the pages in again when the next ones are to go has paid
 * for a mistake, and is given more time and room: its patience grows by one.
 * A purge that nobody missed ends that.
 */
#ifndef MM_WORKINGSET_H
#define MM_WORKINGSET_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_PATIENCE 5u

/* Hints, which several threads may be changing. All zero at first. */
struct workingset {
	uint64_t purged_at; /* ms */
	uint32_t purged;    /* pages, in the last purge; 0: it was looked at */
	uint32_t resident;  /* pages that were left, in use or dirty */
	uint32_t patience;
};

/* Pages were purged, and so many may hold memory still. */
void workingset_purged(struct workingset *w, uint32_t purged, uint32_t resident,
		       uint64_t now);

/*
 * Called when pages are about to be purged and `resident` may hold memory:
 * learns from the purge before. True when that one was a mistake.
 */
bool workingset_refaulted(struct workingset *w, uint32_t resident,
			  uint64_t now);

#endif
