/*
 * The operators of C++: every form of new and delete, and what they do when
 * there is no memory. With exceptions, as the standard wants it.
 */
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "family.h"

namespace
{

/* Not a constant for the compiler, which would refuse to try. */
volatile std::size_t too_much = PTRDIFF_MAX;
volatile std::size_t whole_space = SIZE_MAX;

void *volatile kept; /* else the compiler may leave out the call */

const std::size_t sizes[] = {0, 1, 24, 1000, 20 << 10, 300 << 10, 3 << 20};

void ours(void *ptr, std::size_t size, std::size_t alignment)
{
	CHECK(ptr != nullptr);
	CHECK(reinterpret_cast<std::uintptr_t>(ptr) % alignment == 0);
	CHECK(reinterpret_cast<std::uintptr_t>(ptr) % 16 == 0);
	CHECK(family_owns(ptr));
	CHECK(family.malloc_usable_size(ptr) >= size);
	std::memset(ptr, 0x6d, size);
}

void plain_forms()
{
	for (std::size_t size : sizes) {
		void *one = ::operator new(size);
		void *two = ::operator new[](size);
		void *three = ::operator new(size, std::nothrow);
		void *four = ::operator new[](size, std::nothrow);
		for (void *ptr : {one, two, three, four})
			ours(ptr, size, 1);
		CHECK(one != two && two != three && three != four);
		::operator delete(one);
		::operator delete[](two);
		::operator delete(three, std::nothrow);
		::operator delete[](four, std::nothrow);
		::operator delete(::operator new(size), size);
		::operator delete[](::operator new[](size), size);
	}
}

void aligned_forms()
{
	for (std::size_t align = 1; align <= 1 << 22; align *= 2)
		for (std::size_t size : sizes) {
			auto al = static_cast<std::align_val_t>(align);
			void *one = ::operator new(size, al);
			void *two = ::operator new[](size, al);
			void *three = ::operator new(size, al, std::nothrow);
			void *four = ::operator new[](size, al, std::nothrow);
			for (void *ptr : {one, two, three, four})
				ours(ptr, size, align);
			::operator delete(one, al);
			::operator delete[](two, al);
			::operator delete(three, al, std::nothrow);
			::operator delete[](four, al, std::nothrow);
			one = ::operator new(size, al);
			two = ::operator new[](size, al);
			::operator delete(one, size, al);
			::operator delete[](two, size, al);
		}
}

void null_may_be_deleted()
{
	auto al = static_cast<std::align_val_t>(64);

	::operator delete(nullptr);
	::operator delete[](nullptr);
	::operator delete(nullptr, std::size_t(5));
	::operator delete[](nullptr, std::size_t(5));
	::operator delete(nullptr, std::nothrow);
	::operator delete[](nullptr, std::nothrow);
	::operator delete(nullptr, al);
	::operator delete[](nullptr, al);
	::operator delete(nullptr, std::size_t(5), al);
	::operator delete[](nullptr, std::size_t(5), al);
	::operator delete(nullptr, al, std::nothrow);
	::operator delete[](nullptr, al, std::nothrow);
}

/* Whether a call throws std::bad_alloc. */
template <typename Call> bool throws(Call call)
{
	try {
		call();
	} catch (const std::bad_alloc &error) {
		return std::strlen(error.what()) > 0;
	}
	return false;
}

void too_much_throws()
{
	auto al = static_cast<std::align_val_t>(4096);

	CHECK(throws([] { kept = ::operator new(too_much); }));
	CHECK(throws([] { kept = ::operator new[](too_much); }));
	CHECK(throws([] { kept = ::operator new(too_much + 1); }));
	CHECK(throws([] { kept = ::operator new(whole_space); }));
	CHECK(throws([=] { kept = ::operator new(too_much, al); }));
	CHECK(throws([=] { kept = ::operator new[](too_much, al); }));
	CHECK(throws([=] { kept = ::operator new(whole_space, al); }));
	CHECK(throws([] { std::vector<char> all(too_much); }));
}

void nothrow_gives_null()
{
	auto al = static_cast<std::align_val_t>(4096);

	CHECK(!::operator new(too_much, std::nothrow));
	CHECK(!::operator new[](too_much, std::nothrow));
	CHECK(!::operator new(too_much + 1, std::nothrow));
	CHECK(!::operator new(too_much, al, std::nothrow));
	CHECK(!::operator new[](too_much, al, std::nothrow));
}

/* Thrown from deep, through frames with destructors. */
struct counted {
	static int live;
	counted()
	{
		live++;
	}
	~counted()
	{
		live--;
	}
};
int counted::live;

__attribute__((noinline)) void deep(int depth)
{
	counted here;
	auto block = std::make_unique<std::string>(100, 'x');

	if (depth > 0)
		deep(depth - 1);
	else
		kept = ::operator new(too_much);
	CHECK(block->size() == 100);
}

void frames_are_unwound()
{
	for (int i = 0; i < 100; i++)
		CHECK(throws([=] { deep(i); }));
	CHECK_EQ(counted::live, 0);
}

struct alignas(256) wide {
	char bytes[300];
};

struct thrower {
	char bytes[5000];
	thrower()
	{
		throw 5;
	}
};

void classes_and_arrays()
{
	std::unique_ptr<wide> one(new wide);
	std::unique_ptr<wide[]> many(new wide[33]);

	CHECK(reinterpret_cast<std::uintptr_t>(one.get()) % 256 == 0);
	CHECK(reinterpret_cast<std::uintptr_t>(many.get()) % 256 == 0);
	/* The delete expression of a constructor that throws. */
	for (int i = 0; i < 1000; i++)
		try {
			delete new thrower;
			CHECK(false);
		} catch (int five) {
			CHECK_EQ(five, 5);
		}
}

void use_containers(unsigned int seed)
{
	std::map<int, std::string> names;
	std::vector<std::vector<int>> rows;

	for (int i = 0; i < 3000; i++) {
		seed = seed * 1103515245 + 12345;
		names[static_cast<int>(seed >> 16)] =
			std::string(seed >> 8 & 255, 'a');
		rows.emplace_back(seed >> 4 & 511, i);
		if (i % 3 == 0)
			rows.erase(rows.begin() + rows.size() / 2);
	}
	for (const auto &[key, name] : names)
		CHECK(key >= 0 &&
		      name.find_first_not_of('a') == std::string::npos);
	for (const auto &row : rows)
		for (int value : row)
			CHECK_EQ(value, row.front());
}

void containers_in_threads()
{
	std::vector<std::thread> threads;

	for (unsigned int i = 0; i < 4; i++)
		threads.emplace_back(use_containers, i);
	for (auto &thread : threads)
		thread.join();
}

void exceptions_in_threads()
{
	std::vector<std::thread> threads;

	for (int i = 0; i < 8; i++)
		threads.emplace_back([] {
			for (int k = 0; k < 200; k++)
				CHECK(throws([] { deep(3); }));
		});
	for (auto &thread : threads)
		thread.join();
}

void malloc_and_new_share_a_heap()
{
	for (int i = 0; i < 10000; i++) {
		std::free(::operator new(i));
		::operator delete(std::malloc(i));
	}
}

} // namespace

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(plain_forms),
		CHECK_TEST(aligned_forms),
		CHECK_TEST(null_may_be_deleted),
		CHECK_TEST(too_much_throws),
		CHECK_TEST(nothrow_gives_null),
		CHECK_TEST(frames_are_unwound),
		CHECK_TEST(classes_and_arrays),
		CHECK_TEST(containers_in_threads),
		CHECK_TEST(malloc_and_new_share_a_heap),
		CHECK_TEST(exceptions_in_threads),
	};

	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
