/*
 * The library under test (its path is the argument) loaded into a running
 * program that has a malloc of its own: RTLD_LOCAL, RTLD_DEEPBIND, in a new
 * namespace, before and after threads have started. Both allocators work side
 * by side, also in a fork's child.
 */
#include "stress.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct library {
	void *(*malloc)(size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	int (*verify)(void);
};

static struct pool pool; /* the program's own malloc */
static struct library lib;
static _Atomic bool loaded;

static void *find(void *handle, const char *own, const char *common)
{
	void *p = dlsym(handle, own);

	return p ? p : dlsym(handle, common);
}

static struct library bind(void *handle)
{
	struct library l;

	if (!handle)
		stress_fail("%s", dlerror());
	*(void **)&l.malloc = find(handle, "buddy_malloc", "malloc");
	*(void **)&l.realloc = find(handle, "buddy_realloc", "realloc");
	*(void **)&l.free = find(handle, "buddy_free", "free");
	*(void **)&l.verify = dlsym(handle, "buddy_mm_verify");
	MUST(l.malloc && l.realloc && l.free);
	return l;
}

static void use(const struct library *l, struct prng *r)
{
	uintptr_t block[60];
	size_t i;
	void *p;

	for (i = 0; i < ARRAY_SIZE(block); i++) {
		size_t size = prng_size(r, 1 * MIB);

		p = l->malloc(size);
		MUST(p);
		block[i] = block_fill(r, p, size);
		pool_step(&pool, r, 300 * KIB);
	}
	for (i = 0; i < ARRAY_SIZE(block); i++) {
		block_check(block[i]);
		p = l->realloc(block_memory(block[i]), 700);
		MUST(p);
		l->free(p);
	}
}

/* Older than the library. */
static void *work(void *arg)
{
	struct prng r = {stress_seed((uintptr_t)arg)};

	while (!atomic_load(&loaded))
		sched_yield();
	for (int i = 0; i < 20; i++)
		use(&lib, &r);
	return NULL;
}

static void use_all_ways(struct prng *r)
{
	pthread_t threads[3];
	pid_t pid;

	for (uintptr_t i = 0; i < ARRAY_SIZE(threads); i++)
		threads[i] = stress_spawn(work, (void *)(i + 10), 0);
	use(&lib, r);
	pid = stress_fork(fork);
	if (pid == 0) {
		use(&lib, r);
		_exit(0);
	}
	stress_reap(pid, 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	if (lib.verify)
		MUST(lib.verify() == 0);
}

static void load(const char *path, int flags, bool apart)
{
	struct prng r = {stress_seed((uint64_t)flags)};
	pid_t pid = stress_fork(fork);
	pthread_t older;
	void *handle;

	if (pid > 0) {
		stress_reap(pid, 0);
		return;
	}
	older = stress_spawn(work, (void *)1, 0);
	handle =
		apart ? dlmopen(LM_ID_NEWLM, path, flags) : dlopen(path, flags);
	lib = bind(handle);
	atomic_store(&loaded, true);
	use_all_ways(&r);
	pthread_join(older, NULL);
	/* whatever it does, the program must go on */
	dlclose(handle);
	for (int i = 0; i < 100; i++)
		pool_step(&pool, &r, 300 * KIB);
	exit(0);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : NULL;

	stress_start(argc, argv, 60, 60);
	if (!path)
		stress_skip("no library given");
	stress_at("RTLD_LOCAL");
	load(path, RTLD_NOW | RTLD_LOCAL, false);
	stress_at("RTLD_LAZY");
	load(path, RTLD_LAZY | RTLD_LOCAL, false);
	stress_at("RTLD_DEEPBIND");
	load(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND, false);
	stress_at("dlmopen");
	load(path, RTLD_NOW | RTLD_LOCAL, true);
	return stress_end();
}
