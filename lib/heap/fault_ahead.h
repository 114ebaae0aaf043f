/*
 * Faulting large blocks in ahead of their use.
 *
 * One call that brings a run's memory in costs a fraction of a fault for each
 * of its OS pages; but memory that the program never touches must not be
 * brought in at all. So it is learnt: when a run that began untouched is
 * freed, a few places in it tell whether the program used all of it. Runs up
 * to the length of those that were used as a whole are faulted in when they
 * are handed out, but for one in a while, by which is seen whether that still
 * holds: a run that was not used lowers the length to half its own.
 *
 * A run that is longer, but not by much, may be a table that doubled, or a
 * vector of which half is used: it gets huge pages as it is touched, the first
 * one at once, until it is freed or resized (PG_ADVISED).
 *
 * The length is one for all threads, and a hint: no lock guards it.
 */
#ifndef HEAP_FAULT_AHEAD_H
#define HEAP_FAULT_AHEAD_H

#include "mm/mm.h"

/* The run is about to be handed out; flags tell what is known of it. */
void fault_ahead(struct page *page);

/* A run is about to be freed. */
void fault_ahead_ends(struct page *page);

/* A run is about to be resized, or to be freed: PG_ADVISED goes. */
void fault_ahead_resized(struct page *page);

#endif
