/*
 * As misuse.c, through the operators of C++.
 *
 * usage: misuse_operator MISUSE [SIZE]
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <unistd.h>

namespace
{

std::size_t size = 64;
void *volatile hidden; /* what the compiler cannot see through */
char in_the_data[4096];

void *announce(void *ptr)
{
	dprintf(STDOUT_FILENO, "%p\n", ptr);
	hidden = ptr;
	return hidden;
}

void double_delete()
{
	void *ptr = announce(::operator new(size));

	::operator delete(ptr);
	::operator delete(hidden);
}

void double_delete_array()
{
	void *ptr = announce(::operator new[](size));

	::operator delete[](ptr);
	::operator delete[](hidden);
}

void double_delete_sized()
{
	void *ptr = announce(::operator new(size));

	::operator delete(ptr, size);
	::operator delete(hidden, size);
}

void delete_wrong_size()
{
	::operator delete(announce(::operator new(size)), size * 3);
}

void delete_array_wrong_size()
{
	::operator delete[](announce(::operator new[](size)), size / 3);
}

void delete_wrong_alignment()
{
	auto al = static_cast<std::align_val_t>(64);
	char *ptr = static_cast<char *>(announce(::operator new(size, al)));
	auto more = (reinterpret_cast<std::size_t>(ptr) &
		     -reinterpret_cast<std::size_t>(ptr)) *
		    2;

	::operator delete(ptr, size, static_cast<std::align_val_t>(more));
}

void delete_foreign()
{
	::operator delete(announce(in_the_data + 512));
}

void delete_interior()
{
	char *ptr = static_cast<char *>(::operator new(size));

	::operator delete(announce(ptr + 16));
}

struct misuse {
	const char *name;
	void (*run)();
} const misuses[] = {
	{"double_delete", double_delete},
	{"double_delete_array", double_delete_array},
	{"double_delete_sized", double_delete_sized},
	{"delete_wrong_size", delete_wrong_size},
	{"delete_array_wrong_size", delete_array_wrong_size},
	{"delete_wrong_alignment", delete_wrong_alignment},
	{"delete_foreign", delete_foreign},
	{"delete_interior", delete_interior},
};

} // namespace

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (argc > 2)
		size = std::strtoull(argv[2], nullptr, 0);
	for (const misuse &one : misuses)
		if (!std::strcmp(one.name, argv[1])) {
			one.run();
			return 0;
		}
	return 2;
}
