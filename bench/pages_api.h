/*
 * The page functions of the library under test. An allocator that offers
 * buddy_alloc_pages() is asked for pages through it; any other is asked for the
 * same sizes and alignments through aligned_alloc(). They are looked up at run
 * time, so that one program serves every library.
 */
#ifndef BENCH_PAGES_API_H
#define BENCH_PAGES_API_H

#include <buddy.h>
#include <stddef.h>

struct pages_api {
	void *(*alloc)(unsigned int gfp, unsigned int order);
	void (*free)(void *addr, unsigned int order);
	size_t (*alloc_bulk)(unsigned int gfp, size_t nr, void **array);
	void (*free_bulk)(size_t nr, void *const *array);
};

struct pages_api pages_api(void);

#endif
