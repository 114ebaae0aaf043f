/*
 * 32 threads that allocate, hand blocks to each other, check and free them.
 * The work is fixed by seeds and the sum does not depend on who runs first, so
 * the output is the same on every allocator and every run.
 *
 *   threads [ROUNDS]
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	THREADS = 32,
	SLOTS = 256,
	DEFAULT_ROUNDS = 20000,
	SMALL_MAX = 1500,
	BIG_MAX = 600000,
	BIG_EVERY = 257,
	REALLOC_EVERY = 5,
	ALIGN_EVERY = 11,
	ALIGNMENT = 256,
	ROUNDS_PER_THREAD_LIFE = 1000,
};

struct block {
	size_t size;
	unsigned char fill;
};

/* A mailbox per thread: a block that another thread shall free. */
struct mailbox {
	pthread_mutex_t lock;
	struct block *blocks[SLOTS];
	unsigned int nr;
};

struct worker {
	pthread_t thread;
	unsigned int id;
	unsigned long rounds;
	uint64_t seed;
	uint64_t sum;
};

static struct mailbox mailboxes[THREADS];

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void die(const char *why)
{
	fprintf(stderr, "threads: %s\n", why);
	exit(1);
}

static struct block *make_block(uint64_t r, unsigned int round)
{
	size_t limit = round % BIG_EVERY ? SMALL_MAX : BIG_MAX;
	size_t size = sizeof(struct block) + 1 + (r >> 8) % limit;
	void *memory;
	struct block *b;

	if (round % ALIGN_EVERY == 0) {
		if (posix_memalign(&memory, ALIGNMENT, size))
			die("posix_memalign failed");
		if ((uintptr_t)memory % ALIGNMENT)
			die("a block is not aligned");
	} else {
		memory = malloc(size);
	}
	if (!memory)
		die("malloc failed");
	b = memory;
	b->size = size;
	b->fill = (unsigned char)r;
	memset(b + 1, b->fill, size - sizeof(*b));
	return b;
}

/* Every byte is as make_block() left it; the sum of them. */
static uint64_t check_block(const struct block *b)
{
	const unsigned char *bytes = (const unsigned char *)(b + 1);
	size_t n = b->size - sizeof(*b);

	if (bytes[0] != b->fill || memcmp(bytes, bytes + 1, n - 1))
		die("a block was overwritten");
	return (uint64_t)n * b->fill;
}

static struct block *resize_block(struct block *b, uint64_t r)
{
	size_t old = b->size;
	size_t size = sizeof(*b) + 1 + (r >> 16) % SMALL_MAX;

	b = realloc(b, size);
	if (!b)
		die("realloc failed");
	b->size = size;
	if (size > old)
		memset((char *)b + old, b->fill, size - old);
	return b;
}

static uint64_t empty_mailbox(struct mailbox *box)
{
	struct block *taken[SLOTS];
	unsigned int i, nr;
	uint64_t sum = 0;

	pthread_mutex_lock(&box->lock);
	nr = box->nr;
	memcpy(taken, box->blocks, nr * sizeof(taken[0]));
	box->nr = 0;
	pthread_mutex_unlock(&box->lock);
	for (i = 0; i < nr; i++) {
		sum += check_block(taken[i]);
		free(taken[i]);
	}
	return sum;
}

/* Whether the other thread's mailbox had room. */
static int post_block(struct mailbox *box, struct block *b)
{
	int posted = 0;

	pthread_mutex_lock(&box->lock);
	if (box->nr < SLOTS) {
		box->blocks[box->nr++] = b;
		posted = 1;
	}
	pthread_mutex_unlock(&box->lock);
	return posted;
}

static void *do_nothing_but_allocate(void *arg)
{
	return memset(malloc((size_t)(uintptr_t)arg), 1, 1);
}

/* A thread of one allocation, which outlives it. */
static void run_short_thread(size_t size)
{
	pthread_t thread;
	void *block;

	if (pthread_create(&thread, NULL, do_nothing_but_allocate,
			   (void *)(uintptr_t)size))
		die("pthread_create failed");
	pthread_join(thread, &block);
	free(block);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct block *slots[SLOTS] = {0};
	unsigned int round, i;

	for (round = 0; round < w->rounds; round++) {
		uint64_t r = next_random(&w->seed);
		struct block **slot = &slots[r % SLOTS];
		unsigned int to = (unsigned int)(r >> 40) % THREADS;

		if (*slot && round % REALLOC_EVERY == 0)
			*slot = resize_block(*slot, r);
		if (*slot && !post_block(&mailboxes[to], *slot)) {
			w->sum += check_block(*slot);
			free(*slot);
		}
		*slot = make_block(r, round);
		if (round % SLOTS == 0)
			w->sum += empty_mailbox(&mailboxes[w->id]);
		if (round % ROUNDS_PER_THREAD_LIFE == 0)
			run_short_thread(1 + r % SMALL_MAX);
	}
	for (i = 0; i < SLOTS; i++) {
		if (slots[i])
			w->sum += check_block(slots[i]);
		free(slots[i]);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS];
	unsigned long rounds = DEFAULT_ROUNDS;
	uint64_t sum = 0;
	unsigned int i;

	if (argc > 1)
		rounds = strtoul(argv[1], NULL, 10);
	for (i = 0; i < THREADS; i++) {
		pthread_mutex_init(&mailboxes[i].lock, NULL);
		workers[i].id = i;
		workers[i].rounds = rounds;
		workers[i].seed = 0x9e3779b97f4a7c15u * (i + 1);
	}
	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			die("pthread_create failed");
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	for (i = 0; i < THREADS; i++)
		sum += workers[i].sum + empty_mailbox(&mailboxes[i]);
	printf("%d threads, %lu rounds each, sum %llx\n", THREADS, rounds,
	       (unsigned long long)sum);
	return 0;
}
