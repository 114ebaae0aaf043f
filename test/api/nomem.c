/*
 * No memory: the limit named on the command line ("as" or "data", in MiB) is
 * set and the program started anew under it. Blocks are allocated until there
 * are none; then everything must be as it was, and as many to be had again.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "family.h"

#define MIB ((size_t)1 << 20)

/* The limit in bytes, from the command line. */
static size_t limit;

/* Live blocks hang on each other; the pattern follows the head. */
struct block {
	struct block *next;
	size_t size;
};

static void stamp(struct block *block)
{
	unsigned char *byte = (unsigned char *)block;

	for (size_t i = sizeof(*block); i < block->size;
	     i += block->size < 4096 ? 1 : 509)
		byte[i] = (unsigned char)((uintptr_t)block >> 4 ^ i);
	byte[block->size - 1] = 0x5c;
}

static void intact(const struct block *block)
{
	const unsigned char *byte = (const unsigned char *)block;

	for (size_t i = sizeof(*block); i + 1 < block->size;
	     i += block->size < 4096 ? 1 : 509)
		CHECK_EQ(byte[i], (unsigned char)((uintptr_t)block >> 4 ^ i));
	CHECK_EQ(byte[block->size - 1], 0x5c);
}

static struct block *push(struct block *list, void *ptr, size_t size)
{
	struct block *block = ptr;

	block->next = list;
	block->size = size;
	stamp(block);
	return block;
}

/* Takes blocks until there are none, at most `most`. Returns how many. */
static size_t exhaust(struct block **list, size_t size, size_t most)
{
	size_t nr = 0;

	while (nr < most) {
		errno = 0;
		void *ptr = family.malloc(size);
		if (!ptr) {
			CHECK_EQ(errno, ENOMEM);
			break;
		}
		*list = push(*list, ptr, size);
		nr++;
	}
	return nr;
}

static void give_back(struct block **list)
{
	while (*list) {
		struct block *block = *list;
		intact(block);
		*list = block->next;
		family.free(block);
	}
}

/* Every other entry point refuses as politely. */
static void all_refuse(size_t size)
{
	char mark;
	void *out = &mark;

	errno = 0;
	CHECK(family.calloc(1, size) == NULL);
	CHECK_EQ(errno, ENOMEM);
	errno = 0;
	CHECK(family.realloc(NULL, size) == NULL);
	CHECK_EQ(errno, ENOMEM);
	errno = 0;
	CHECK(family.aligned_alloc(4096, size) == NULL);
	CHECK_EQ(errno, ENOMEM);
	errno = 77;
	CHECK_EQ(family.posix_memalign(&out, 64, size), ENOMEM);
	CHECK(out == &mark);
	if (!family_is_standin())
		CHECK_EQ(errno, 77);
}

static const size_t sizes[] = {48,	  1000,	   5000,     20 << 10,
			       100 << 10, 1 * MIB, 10 * MIB, 60 * MIB};
enum { NR_SIZES = sizeof(sizes) / sizeof(*sizes) };

/* Each size gets most of the limit, also after the others had it. */
static void every_size_fills_the_limit_in_turn(void)
{
	for (int i = 0; i < NR_SIZES + 3; i++) {
		size_t size = sizes[i * 5 % NR_SIZES];
		struct block *list = NULL;
		size_t first = exhaust(&list, size, SIZE_MAX);
		check_note("blocks of %zu: %zu, %zu MiB", size, first,
			   first * size / MIB);
		CHECK(first * size >= limit / 2);
		if (size > MIB / 2)
			all_refuse(2 * size);
		give_back(&list);
		size_t again = exhaust(&list, size, SIZE_MAX);
		CHECK(again >= first - first / 10 - 1);
		give_back(&list);
	}
}

static void a_refused_realloc_loses_nothing(void)
{
	struct block *list = NULL;
	size_t size = 2 * MIB;

	exhaust(&list, size, SIZE_MAX);
	CHECK(list != NULL);
	for (struct block *at = list; at; at = at->next) {
		errno = 0;
		CHECK(family.realloc(at, limit) == NULL);
		CHECK_EQ(errno, ENOMEM);
		intact(at);
	}
	/* Shrinking needs no memory and must not fail. */
	struct block *next = list->next;
	struct block *shrunk = family.realloc(list, MIB);
	CHECK(shrunk != NULL);
	CHECK_EQ(shrunk->size, size);
	family.free(shrunk);
	list = next;
	give_back(&list);
}

static void small_blocks_after_large_ones_ran_out(void)
{
	struct block *large = NULL, *medium = NULL, *small = NULL;

	exhaust(&large, 16 * MIB, SIZE_MAX);
	exhaust(&medium, 128 << 10, SIZE_MAX);
	exhaust(&small, 100, SIZE_MAX);
	CHECK(large != NULL);
	struct block *rest = large->next;
	large->next = NULL;
	give_back(&large); /* one block serves another size */
	size_t nr = exhaust(&small, 100, SIZE_MAX);
	check_note("of 16 MiB given back: %zu KiB in small blocks",
		   nr * 100 >> 10);
	CHECK(nr * 100 >= 12 * MIB);
	give_back(&rest);
	give_back(&medium);
	give_back(&small);
}

/* ---- in four threads -------------------------------------------------- */

enum { NR_THREADS = 4 };

static pthread_barrier_t barrier;

static void *exhaust_together(void *argument)
{
	unsigned int state = (unsigned int)(uintptr_t)argument;
	struct block *list = NULL;

	for (int round = 0; round < 4; round++) {
		pthread_barrier_wait(&barrier);
		int refusals = 0;
		size_t sum = 0;
		while (refusals < 20) {
			size_t size = sizes[rand_r(&state) % (NR_SIZES - 1)];
			size += (unsigned int)rand_r(&state) % 16;
			errno = 0;
			void *ptr = family.malloc(size);
			if (!ptr) {
				CHECK_EQ(errno, ENOMEM);
				refusals++;
				continue;
			}
			list = push(list, ptr, size);
			sum += size;
		}
		pthread_barrier_wait(&barrier);
		CHECK(sum > 0);
		give_back(&list);
		pthread_barrier_wait(&barrier);
		/* Now that all gave back, an eighth is there for each. */
		for (size_t got = 0; got < limit / 8; got += 5000) {
			void *ptr = family.malloc(5000);
			CHECK(ptr != NULL);
			list = push(list, ptr, 5000);
		}
		pthread_barrier_wait(&barrier);
		give_back(&list);
	}
	return NULL;
}

static void four_threads_run_out_together(void)
{
	pthread_t thread[NR_THREADS];
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 << 10);
	pthread_barrier_init(&barrier, NULL, NR_THREADS);
	for (uintptr_t i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_create(&thread[i], &attributes, exhaust_together,
				      (void *)(i + 1)));
	for (int i = 0; i < NR_THREADS; i++)
		CHECK(!pthread_join(thread[i], NULL));
}

/* A thread whose very first call is refused; later ones are served. */
static void *first_call_refused(void *argument)
{
	struct block **list = argument;

	pthread_barrier_wait(&barrier); /* memory is used up now */
	errno = 0;
	void *large = family.malloc(16 * MIB);
	CHECK(large == NULL);
	CHECK_EQ(errno, ENOMEM);
	void *small = family.malloc(40); /* either answer will do */
	family.free(small);
	pthread_barrier_wait(&barrier);
	give_back(list); /* what another thread took */
	struct block *mine = NULL;
	CHECK(exhaust(&mine, 40, limit / 400) == limit / 400);
	give_back(&mine);
	return NULL;
}

static void a_first_call_may_be_refused(void)
{
	struct block *list = NULL;
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	CHECK(!pthread_create(&thread, NULL, first_call_refused, &list));
	exhaust(&list, 4 * MIB, SIZE_MAX);
	exhaust(&list, 64 << 10, SIZE_MAX);
	exhaust(&list, 40, SIZE_MAX);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	CHECK(!pthread_join(thread, NULL));
}

static void memory_that_comes_back_is_used(void)
{
	struct block *list = NULL;
	size_t most = exhaust(&list, MIB, SIZE_MAX);
	void *mapping = NULL;

	give_back(&list);
	family.malloc_trim(0);
	/* Somebody else takes half of the limit, and gives it back. */
	mapping = mmap(NULL, limit / 2, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t half = exhaust(&list, MIB, SIZE_MAX);
	if (mapping != MAP_FAILED)
		munmap(mapping, limit / 2);
	size_t rest = exhaust(&list, MIB, SIZE_MAX);
	CHECK(half + rest >= most - most / 10 - 1);
	give_back(&list);
}

static void *take_a_little(void *argument)
{
	(void)argument;
	struct block *list = NULL;

	CHECK_EQ(exhaust(&list, 1000, 1000), 1000);
	give_back(&list);
	return NULL;
}

/* A heap of a few MiB leaves the limit to stacks and to other mappings. */
static void the_limit_is_left_to_others(void)
{
	enum { NR = 8 };
	pthread_t thread[NR];
	struct block *list = NULL;

	CHECK_EQ(exhaust(&list, 1000, 10000), 10000);
	void *mapping = mmap(NULL, limit / 4, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(mapping != MAP_FAILED);
	for (int i = 0; i < NR; i++)
		CHECK(!pthread_create(&thread[i], NULL, take_a_little, NULL));
	for (int i = 0; i < NR; i++)
		CHECK(!pthread_join(thread[i], NULL));
	munmap(mapping, limit / 4);
	give_back(&list);
}

static void tiny(void)
{
	struct block *list = NULL;

	/* An eighth of the limit in small blocks, at least a mebibyte. */
	size_t want = limit / 8 > MIB ? limit / 8 : MIB;
	CHECK_EQ(exhaust(&list, 200, want / 200), want / 200);
	give_back(&list);
	CHECK_EQ(exhaust(&list, 64 << 10, want >> 16), want >> 16);
	exhaust(&list, 64 << 10, SIZE_MAX);
	exhaust(&list, 64, SIZE_MAX);
	give_back(&list);
	CHECK_EQ(exhaust(&list, 3000, want / 3000), want / 3000);
	give_back(&list);
}

/* The limit is there from the program's first instruction on. */
static void restart_under(char **argv, const char *kind)
{
	int resource = strcmp(kind, "data") ? RLIMIT_AS : RLIMIT_DATA;
	struct rlimit bound = {limit, limit};

	if (getenv("API_LIMITED"))
		return;
	setenv("API_LIMITED", "1", 1);
	if (setrlimit(resource, &bound))
		_exit(CHECK_SKIPPED);
	execv("/proc/self/exe", argv);
	_exit(2);
}

int main(int argc, char **argv)
{
	static const struct check_test all[] = {
		CHECK_TEST(every_size_fills_the_limit_in_turn),
		CHECK_TEST(a_refused_realloc_loses_nothing),
		CHECK_TEST(small_blocks_after_large_ones_ran_out),
		CHECK_TEST(four_threads_run_out_together),
		CHECK_TEST(a_first_call_may_be_refused),
		CHECK_TEST(memory_that_comes_back_is_used),
		CHECK_TEST(the_limit_is_left_to_others),
	};
	static const struct check_test small[] = {CHECK_TEST(tiny)};

	if (argc < 3)
		return 2;
	limit = strtoul(argv[2], NULL, 10) * MIB;
	restart_under(argv, argv[1]);
	if (limit < 100 * MIB)
		return check_run(argc - 2, argv + 2, small, 1);
	return check_run(argc - 2, argv + 2, all, sizeof(all) / sizeof(*all));
}
