/* The allocator as the fuzzer calls it. */
#include <errno.h>
#include <stdint.h>

#include "buddy.h"
#include "family.h"
#include "heap/heap.h"

void *c_malloc(size_t size);
void *c_calloc(size_t count, size_t size);
void *c_realloc(void *p, size_t size);
void *c_reallocarray(void *p, size_t count, size_t size);
void c_free(void *p);
void c_free_sized(void *p, size_t size);
void c_free_aligned_sized(void *p, size_t alignment, size_t size);
void *c_aligned_alloc(size_t alignment, size_t size);
int c_posix_memalign(void **out, size_t alignment, size_t size);
size_t c_malloc_usable_size(void *p);
int c_malloc_trim(size_t pad);

static size_t buddy_usable(void *p)
{
	return buddy_usable_size(p);
}

/* ---- what is wrong in the mutants ---------------------------------------- */

/* Not the first time, nor each time. */
static bool now_and_then(void)
{
	static unsigned int n;

	return ++n % 8 == 0;
}

static void *mutant_malloc(size_t size)
{
	static void *last;

	if (FUZZ_MUTANT == MUTANT_TWICE && last && size && size <= 64 &&
	    now_and_then())
		return last;
	if (FUZZ_MUTANT == MUTANT_COUNT && nr_zones_now() && now_and_then())
		zones[0]->nr_free++;
	void *p = buddy_malloc(size);

	last = size && size <= 64 ? p : last;
	return p;
}

static void *mutant_calloc(size_t count, size_t size)
{
	char *p = buddy_calloc(count, size);

	if (FUZZ_MUTANT == MUTANT_NOT_ZERO && p && count * size > 100)
		p[99] = 1;
	return p;
}

static void *mutant_realloc(void *old, size_t size)
{
	size_t had = buddy_usable_size(old);
	char *p = buddy_realloc(old, size);

	if (FUZZ_MUTANT == MUTANT_LOST_BYTE && p && had > 16 && size > had)
		p[had - 1] ^= 1, p[had - 17] ^= 1;
	return p;
}

static void mutant_free(void *p)
{
	buddy_free(p);
	if (FUZZ_MUTANT == MUTANT_ERRNO)
		errno = EINVAL;
}

static void *mutant_aligned(size_t alignment, size_t size)
{
	if (FUZZ_MUTANT == MUTANT_ALIGNMENT && is_power_of_two(alignment) &&
	    alignment > PAGE_SIZE)
		alignment = 64;
	return buddy_aligned_alloc(alignment, size);
}

static size_t mutant_usable(void *p)
{
	size_t size = buddy_usable_size(p);

	return FUZZ_MUTANT == MUTANT_USABLE && size && size < 64 ? size + 16
								 : size;
}

#define OR_MUTANT(f, mutant) (FUZZ_MUTANT ? (mutant) : (f))

const struct family families[NR_FAMILIES] = {
	[FAMILY_BUDDY] = {OR_MUTANT(buddy_malloc, mutant_malloc),
			  OR_MUTANT(buddy_calloc, mutant_calloc),
			  OR_MUTANT(buddy_realloc, mutant_realloc),
			  buddy_reallocarray,
			  OR_MUTANT(buddy_free, mutant_free), buddy_free_sized,
			  buddy_free_aligned_sized,
			  OR_MUTANT(buddy_aligned_alloc, mutant_aligned),
			  buddy_posix_memalign,
			  OR_MUTANT(buddy_usable, mutant_usable), buddy_trim},
	[FAMILY_C] = {c_malloc, c_calloc, c_realloc, c_reallocarray, c_free,
		      c_free_sized, c_free_aligned_sized, c_aligned_alloc,
		      c_posix_memalign, c_malloc_usable_size, c_malloc_trim},
};
