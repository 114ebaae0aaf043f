/*
 * A C++ library that a C program loads late: see plugin_host.c. What it needs
 * of the C++ runtime comes with it, into a scope of its own.
 */
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace
{

volatile std::size_t too_much = PTRDIFF_MAX;
char *volatile kept; /* else the compiler may leave out new and delete */
int calls;

void handler()
{
	if (++calls == 5)
		throw std::bad_alloc();
}

} // namespace

/* Each returns 0 when all went as it should, or the number of what did not. */

extern "C" int plugin_allocates()
{
	std::vector<std::string> names;

	for (int i = 0; i < 10000; i++)
		names.emplace_back(i % 300, 'n');
	for (int i = 0; i < 10000; i++)
		if (names[i].size() != std::size_t(i % 300))
			return 1;
	return 0;
}

extern "C" int plugin_catches()
{
	try {
		kept = new char[too_much];
		return 1;
	} catch (const std::bad_alloc &error) {
		return std::strlen(error.what()) ? 0 : 2;
	}
}

extern "C" int plugin_handles()
{
	int caught = 0;

	calls = 0;
	std::set_new_handler(handler);
	try {
		kept = new char[too_much];
	} catch (const std::bad_alloc &) {
		caught = 1;
	}
	if (!caught || calls != 5)
		return 1;
	calls = 0;
	kept = new (std::nothrow) char[too_much];
	if (kept)
		return 2;
	std::set_new_handler(nullptr);
	return calls == 5 ? 0 : 3;
}

extern "C" void *plugin_new(std::size_t size)
{
	return ::operator new(size);
}

extern "C" void plugin_delete(void *ptr)
{
	::operator delete(ptr);
}
