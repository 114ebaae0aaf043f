/*
 * The allocator as the fuzzer calls it: each function twice, under its C name
 * and as buddy_. With FUZZ_MUTANT one of them is wrong on purpose (mutant.c),
 * which shows that the model notices.
 */
#ifndef FUZZ_FAMILY_H
#define FUZZ_FAMILY_H

#include <stdbool.h>
#include <stddef.h>

struct family {
	void *(*allocate)(size_t size);
	void *(*zeroed)(size_t count, size_t size);
	void *(*resize)(void *p, size_t size);
	void *(*resize_array)(void *p, size_t count, size_t size);
	void (*release)(void *p);
	void (*release_sized)(void *p, size_t size);
	void (*release_aligned)(void *p, size_t alignment, size_t size);
	void *(*aligned)(size_t alignment, size_t size);
	int (*posix)(void **out, size_t alignment, size_t size);
	size_t (*usable)(void *p);
	int (*trim)(size_t pad);
};

enum { FAMILY_BUDDY, FAMILY_C, NR_FAMILIES };

extern const struct family families[NR_FAMILIES];

/* Only under C names. */
void *c_memalign(size_t alignment, size_t size);
void *c_valloc(size_t size);
void *c_pvalloc(size_t size);
void c_cfree(void *p);

#ifndef FUZZ_MUTANT
#define FUZZ_MUTANT 0
#endif

enum mutant {
	MUTANT_NONE,
	MUTANT_TWICE,	  /* a block is handed out while it is in use */
	MUTANT_NOT_ZERO,  /* calloc leaves a byte */
	MUTANT_USABLE,	  /* the usable size goes beyond the block */
	MUTANT_LOST_BYTE, /* realloc forgets a block's last byte */
	MUTANT_ALIGNMENT, /* a large alignment is not kept */
	MUTANT_ERRNO,	  /* free changes errno */
	MUTANT_COUNT,	  /* a counter of a zone is one too high */
	NR_MUTANTS
};

#endif
