/*
 * A program that loads a plug-in as PHP does its extensions: with
 * RTLD_DEEPBIND, which would lead it past a malloc that was preloaded. The
 * plug-in is found by the program's own RUNPATH, so whoever stands between must
 * not look like the caller.
 *
 * usage: deep_host [TEST...]
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define PLUGIN "libapi_deep.so"
#define BYTES 1000u

static void *(*take)(size_t);
static void (*give)(void *);
static void *(*plugin_malloc)(void);

static void load(void)
{
	void *plugin = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

	if (!plugin)
		check_note("%s", dlerror());
	CHECK(plugin != NULL);
	*(void **)&take = dlsym(plugin, "deep_take");
	*(void **)&give = dlsym(plugin, "deep_give");
	*(void **)&plugin_malloc = dlsym(plugin, "deep_malloc");
	CHECK(take && give && plugin_malloc);
}

static void blocks_cross_the_border(void)
{
	char *p;

	load();
	CHECK(plugin_malloc() == dlsym(RTLD_DEFAULT, "malloc"));
	for (size_t size = 1; size < (size_t)1 << 22; size *= 3) {
		p = take(size);
		CHECK(p != NULL);
		memset(p, 1, size);
		free(p);
		give(malloc(size));
	}
}

/* The price of what the program asked for. */
static void it_has_a_malloc_of_its_own(void)
{
	void *p;

	load();
	CHECK(plugin_malloc() != dlsym(RTLD_DEFAULT, "malloc"));
	p = take(BYTES);
	CHECK(p != NULL);
	give(p);
}

static void errors_are_the_loaders(void)
{
	const char *error;

	CHECK(dlopen("libapi_none.so", RTLD_NOW | RTLD_DEEPBIND) == NULL);
	error = dlerror();
	CHECK(error && strstr(error, "libapi_none.so"));
	CHECK(dlopen(PLUGIN, RTLD_NOW | RTLD_NOLOAD | RTLD_DEEPBIND) == NULL);
	CHECK(dlopen(NULL, RTLD_NOW) != NULL);
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(errors_are_the_loaders),
		CHECK_TEST(blocks_cross_the_border),
		CHECK_TEST(it_has_a_malloc_of_its_own),
	};

	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
