/*
 * Bringing pages in, where the kernel makes huge ones of itself.
 *
 * Below zone->small_end the kernel makes small pages, and huge ones where it is
 * asked to (os/huge_page.h). Above, under the policy "always", what is touched
 * first in 2 MiB brings in all of them. One such page is cheap where the kernel
 * has it ready, and can take longer than all the small ones where it must make
 * room for it, or a host find memory. So those that are brought in here are
 * timed, and when one was dear the zone's memory is small from there on, as far
 * as it is online, and further sections for as long as there are none.
 */
#ifndef MM_POPULATE_H
#define MM_POPULATE_H

#include "zone.h"

/*
 * Brings in the first len bytes of a run, by the zone's kind of pages. For such
 * as are much smaller than a huge page: many small ones may take as long as a
 * dear huge one. Safe in signal handlers, as the next.
 */
void populate_pages(const struct page *page, size_t len);

/* What is online of a zone is of small pages where it is not yet touched. */
void zone_keep_small(struct zone *z);

/* The zone has grown; after a dear huge page that is of small ones, too. */
void zone_has_grown(struct zone *z);

#endif
