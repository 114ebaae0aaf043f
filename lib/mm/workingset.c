/* Whether what was purged was part of a zone's working set. */
#include "workingset.h"
#include "base/base.h"

/* What comes back later than this was rightly given away. */
#define REFAULT_WINDOW 5000u /* ms */

void workingset_purged(struct workingset *w, uint32_t purged, uint32_t resident,
		       uint64_t now)
{
	WRITE_ONCE(w->purged_at, now);
	WRITE_ONCE(w->resident, resident);
	WRITE_ONCE(w->purged, purged);
}

bool workingset_refaulted(struct workingset *w, uint32_t resident, uint64_t now)
{
	uint32_t purged = READ_ONCE(w->purged);
	uint32_t patience = READ_ONCE(w->patience);
	bool again;

	if (!purged)
		return false;
	again = resident >= READ_ONCE(w->resident) + purged / 2 &&
		now - READ_ONCE(w->purged_at) <= REFAULT_WINDOW;
	WRITE_ONCE(w->purged, 0);
	if (!again)
		WRITE_ONCE(w->patience, 0);
	else if (patience < MAX_PATIENCE)
		WRITE_ONCE(w->patience, patience + 1);
	return again;
}
