/*
 * Transparent huge pages.
 *
 * Where the system's policy is "always", a touch makes 2 MiB resident, of which
 * a small program uses little, and what was purged may come back behind us.
 * Where it is "madvise", nobody gets any who does not ask. The policy is read
 * once, from sysfs. huge_page.h asks for them.
 */
#ifndef OS_THP_H
#define OS_THP_H

#include <stdbool.h>
#include <stddef.h>

enum os_huge_policy { HUGE_NEVER, HUGE_MADVISE, HUGE_ALWAYS };
enum os_huge_policy os_huge_policy(void);

/*
 * From now on as much is resident of a range as is touched. This is advice, as
 * all that follows: failure changes nothing but speed, and what is resident.
 */
void os_small_pages(void *addr, size_t len);

/* Brings a range in. */
void os_populate(void *addr, size_t len);

#endif
