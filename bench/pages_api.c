/* The page functions of the library under test. */
#include "pages_api.h"

#include <dlfcn.h>
#include <stdlib.h>

static void *plain_alloc(unsigned int gfp, unsigned int order)
{
	(void)gfp;
	return aligned_alloc(BUDDY_PAGE_SIZE << order,
			     BUDDY_PAGE_SIZE << order);
}

static void plain_free(void *addr, unsigned int order)
{
	(void)order;
	free(addr);
}

static size_t plain_alloc_bulk(unsigned int gfp, size_t nr, void **array)
{
	for (size_t i = 0; i < nr; i++)
		array[i] = plain_alloc(gfp, 0);
	return nr;
}

static void plain_free_bulk(size_t nr, void *const *array)
{
	for (size_t i = 0; i < nr; i++)
		free(array[i]);
}

struct pages_api pages_api(void)
{
	struct pages_api api;

	*(void **)&api.alloc = dlsym(RTLD_DEFAULT, "buddy_alloc_pages");
	*(void **)&api.free = dlsym(RTLD_DEFAULT, "buddy_free_pages");
	*(void **)&api.alloc_bulk =
		dlsym(RTLD_DEFAULT, "buddy_alloc_pages_bulk");
	*(void **)&api.free_bulk = dlsym(RTLD_DEFAULT, "buddy_free_pages_bulk");
	if (api.alloc && api.free && api.alloc_bulk && api.free_bulk)
		return api;
	return (struct pages_api){plain_alloc, plain_free, plain_alloc_bulk,
				  plain_free_bulk};
}
