/*
 * What the unit tests share.
 *
 * Each test runs in a process of its own, because the state of the allocator
 * is the process's: a test finds it as it was before the first allocation, and
 * a crash or a hang fails one test only. A program takes names (or parts of
 * them) of tests to run, --without NAME for one that is not to run, and --seed
 * N; BUDDY_SEED in the environment is the same. BUDDY_TEST_LONG=1 makes the
 * random tests longer, and BUDDY_TEST_SHARE=n shorter; BUDDY_TEST_LONG_SHARE=n
 * shortens the long ones.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "heap/heap.h"

int unit_main(int argc, char **argv, const struct CMUnitTest *tests, size_t nr);

#define UNIT_MAIN(...)                                                  \
	int main(int argc, char **argv)                                 \
	{                                                               \
		const struct CMUnitTest tests[] = {__VA_ARGS__};        \
                                                                        \
		return unit_main(argc, argv, tests, ARRAY_SIZE(tests)); \
	}

#define TEST(f) cmocka_unit_test(f)

/* So long, and no longer, a test waits for what the kernel is about to do. */
#define PATIENCE_MS 30000

/* The limits are the tiny ones. */
#ifdef BUDDY_TINY
#define IS_TINY true
#else
#define IS_TINY false
#endif

/* ---- random numbers ---------------------------------------------------- */

/* The program's seed; printed when it is asked for first. */
uint64_t unit_seed(void);

/* G. Steele et al., "Fast splittable pseudorandom number generators". */
uint64_t unit_random(uint64_t *state);

/* Below n, which is not 0. */
static inline uint32_t unit_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(unit_random(state) % n);
}

/*
 * `steps`; many more when long tests are wanted, or an nth of them where
 * BUDDY_TEST_SHARE=n says that each takes longer than usual.
 */
unsigned int unit_steps(unsigned int steps);

/* That n, or 1. */
unsigned int unit_share(void);

/* ---- children (child.c) ------------------------------------------------ */

struct unit_child {
	int status;	   /* as wait() tells it */
	char output[4096]; /* what it wrote on fd 2 */
};

/* Runs fn in a fork()ed child that ends with its result. */
struct unit_child unit_child(int (*fn)(void *arg), void *arg);

/* The child must end by itself with 0. */
void unit_child_passes(int (*fn)(void *arg), void *arg);

/* The child must be ended by SIGABRT, with `message` on fd 2. */
void unit_child_aborts(int (*fn)(void *arg), void *arg, const char *message);

/* In a child, where cmocka's assertions would lead back to the parent. */
#define CHILD_CHECK(cond)                                           \
	do {                                                        \
		if (!(cond)) {                                      \
			unit_child_says(#cond, __FILE__, __LINE__); \
			return 1;                                   \
		}                                                   \
	} while (0)

void unit_child_says(const char *what, const char *file, int line);

/* Whether reading the byte at p is refused by the machine. */
bool unit_faults(const volatile void *p);

/* Bytes of [p, p + len) that are in memory; p on a page of the system. */
size_t unit_resident(const void *p, size_t len);

/* A mapping, and what the kernel says of it ("VmFlags: rd wr ... nh"). */
struct unit_mapping {
	uintptr_t start, end;
	char flags[512];
};

/* The one that p is in; fails the test where there is none. */
struct unit_mapping unit_mapping_of(const void *p);

/* Address space that the process uses, in bytes. */
size_t unit_address_space(void);

/* ---- zones (zone_tools.c) ---------------------------------------------- */

/* The first zone, with at least nr pages of it online. */
struct zone *unit_zone(uint32_t nr);

/*
 * A zone where [*base, *base + 2^MAX_PAGE_ORDER) is one free block, and of
 * what is online nothing else is free.
 */
struct zone *unit_lone_block(uint32_t *base);

/* Length of one free list. */
uint32_t unit_list_length(const struct zone *z, unsigned int order,
			  enum migratetype mt);

/* Fails the test unless the zone agrees with itself; with its lock held. */
void unit_verify_locked(const struct zone *z);

/* The same, taking the lock. */
void unit_verify_zone(struct zone *z);

/* Gives all that a thread's pcp and the stashes keep to the buddy. */
void unit_drain(struct mm_thread *t);

/* Fails the test unless mm_verify() finds everything in order. */
#define unit_verify() assert_int_equal(mm_verify(), 0)

/* The statement that follows runs with the zone's lock held; it must not leave
 * by return, break or goto. */
#define LOCKED(z)                                                   \
	for (uint64_t locked_flags = zone_lock(z), locked_once = 1; \
	     locked_once; zone_unlock(z, locked_flags), locked_once = 0)

/* Takes a block as rmqueue() does, and marks it as a run in use; or NULL. */
struct page *unit_take(struct zone *z, unsigned int order, enum migratetype mt);

/* Gives back what unit_take() gave. */
void unit_give(struct zone *z, struct page *page);

#endif
