/*
 * The quarantine: freed blocks wait here before they can be handed out again,
 * so that who still uses one finds nobody else's data in it.
 *
 * It is a ring of slots for each of a few ranges of sizes, and one for runs.
 * Putting a block in is one step of a counter and one exchange of a pointer,
 * and gives back the block that was there: the oldest of its ring. So there
 * are no locks, a handler or a fork in between loses one block at most, and
 * the number of slots bounds both count and bytes: 1 MiB for each range of
 * sizes. All threads share it.
 */
#ifndef SLAB_QUARANTINE_H
#define SLAB_QUARANTINE_H

#include <stddef.h>
#include <stdint.h>

struct page;

/* A block whose time is over, of the same range of sizes; or NULL. */
void *quarantine_put(void *block, size_t size);

/* Runs of up to so many pages (4 MiB); they hold no memory while they wait. */
#define QUARANTINE_RUN_PAGES 64u

struct page *quarantine_put_run(struct page *page);

/* Takes some block (some run) out; NULL when there is none left. */
void *quarantine_take(void);
struct page *quarantine_take_run(void);

#endif
