/*
 * std::new_handler: called again and again until there is memory, until it
 * throws, or until there is none any more.
 */
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <sys/resource.h>

#include "check.h"
#include "family.h"

namespace
{

volatile std::size_t too_much = PTRDIFF_MAX;
int calls;

/* What some handlers throw: it must come through unchanged. */
struct out_of_patience : std::bad_alloc {
	int after;
	explicit out_of_patience(int nr) : after(nr)
	{
	}
	const char *what() const noexcept override
	{
		return "out of patience";
	}
};

void give_up_after_three()
{
	if (++calls == 3)
		std::set_new_handler(nullptr);
}

void throw_after_three()
{
	if (++calls == 3)
		throw out_of_patience(calls);
}

/* Each form that throws, by number. */
enum { NR_FORMS = 4 };

void *allocate(int form, std::size_t size)
{
	auto al = static_cast<std::align_val_t>(128);

	switch (form) {
	case 0:
		return ::operator new(size);
	case 1:
		return ::operator new[](size);
	case 2:
		return ::operator new(size, al);
	default:
		return ::operator new[](size, al);
	}
}

void *allocate_nothrow(int form, std::size_t size)
{
	auto al = static_cast<std::align_val_t>(128);

	switch (form) {
	case 0:
		return ::operator new(size, std::nothrow);
	case 1:
		return ::operator new[](size, std::nothrow);
	case 2:
		return ::operator new(size, al, std::nothrow);
	default:
		return ::operator new[](size, al, std::nothrow);
	}
}

void without_one_it_throws_at_once()
{
	std::set_new_handler(nullptr);
	for (int form = 0; form < NR_FORMS; form++) {
		bool caught = false;
		try {
			allocate(form, too_much);
		} catch (const std::bad_alloc &) {
			caught = true;
		}
		CHECK(caught);
	}
}

void it_is_called_until_it_is_gone()
{
	for (int form = 0; form < NR_FORMS; form++) {
		bool caught = false;
		calls = 0;
		std::set_new_handler(give_up_after_three);
		try {
			allocate(form, too_much);
		} catch (const std::bad_alloc &) {
			caught = true;
		}
		CHECK(caught);
		CHECK_EQ(calls, 3);
	}
}

void what_it_throws_comes_through()
{
	for (int form = 0; form < NR_FORMS; form++) {
		int after = 0;
		calls = 0;
		std::set_new_handler(throw_after_three);
		try {
			allocate(form, too_much);
		} catch (const out_of_patience &error) {
			after = error.after;
		}
		CHECK_EQ(after, 3);
		CHECK_EQ(calls, 3);
	}
	std::set_new_handler(nullptr);
}

/* The forms without exceptions call it, too, and keep what it throws. */
void nothrow_calls_it_and_gives_null()
{
	for (int form = 0; form < NR_FORMS; form++) {
		/* In a static program what a handler throws goes on. */
		calls = 0;
		std::set_new_handler(throw_after_three);
		if (!family_is_static()) {
			CHECK(allocate_nothrow(form, too_much) == nullptr);
			CHECK_EQ(calls, 3);
		}
		calls = 0;
		std::set_new_handler(give_up_after_three);
		CHECK(allocate_nothrow(form, too_much) == nullptr);
		CHECK_EQ(calls, 3);
	}
	std::set_new_handler(nullptr);
}

void a_size_that_fits_does_not_call_it()
{
	calls = 0;
	std::set_new_handler(throw_after_three);
	for (int i = 0; i < 100000; i++)
		::operator delete(::operator new(i));
	CHECK_EQ(calls, 0);
	CHECK(std::malloc(too_much) == nullptr); /* nor does malloc */
	CHECK_EQ(calls, 0);
	std::set_new_handler(nullptr);
}

struct rlimit roomy;

void make_room_at_the_third_call()
{
	if (++calls == 3)
		setrlimit(RLIMIT_AS, &roomy);
	if (calls == 10) /* the machine has no room for it at all */
		throw out_of_patience(calls);
}

/* The handler finds memory at its third call, and new returns it. */
void served_at_the_third_call(int form, bool quiet)
{
	/* More than any reserve that is mapped already. */
	const std::size_t size = std::size_t(6) << 30;
	struct rlimit scarce = roomy;
	char *ptr = nullptr;

	scarce.rlim_cur = 1 << 20; /* no mapping succeeds */
	calls = 0;
	std::set_new_handler(make_room_at_the_third_call);
	CHECK(!setrlimit(RLIMIT_AS, &scarce));
	try {
		void *got = quiet ? allocate_nothrow(form, size)
				  : allocate(form, size);
		ptr = static_cast<char *>(got);
	} catch (const out_of_patience &) {
	}
	setrlimit(RLIMIT_AS, &roomy);
	std::set_new_handler(nullptr);
	if (!ptr && check_available() < 2 * size)
		check_skip("too little memory");
	CHECK(ptr != nullptr);
	CHECK_EQ(calls, 3);
	ptr[0] = ptr[size - 1] = 1;
	std::free(ptr);
}

void memory_may_appear()
{
	CHECK(!getrlimit(RLIMIT_AS, &roomy));
	for (int form = 0; form < NR_FORMS; form++) {
		served_at_the_third_call(form, false);
		served_at_the_third_call(form, true);
	}
}

} // namespace

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(without_one_it_throws_at_once),
		CHECK_TEST(it_is_called_until_it_is_gone),
		CHECK_TEST(what_it_throws_comes_through),
		CHECK_TEST(nothrow_calls_it_and_gives_null),
		CHECK_TEST(a_size_that_fits_does_not_call_it),
		CHECK_TEST(memory_may_appear),
	};

	return check_run(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
