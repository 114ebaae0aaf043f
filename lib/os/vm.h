/*
 * Address space: reserved, made usable, given back.
 *
 * Addresses and lengths are multiples of os_page_size(). All functions may be
 * called in a signal handler; none writes errno.
 */
#ifndef OS_VM_H
#define OS_VM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

/* Bytes in a page of the operating system: 4 to 64 KiB. */
size_t os_page_size(void);

/*
 * Reserves address space that is neither readable nor charged: anywhere, or
 * NULL when there is none.
 */
void *os_reserve(size_t len) must_check;

/* The same at that address: 0, -EEXIST when something is there, or -errno. */
int os_reserve_at(void *addr, size_t len) must_check;

void os_release(void *addr, size_t len);

/* Makes reserved memory readable and writable, zero at first. 0 or -errno. */
int os_commit(void *addr, size_t len) must_check;

/* Back to reserved: the contents are dropped. 0 or -errno. */
int os_decommit(void *addr, size_t len) must_check;

/* Takes all access away, or gives it back; the contents stay. 0 or -errno. */
int os_protect(void *addr, size_t len, bool usable) must_check;

/*
 * False where all advice to the kernel is taken and none may be followed, as by
 * some emulators (qemu's user mode, in which containers for other machines
 * run).
 */
bool os_advice_is_followed(void);

/* Gives the memory back and keeps the address: it reads zero after. */
int os_purge(void *addr, size_t len) must_check;

/* Maps the range anew: committed, zero, one mapping with its neighbours. */
int os_fresh(void *addr, size_t len) must_check;

/*
 * Moves the pages of [from, from + len) over [to, to + len), both committed;
 * `from` is left committed and zero. 0 or -errno, and then nothing moved.
 */
int os_move(void *to, void *from, size_t len) must_check;

/* Grows or shrinks a mapping in place. 0 or -errno. */
int os_resize(void *addr, size_t old_len, size_t new_len) must_check;

/* Moves a whole mapping, with a new length, over the reservation at `to`. */
int os_relocate(void *to, void *from, size_t old_len,
		size_t new_len) must_check;

/*
 * Which OS pages have memory now: bit 0 of `pages` for each of them. All do
 * when it cannot be told.
 */
void os_resident(const void *addr, size_t len, unsigned char *pages);

/* Whether the OS page at addr has memory now; true when it cannot be told. */
bool os_is_resident(const void *addr);

#endif
