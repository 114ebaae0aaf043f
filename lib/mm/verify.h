/* Proof that the page layer's state is sound. */
#ifndef MM_VERIFY_H
#define MM_VERIFY_H

#include "zone.h"

/*
 * Recounts each zone under its lock: every block, list, bitmap and counter
 * must agree, and no two free buddies may stand unmerged. 0, or -EUCLEAN with
 * a message on fd 2 for the first disagreement.
 */
int verify_zones(void) must_check;

/* One zone; `why` gets what disagrees. The caller holds the lock. */
bool verify_zone_locked(const struct zone *z, const char **why);

#endif
