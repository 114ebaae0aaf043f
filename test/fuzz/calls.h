/* What the files of calls share; fuzz_call() chooses among them. */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include "buddy.h"
#include "fuzz.h"

/* What is in use may not be more: the fuzzer has a limit of its own. */
#define MOST_BYTES ((size_t)96 << 20)

/* The first byte of an object as its cache's constructor leaves it. */
#define CONSTRUCTED 0xc7

static inline const struct family *any_family(struct input *in)
{
	return &families[input_below(in, NR_FAMILIES)];
}

/* A size for which there is room. */
size_t any_size(struct input *in, const struct model *m);

/* Flags for pages; NOFAIL only where nothing is refused. */
unsigned int any_gfp(struct input *in, const struct model *m);

static inline bool is_power(size_t v)
{
	return v && !(v & (v - 1));
}

void check_aligned(const struct block *b, size_t alignment);

/* calls_objects.c */
void call_malloc(struct input *in, struct model *m);
void call_calloc(struct input *in, struct model *m);
void call_realloc(struct input *in, struct model *m);
void call_aligned(struct input *in, struct model *m);
void call_old_aligned(struct input *in, struct model *m);

/* calls_pages.c */
void call_pages(struct input *in, struct model *m);
void call_exact(struct input *in, struct model *m);
void call_bulk(struct input *in, struct model *m);

/* calls_caches.c */
void call_cache_create(struct input *in, struct model *m);
void call_cache_alloc(struct input *in, struct model *m);
void call_cache_rest(struct input *in, struct model *m);

/* Ends a cache, unless objects of it keep it. */
void end_cache(struct cache *c);

#endif
