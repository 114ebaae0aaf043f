/*
 * Huge pages for memory that is going to be used, where the kernel would make
 * small ones, of itself or as it was told (thp.h). All of it is advice: failure
 * changes nothing but speed, and what is resident. Safe in signal handlers.
 */
#ifndef OS_HUGE_PAGE_H
#define OS_HUGE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From now on a touch brings a huge page in, where one fits; of a range of
 * small pages. The first one is brought in at once, which tells whether they
 * are dear. False, and the range is of small pages, when they are.
 */
bool os_huge_pages(void *addr, size_t len);

/*
 * To be told what bringing a huge page in took of this thread's time; true: too
 * long. One that the kernel had to make room for, or a host to find memory for,
 * can take fifty times as long as another, and more than small ones: then there
 * are none for a hundred times as long.
 */
bool os_huge_took(uint64_t ns, size_t len);

/* Whether there are none for now. */
bool os_huge_are_dear(void);

/*
 * Brings a range of small pages in, by huge ones as far as they fit and are not
 * dear; it is of small ones again afterwards.
 */
void os_populate_huge(void *addr, size_t len);

#endif
