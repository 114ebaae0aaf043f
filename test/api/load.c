/*
 * A program on the C library's malloc that loads libbuddy while it runs, and
 * then has two heaps side by side.
 *
 * usage: load LIBRARY [TEST...]
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static const char *path;

struct heap {
	void *handle;
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	size_t (*usable_size)(const void *);
	int (*verify)(void);
};

static void fill(struct heap *heap, void *handle)
{
	if (!handle)
		check_note("%s", dlerror());
	CHECK(handle != NULL);
	heap->handle = handle;
	*(void **)&heap->malloc = dlsym(handle, "buddy_malloc");
	*(void **)&heap->calloc = dlsym(handle, "buddy_calloc");
	*(void **)&heap->realloc = dlsym(handle, "buddy_realloc");
	*(void **)&heap->free = dlsym(handle, "buddy_free");
	*(void **)&heap->usable_size = dlsym(handle, "buddy_usable_size");
	*(void **)&heap->verify = dlsym(handle, "buddy_mm_verify");
	CHECK(heap->malloc && heap->calloc && heap->realloc && heap->free &&
	      heap->usable_size && heap->verify);
}

enum { NR = 3000 };

static void use(const struct heap *heap)
{
	unsigned char **ours = malloc(NR * sizeof(*ours));
	unsigned char **theirs = malloc(NR * sizeof(*theirs));

	CHECK(ours && theirs);
	for (int i = 0; i < NR; i++) {
		size_t size = (size_t)i * (i % 30 ? 3 : 400) + 1;
		ours[i] = i % 2 ? heap->malloc(size) : heap->calloc(1, size);
		theirs[i] = i % 2 ? malloc(size) : calloc(1, size);
		CHECK(ours[i] && theirs[i]);
		CHECK(heap->usable_size(ours[i]) >= size);
		CHECK(malloc_usable_size(theirs[i]) >= size);
		memset(ours[i], i, size);
		memset(theirs[i], ~i, size);
	}
	for (int i = 0; i < NR; i++) {
		size_t size = (size_t)i * (i % 30 ? 3 : 400) + 1;
		for (size_t k = 0; k < size; k += 1 + k / 16) {
			CHECK_EQ(ours[i][k], (unsigned char)i);
			CHECK_EQ(theirs[i][k], (unsigned char)~i);
		}
		ours[i] = heap->realloc(ours[i], size + 100);
		theirs[i] = realloc(theirs[i], size + 100);
		CHECK(ours[i] && theirs[i]);
		CHECK_EQ(ours[i][0], (unsigned char)i);
		heap->free(ours[i]);
		free(theirs[i]);
	}
	free(ours);
	free(theirs);
}

static void *use_in_thread(void *heap)
{
	use(heap);
	return NULL;
}

static void use_from_threads(struct heap *heap)
{
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		CHECK(!pthread_create(&thread[i], NULL, use_in_thread, heap));
	use(heap);
	for (int i = 0; i < 4; i++)
		CHECK(!pthread_join(thread[i], NULL));
	CHECK_EQ(heap->verify(), 0);
}

/* malloc stays the C library's. */
static void malloc_is_not_taken_over(void)
{
	Dl_info before, after;

	CHECK(dladdr(dlsym(RTLD_DEFAULT, "malloc"), &before));
	CHECK(strstr(before.dli_fname, "libc.so") != NULL);
	CHECK(dlopen(path, RTLD_NOW | RTLD_LOCAL) != NULL);
	CHECK(dladdr(dlsym(RTLD_DEFAULT, "malloc"), &after));
	CHECK(before.dli_fbase == after.dli_fbase);
	CHECK(dlsym(RTLD_DEFAULT, "buddy_malloc") == NULL);
}

static void loaded_with(int flags)
{
	struct heap heap;

	fill(&heap, dlopen(path, flags));
	use_from_threads(&heap);
	CHECK(!dlclose(heap.handle));
}

static void loaded_now(void)
{
	loaded_with(RTLD_NOW | RTLD_LOCAL);
}

static void loaded_lazily(void)
{
	loaded_with(RTLD_LAZY | RTLD_LOCAL);
}

static void loaded_deep(void)
{
	loaded_with(RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
}

static void loaded_again_and_again(void)
{
	for (int i = 0; i < 10; i++)
		loaded_with(RTLD_NOW | RTLD_LOCAL);
}

/* A thread that lives longer than the library was held. */
struct stay {
	pthread_barrier_t used, closed;
};

static void *outlive(void *argument)
{
	struct stay *stay = argument;
	struct heap heap;

	fill(&heap, dlopen(path, RTLD_NOW | RTLD_LOCAL));
	use(&heap);
	CHECK(!dlclose(heap.handle));
	pthread_barrier_wait(&stay->used);
	pthread_barrier_wait(&stay->closed);
	free(malloc(100));
	return NULL;
}

static void a_thread_outlives_the_library(void)
{
	struct stay stay;
	pthread_t thread;

	pthread_barrier_init(&stay.used, NULL, 2);
	pthread_barrier_init(&stay.closed, NULL, 2);
	CHECK(!pthread_create(&thread, NULL, outlive, &stay));
	pthread_barrier_wait(&stay.used);
	pthread_barrier_wait(&stay.closed);
	CHECK(!pthread_join(thread, NULL));
}

/* In a namespace of its own, with a C library of its own. */
static void loaded_into_another_namespace(void)
{
	struct heap here, there;

	fill(&here, dlopen(path, RTLD_NOW | RTLD_LOCAL));
	fill(&there, dlmopen(LM_ID_NEWLM, path, RTLD_NOW | RTLD_LOCAL));
	CHECK(here.malloc != there.malloc);
	for (int i = 0; i < 2000; i++) {
		void *one = here.malloc((size_t)i * 31);
		void *two = there.malloc((size_t)i * 31);
		CHECK(one && two && one != two);
		here.free(one);
		there.free(two);
	}
	use(&there);
	CHECK_EQ(here.verify(), 0);
	CHECK_EQ(there.verify(), 0);
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(malloc_is_not_taken_over),
		CHECK_TEST(loaded_now),
		CHECK_TEST(loaded_lazily),
		CHECK_TEST(loaded_deep),
		CHECK_TEST(loaded_again_and_again),
		CHECK_TEST(a_thread_outlives_the_library),
		CHECK_TEST(loaded_into_another_namespace),
	};

	if (argc < 2)
		return 2;
	path = argv[1];
	return check_run(argc - 1, argv + 1, tests,
			 sizeof(tests) / sizeof(*tests));
}
