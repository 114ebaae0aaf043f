/*
 * What every stress program needs: a seeded generator, blocks that carry a
 * checkable pattern, a pool that hands blocks from hand to hand, a watchdog
 * that turns a deadlock into a failure, and the allocator's own self-check
 * when it has one.
 *
 * The programs work with any malloc: they call the C symbols only and look
 * buddy_mm_verify up at run time. Everything here but stress_start(),
 * stress_end() and stress_spawn() may be called from a signal handler.
 */
#ifndef STRESS_H
#define STRESS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

#define SKIPPED 77 /* exit status of a test that cannot run here */

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- a run -------------------------------------------------------------- */

/*
 * Reads --seed N and --long (or BUDDY_TEST_LONG=1), prints the seed, and moves
 * the test into a child of its own that is killed with a message when it has
 * not ended after quick (or, for a long run, patient) seconds.
 */
void stress_start(int argc, char **argv, unsigned int quick,
		  unsigned int patient);

/* Verifies once more; what main() returns. */
int stress_end(void);

/* How often: quick normally, thorough in a long run. */
unsigned long stress_count(unsigned long quick, unsigned long thorough);

/* A generator's seed for part `part` of this run. */
uint64_t stress_seed(uint64_t part);

/* What is going on; the watchdog's message ends with it. A literal. */
void stress_at(const char *where);

/* Says what is wrong and ends the process with status 1. */
_Noreturn void stress_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Says why the test cannot run here and ends it as skipped. */
_Noreturn void stress_skip(const char *why);

/* Fails unless `cond`. */
#define MUST(cond)        \
	((cond) ? (void)0 \
		: stress_fail("%s:%d: not so: %s", __FILE__, __LINE__, #cond))

/* buddy_mm_verify() must be 0; nothing with an allocator that lacks it. */
void stress_verify(void);

/* Resident bytes of this process; VmSize, VmData, VmLck and so on in bytes. */
size_t stress_rss(void);
size_t stress_status(const char *key);

/* Monotonic nanoseconds. */
uint64_t stress_now(void);

/* A thread, or a failure; stack 0 is the default size, others the least. */
pthread_t stress_spawn(void *(*run)(void *), void *arg, size_t stack);

/*
 * From now on, also after an exec, a system call does nothing and returns the
 * error; 0: it says that it was done. Skips the test where there are no filters.
 */
void stress_refuse(long number, int error);

/* fork() by any of the given kind; the child dies when its parent does. */
pid_t stress_fork(pid_t (*kind)(void));

/* Waits for a child, which must exit with `status`. */
void stress_reap(pid_t pid, int status);

/* ---- randomness --------------------------------------------------------- */

struct prng {
	uint64_t state;
};

uint64_t prng_next(struct prng *r);

/* Below `limit`, which is not 0. */
size_t prng_below(struct prng *r, size_t limit);

/* A size of at least 1: mostly small, some medium, few large. */
size_t prng_size(struct prng *r, size_t largest);

/* ---- blocks --------------------------------------------------------------
 * A block is named by its address with, for less than eight bytes, its size
 * in the low bits; 0 is no block. Larger ones begin with a word that holds
 * their size and a tag from which all other bytes follow.
 */

/* A filled block by a random entry point, or 0 when memory is refused. */
uintptr_t block_try(struct prng *r, size_t size);

/* The same, and a failure when refused. */
uintptr_t block_new(struct prng *r, size_t size);

/* realloc(); the old block stays (and 0 is returned) when refused. */
uintptr_t block_resize(struct prng *r, uintptr_t block, size_t size);

/* Fills memory that came from elsewhere, and names it. */
uintptr_t block_fill(struct prng *r, void *memory, size_t size);

void block_check(uintptr_t block);
void block_free(uintptr_t block);

static inline void *block_memory(uintptr_t block)
{
	return (void *)(block & ~(uintptr_t)7);
}

/* ---- pools -------------------------------------------------------------- */

#define POOL_SLOTS 256

struct pool {
	_Atomic uintptr_t slot[POOL_SLOTS];
};

/*
 * Takes a random slot's block out, checks it, frees or resizes it, and puts
 * another one there. Any thread and any handler may do so at any time.
 */
void pool_step(struct pool *pool, struct prng *r, size_t largest);

/* Frees all blocks. */
void pool_drain(struct pool *pool);

#endif /* STRESS_H */
