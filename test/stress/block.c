/*
 * Blocks with a pattern, and pools of them; the contract is in stress.h.
 *
 * Blocks of more than DENSE words are filled and checked at both ends and in
 * one word of each 4 KiB, so that large ones cost page faults and not time.
 */
#include "stress.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define WORD sizeof(uint64_t)
#define DENSE ((size_t)2048)
#define EDGE ((size_t)256)
#define STRIDE ((size_t)512)

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15u;
	return x ^ (x >> 29);
}

uint64_t prng_next(struct prng *r)
{
	r->state += 0x9e3779b97f4a7c15u;
	return mix(mix(r->state) + 0x632be59bd9b4e019u);
}

size_t prng_below(struct prng *r, size_t limit)
{
	return (size_t)(prng_next(r) % limit);
}

size_t prng_size(struct prng *r, size_t largest)
{
	static const size_t bound[8] = {64,	 64,	   512,	      512,
					8 * KIB, 64 * KIB, 256 * KIB, 2 * MIB};
	uint64_t dice = prng_next(r);
	size_t limit = bound[dice & 7];

	/* the two largest ranges are one call in 64 each */
	if (limit > 64 * KIB && (dice >> 3 & 7))
		limit = 128;
	if (limit > largest)
		limit = largest;
	return 1 + prng_below(r, limit);
}

/* The first word: the size, a salt, and a hash that proves both. */
static uint64_t head_of(size_t size, unsigned int salt)
{
	uint64_t head = (uint64_t)size << 16 | (salt & 0xff) << 8;

	return head | (mix(head) >> 56);
}

static bool head_is_sound(uint64_t head)
{
	uint64_t bare = head & ~(uint64_t)0xff;

	return (head & 0xff) == (mix(bare) >> 56);
}

static uint64_t pattern(uint64_t head, size_t i)
{
	return i ? mix(head + i) : head;
}

static size_t word_after(size_t i, size_t words)
{
	size_t next;

	if (words <= DENSE || i < EDGE || i >= words - EDGE)
		return i + 1;
	next = (i / STRIDE + 1) * STRIDE;
	return next < words - EDGE ? next : words - EDGE;
}

static void write_pattern(unsigned char *p, uint64_t head, size_t size)
{
	size_t words = size / WORD, i;
	uint64_t v;

	for (i = 0; i < words; i = word_after(i, words)) {
		v = pattern(head, i);
		memcpy(p + i * WORD, &v, WORD);
	}
	v = pattern(head, words);
	memcpy(p + words * WORD, &v, size % WORD);
}

/* The words of a block of `size` bytes that lie below `upto`. */
static void check_pattern(const unsigned char *p, uint64_t head, size_t size,
			  size_t upto)
{
	size_t words = size / WORD, i;
	uint64_t v;

	for (i = 0; i < words && (i + 1) * WORD <= upto;
	     i = word_after(i, words)) {
		memcpy(&v, p + i * WORD, WORD);
		if (v != pattern(head, i))
			stress_fail("block %p of %zu bytes: word %zu is "
				    "%#llx, not %#llx",
				    (const void *)p, size, i,
				    (unsigned long long)v,
				    (unsigned long long)pattern(head, i));
	}
	v = pattern(head, words);
	if (upto >= size && memcmp(p + words * WORD, &v, size % WORD))
		stress_fail("block %p of %zu bytes: its end was overwritten",
			    (const void *)p, size);
}

static void check_zero(const unsigned char *p, size_t size)
{
	size_t words = size / WORD, i;
	uint64_t v;

	for (i = 0; i < words; i = word_after(i, words)) {
		memcpy(&v, p + i * WORD, WORD);
		if (v)
			stress_fail("calloc(%zu) at %p: word %zu is not zero",
				    size, (const void *)p, i);
	}
	for (i = words * WORD; i < size; i++)
		if (p[i])
			stress_fail("calloc(%zu) at %p: byte %zu is not zero",
				    size, (const void *)p, i);
}

static uint64_t block_head(uintptr_t block)
{
	uint64_t head;

	memcpy(&head, (void *)block, WORD);
	if (!head_is_sound(head))
		stress_fail("block %p: its head is %#llx, which was never "
			    "written",
			    (void *)block, (unsigned long long)head);
	return head;
}

uintptr_t block_fill(struct prng *r, void *memory, size_t size)
{
	if (size < WORD) {
		memset(memory, 0x50 + (int)size, size);
		return (uintptr_t)memory | size;
	}
	write_pattern(memory, head_of(size, (unsigned int)prng_next(r)), size);
	return (uintptr_t)memory;
}

static void *aligned(struct prng *r, size_t size)
{
	size_t alignment = sizeof(void *) << prng_below(r, 10);
	void *p = NULL;

	if (posix_memalign(&p, alignment, size))
		return NULL;
	if ((uintptr_t)p % alignment)
		stress_fail("posix_memalign(%zu, %zu) gave %p", alignment, size,
			    p);
	return p;
}

uintptr_t block_try(struct prng *r, size_t size)
{
	void *p;

	switch (prng_below(r, 8)) {
	case 0:
	case 1:
		p = calloc(1, size);
		if (p)
			check_zero(p, size);
		break;
	case 2:
		p = realloc(NULL, size);
		break;
	case 3:
		p = aligned(r, size);
		break;
	case 4:
		p = aligned_alloc(64, (size + 63) & ~(size_t)63);
		break;
	default:
		p = malloc(size);
	}
	if (!p)
		return 0;
	if ((uintptr_t)p % (size < 16 ? 8 : 16))
		stress_fail("a block of %zu bytes at %p", size, p);
	if (malloc_usable_size(p) < size)
		stress_fail("a block of %zu bytes at %p has only %zu", size, p,
			    malloc_usable_size(p));
	return block_fill(r, p, size);
}

uintptr_t block_new(struct prng *r, size_t size)
{
	uintptr_t block = block_try(r, size);

	if (!block)
		stress_fail("no memory for %zu bytes", size);
	return block;
}

uintptr_t block_resize(struct prng *r, uintptr_t block, size_t size)
{
	size_t tiny = block & 7, old, keep, i;
	uint64_t head = 0;
	unsigned char *p;

	if (!tiny)
		head = block_head(block);
	block_check(block);
	old = tiny ? tiny : head >> 16;
	keep = old < size ? old : size;
	p = realloc(block_memory(block), size);
	if (!p)
		return 0;
	if (tiny) {
		for (i = 0; i < keep; i++)
			if (p[i] != 0x50 + tiny)
				stress_fail("realloc(%zu) lost byte %zu", size,
					    i);
	} else {
		check_pattern(p, head, old, keep);
	}
	return block_fill(r, p, size);
}

void block_check(uintptr_t block)
{
	size_t tiny = block & 7, i;
	unsigned char *p = block_memory(block);
	uint64_t head;

	for (i = 0; i < tiny; i++)
		if (p[i] != 0x50 + tiny)
			stress_fail("block %p of %zu bytes: byte %zu was "
				    "overwritten",
				    (void *)p, tiny, i);
	if (tiny)
		return;
	head = block_head(block);
	check_pattern(p, head, head >> 16, head >> 16);
}

void block_free(uintptr_t block)
{
	unsigned char *p = block_memory(block);
	int saved = errno;

	if (!block)
		return;
	block_check(block);
	/* nobody else may see this block as sound from here on */
	p[0] ^= 0xff;
	free(p);
	if (errno != saved)
		stress_fail("free changed errno from %d to %d", saved, errno);
}

void pool_step(struct pool *pool, struct prng *r, size_t largest)
{
	_Atomic uintptr_t *slot = &pool->slot[prng_below(r, POOL_SLOTS)];
	size_t size = prng_size(r, largest);
	unsigned int dice = prng_next(r) & 7;
	uintptr_t block = 0, moved;

	if (dice == 0) {
		block = atomic_exchange(slot, 0);
		moved = block ? block_resize(r, block, size) : 0;
		block = moved ? moved : block;
	} else if (dice < 6) {
		block = block_new(r, size);
	}
	block_free(atomic_exchange(slot, block));
}

void pool_drain(struct pool *pool)
{
	for (size_t i = 0; i < POOL_SLOTS; i++)
		block_free(atomic_exchange(&pool->slot[i], 0));
}
