/*
 * The model: every block that is in use, what it must contain, and how it was
 * asked for. Each check that fails aborts with a message.
 */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCKS = 96, CACHES = 4 };

enum kind { UNUSED, OBJECT, ALIGNED, PAGES, EXACT, CACHED };

struct block {
	enum kind kind;
	unsigned char *p;
	size_t size;	  /* asked for */
	size_t extent;	  /* may be written; at least size */
	size_t alignment; /* ALIGNED: asked for */
	unsigned int order;
	unsigned int cache; /* CACHED: of model.cache[] */
	uint8_t mark;	    /* the pattern that it is filled with */
};

struct cache {
	struct buddy_cache *handle; /* NULL: there is none */
	size_t size, alignment;
	unsigned int in_use;
	bool constructed, own;
};

struct model {
	struct block block[BLOCKS];
	struct cache cache[CACHES];
	size_t bytes;  /* in all blocks */
	uint8_t marks; /* so far */
	bool refusing; /* the system may be refusing memory */
	bool nested;   /* as in a signal handler that interrupted a call */
	unsigned int threads; /* one in another */
};

/* Says what is wrong with a block (or NULL), and aborts. */
void model_fails(const char *what, const struct block *b)
	__attribute__((noreturn));

/* A block that is in use, or one that is not; NULL when there is none. */
struct block *model_used(struct model *m, unsigned int n);
struct block *model_unused(struct model *m);

/*
 * Takes what a call returned, which overlaps with nothing, and fills it. NULL
 * is right when `size` is much or the system refuses; then false.
 */
bool model_add(struct model *m, struct block *b, void *p);

/* The block has gone, with its contents checked before. */
void model_remove(struct model *m, struct block *b);

/* Its contents, or just the first bytes of them, are what they were. */
void model_check(const struct block *b, size_t len);
void model_check_all(const struct model *m);

/* The block reads as zero. */
void model_check_zero(const struct block *b, const unsigned char *p);

/* A new pattern. */
void model_fill(struct model *m, struct block *b);

#endif
