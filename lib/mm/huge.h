/*
 * Huge runs: larger than a zone can serve, in a mapping of their own.
 *
 * The mapping begins at a 4 GiB boundary with the header of a zone, of which
 * only one struct page is used, so that the gate (page_of) treats its address
 * like any other. The run's head page has PG_HUGE and `bytes`.
 */
#ifndef MM_HUGE_H
#define MM_HUGE_H

#include "gfp.h"

/* At least size bytes, aligned to 2^order pages; or NULL. Reads as zero. */
struct page *huge_alloc(size_t size, unsigned int order) must_check;
void huge_free(struct page *page);

/* A new size, moved if need be: the head page, or NULL and all is as before. */
struct page *huge_resize(struct page *page, size_t size) must_check;

/* Bytes from the run's first address to the end of its mapping. */
size_t huge_usable(const struct page *page);

/* Totals, for the statistics. */
struct huge_stat {
	uint64_t nr, bytes;
};
struct huge_stat huge_stat(void);

#endif
