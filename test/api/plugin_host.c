/*
 * A C program, without the C++ runtime, that loads a C++ library into a scope
 * of its own. new throws there, and calls the handler that was set there.
 *
 * usage: plugin_host PLUGIN [TEST...]
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "family.h"

static const char *path;
static void *plugin;

static void *symbol(const char *name)
{
	void *address = dlsym(plugin, name);

	CHECK(address != NULL);
	return address;
}

static void call(const char *name)
{
	int (*function)(void);

	*(void **)&function = symbol(name);
	CHECK_EQ(function(), 0);
}

static void cxx_was_not_there_before(void)
{
	CHECK(dlsym(RTLD_DEFAULT, "__cxa_throw") == NULL);
	plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!plugin)
		check_note("%s", dlerror());
	CHECK(plugin != NULL);
	CHECK(dlsym(RTLD_DEFAULT, "__cxa_throw") == NULL);
}

static void it_allocates(void)
{
	call("plugin_allocates");
}

static void it_catches_bad_alloc(void)
{
	call("plugin_catches");
}

static void its_handler_is_called(void)
{
	call("plugin_handles");
}

static void blocks_cross_the_border(void)
{
	void *(*new)(size_t);
	void (*delete)(void *);

	*(void **)&new = symbol("plugin_new");
	*(void **)&delete = symbol("plugin_delete");
	for (size_t size = 1; size < 1 << 21; size *= 3) {
		void *ptr = new (size);
		CHECK(family_owns(ptr));
		memset(ptr, 1, size);
		free(ptr);
		delete (malloc(size));
	}
}

static void it_can_go_and_come_back(void)
{
	for (int i = 0; i < 5; i++) {
		CHECK(!dlclose(plugin));
		plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		CHECK(plugin != NULL);
		call("plugin_catches");
		call("plugin_handles");
	}
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(cxx_was_not_there_before),
		CHECK_TEST(it_allocates),
		CHECK_TEST(it_catches_bad_alloc),
		CHECK_TEST(its_handler_is_called),
		CHECK_TEST(blocks_cross_the_border),
		CHECK_TEST(it_can_go_and_come_back),
	};

	if (argc < 2)
		return 2;
	path = argv[1];
	return check_run(argc - 1, argv + 1, tests,
			 sizeof(tests) / sizeof(*tests));
}
