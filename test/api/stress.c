/*
 * Random calls of every entry point against the shadow: blocks do not
 * overlap, keep their contents, are aligned and zeroed as was asked.
 *
 * The calls follow from --seed alone (what they return does not matter), so
 * a run on one thread can be repeated; with --threads each thread has a seed
 * of its own and hands blocks to the others.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "family.h"
#include "shadow.h"

enum { SLOTS = 1500, MAX_THREADS = 64, MAILBOXES = 256 };

/* A live block as its owner knows it. */
struct block {
	unsigned char *ptr;
	size_t size;
	size_t alignment; /* 0 when the allocator chose */
	bool aligned;	  /* by aligned_alloc: it may go back the same way */
	uint64_t tag;
};

struct worker {
	pthread_t thread;
	uint64_t state;	 /* of the random numbers */
	uint64_t digest; /* of the calls made */
	unsigned long steps;
	struct block slot[SLOTS];
};

/* A block on its way from one thread to another. */
struct mailbox {
	pthread_mutex_t lock;
	struct block block;
};

static struct worker workers[MAX_THREADS];
static struct mailbox mailboxes[MAILBOXES];
static int nr_threads = 1;

static uint64_t draw(struct worker *self)
{
	uint64_t mixed = self->state += 0x9e3779b97f4a7c15u;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
	return mixed ^ mixed >> 31;
}

/* Mostly small; each doubling above is rarer; now and then huge. */
static size_t draw_size(struct worker *self)
{
	uint64_t kind = draw(self) % 1000;

	if (kind < 800)
		return draw(self) % ((size_t)16 << draw(self) % 8);
	if (kind < 960)
		return draw(self) % (32 << 10);
	if (kind < 992)
		return draw(self) % (512 << 10);
	if (kind < 999)
		return draw(self) % (8 << 20);
	return draw(self) % ((size_t)1 << 30);
}

static size_t draw_alignment(struct worker *self)
{
	unsigned int limit = draw(self) % 50 ? 10 : 18;

	return sizeof(void *) << draw(self) % limit;
}

static void all_zero(const unsigned char *ptr, size_t size)
{
	size_t step = size < 1 << 16 ? 1 : size / 1009;

	for (size_t i = 0; i < size; i += step)
		CHECK_EQ(ptr[i], 0);
}

static void *allocate(struct worker *self, struct block *block)
{
	size_t size = block->size, align = draw_alignment(self);
	void *ptr = NULL;

	switch (draw(self) % 12) {
	case 0:
		block->alignment = align;
		CHECK_EQ(family.posix_memalign(&ptr, align, size), 0);
		return ptr;
	case 1:
		block->alignment = align;
		block->aligned = true;
		return family.aligned_alloc(align, size);
	case 2:
		block->alignment = align;
		return family.memalign(align, size);
	case 3:
		block->alignment = 4096;
		return draw(self) % 2 ? family.valloc(size)
				      : family.pvalloc(size);
	case 4:
	case 5:
		ptr = size % 8 ? family.calloc(size, 1)
			       : family.calloc(size / 8, 8);
		CHECK(ptr != NULL);
		all_zero(ptr, size);
		return ptr;
	case 6:
		return family.realloc(NULL, size);
	case 7:
		return family.reallocarray(NULL, 1, size);
	default:
		return family.malloc(size);
	}
}

static void create(struct worker *self, struct block *block)
{
	block->size = draw_size(self);
	block->alignment = 0;
	block->aligned = false;
	block->tag = draw(self);
	block->ptr = allocate(self, block);
	CHECK(block->ptr != NULL);
	size_t align = block->alignment > 16 ? block->alignment : 16;
	CHECK_EQ((uintptr_t)block->ptr % align, 0);
	size_t usable = family.malloc_usable_size(block->ptr);
	CHECK(usable >= block->size);
	shadow_enter(block->ptr, usable);
	shadow_fill(block->ptr, block->size, block->tag);
}

/* Of two ways to free only the seed decides, where both are allowed. */
static void destroy(struct worker *self, struct block *block)
{
	uint64_t how = draw(self) % 8;

	shadow_check(block->ptr, block->size, block->tag);
	shadow_leave(block->ptr);
	errno = (int)(how + 100);
	if (how < 2 && family.free_aligned_sized && block->aligned)
		family.free_aligned_sized(block->ptr, block->alignment,
					  block->size);
	else if (how < 2 && family.free_sized && !block->alignment)
		family.free_sized(block->ptr, block->size);
	else if (how == 2)
		family.__libc_free(block->ptr);
	else if (how == 3 && family.cfree)
		family.cfree(block->ptr);
	else if (how == 4 && block->size)
		CHECK(family.realloc(block->ptr, 0) == NULL);
	else
		family.free(block->ptr);
	if (how != 4)
		CHECK_EQ(errno, (int)(how + 100));
	block->ptr = NULL;
}

static void change(struct worker *self, struct block *block)
{
	size_t size = draw_size(self) + 1;
	size_t kept = size < block->size ? size : block->size;

	shadow_check(block->ptr, block->size, block->tag);
	shadow_leave(block->ptr);
	if (draw(self) % 4)
		block->ptr = family.realloc(block->ptr, size);
	else
		block->ptr = family.reallocarray(block->ptr, size, 1);
	CHECK(block->ptr != NULL);
	CHECK_EQ((uintptr_t)block->ptr % 16, 0);
	size_t usable = family.malloc_usable_size(block->ptr);
	CHECK(usable >= size);
	shadow_enter(block->ptr, usable);
	/* Of a large block only some offsets were filled. */
	if (block->size > 1 << 16 && kept > 64)
		kept = 64;
	shadow_check(block->ptr, kept, block->tag);
	block->size = size;
	block->alignment = 0;
	block->aligned = false;
	shadow_fill(block->ptr, size, block->tag);
}

/* Swaps the slot's block for the one in a mailbox. */
static void hand_over(struct worker *self, struct block *block)
{
	struct mailbox *box = &mailboxes[draw(self) % MAILBOXES];

	pthread_mutex_lock(&box->lock);
	struct block other = box->block;
	box->block = *block;
	pthread_mutex_unlock(&box->lock);
	*block = other;
	if (block->ptr)
		shadow_check(block->ptr, block->size, block->tag);
}

static void step(struct worker *self)
{
	struct block *block = &self->slot[draw(self) % SLOTS];
	uint64_t what = draw(self) % 100;

	self->digest = self->digest * 31 + what + block->size;
	if (what == 99 && !(draw(self) % 64))
		family.malloc_trim(draw(self) % (1 << 20));
	else if (what >= 85 && nr_threads > 1)
		hand_over(self, block);
	else if (!block->ptr)
		create(self, block);
	else if (what < 25)
		change(self, block);
	else
		destroy(self, block);
}

static void *work(void *argument)
{
	struct worker *self = argument;

	for (unsigned long i = 0; i < self->steps; i++)
		step(self);
	/* What is in one's hands at the end is freed by oneself. */
	for (int i = 0; i < SLOTS; i++)
		if (self->slot[i].ptr)
			destroy(self, &self->slot[i]);
	return NULL;
}

static unsigned long seed = 20240229, steps = 150000, repeat = 2;

static uint64_t one_round(void)
{
	uint64_t digest = 0;

	memset(workers, 0, sizeof(workers));
	for (int i = 0; i < nr_threads; i++) {
		workers[i].state = seed + 0x1000003u * (unsigned int)i;
		workers[i].steps = steps;
	}
	for (int i = 1; i < nr_threads; i++)
		CHECK(!pthread_create(&workers[i].thread, NULL, work,
				      &workers[i]));
	work(&workers[0]);
	for (int i = 1; i < nr_threads; i++)
		CHECK(!pthread_join(workers[i].thread, NULL));
	for (int i = 0; i < MAILBOXES; i++)
		if (mailboxes[i].block.ptr)
			destroy(&workers[0], &mailboxes[i].block);
	for (int i = 0; i < nr_threads; i++)
		digest ^= workers[i].digest;
	CHECK_EQ(shadow_count(), 0);
	return digest;
}

static void random_calls(void)
{
	uint64_t first = 0;

	for (unsigned long i = 0; i < repeat; i++) {
		uint64_t digest = one_round();
		check_note("seed %lu, %lu steps, %d threads: digest %016llx",
			   seed, steps, nr_threads, (unsigned long long)digest);
		if (!i)
			first = digest;
		if (nr_threads == 1)
			CHECK_EQ(digest, first);
	}
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {CHECK_TEST(random_calls)};
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"steps", required_argument, NULL, 'n'},
		{"threads", required_argument, NULL, 't'},
		{"repeat", required_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		unsigned long value = optarg ? strtoul(optarg, NULL, 0) : 0;
		if (c == 's')
			seed = value;
		else if (c == 'n')
			steps = value;
		else if (c == 't')
			nr_threads = (int)value;
		else if (c == 'r')
			repeat = value;
		else
			return 2;
	}
	if (nr_threads < 1 || nr_threads > MAX_THREADS)
		return 2;
	for (int i = 0; i < MAILBOXES; i++)
		pthread_mutex_init(&mailboxes[i].lock, NULL);
	shadow_start((size_t)SLOTS * (size_t)nr_threads + MAILBOXES);
	return check_run(1, argv, tests, 1);
}
