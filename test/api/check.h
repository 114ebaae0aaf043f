/*
 * A harness for the programs that are linked in every way.
 *
 * cmocka serves where it can; but Debian has no static cmocka, it allocates
 * between the checks, and it would have to be preloaded too. This one prints
 * with write(2) alone, so that the family under test is used by the test
 * only.
 *
 * A test is a function without arguments. The first check that fails in it
 * ends that test (in another thread than the main one: the program).
 */
#ifndef API_CHECK_H
#define API_CHECK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHECK_SKIPPED 77 /* the exit status that ctest takes for a skip */

struct check_test {
	const char *name;
	void (*run)(void);
};

#define CHECK_TEST(function)        \
	{                           \
#function, function \
	}

/*
 * Runs the tests, or those that argv names. The exit status: 0, 1, or
 * CHECK_SKIPPED when none ran and one was skipped.
 */
int check_run(int argc, char **argv, const struct check_test *tests, size_t nr);

void check_that(int holds, const char *what, const char *file, int line);
void check_equal(uint64_t left, uint64_t right, const char *what,
		 const char *file, int line);

/* Ends the running test without a verdict. */
__attribute__((noreturn)) void check_skip(const char *why);

/* printf to fd 2 of at most 500 bytes, without stdio's buffers. */
__attribute__((format(printf, 1, 2))) void check_note(const char *format, ...);

#define CHECK(condition) \
	check_that(!!(condition), #condition, __FILE__, __LINE__)
#define CHECK_EQ(left, right)                                                 \
	check_equal((uint64_t)(left), (uint64_t)(right), #left " == " #right, \
		    __FILE__, __LINE__)

/* The resident bytes of this process. */
size_t check_rss(void);

/* The bytes that the machine could still hand out. */
size_t check_available(void);

#ifdef __cplusplus
}
#endif

#endif /* API_CHECK_H */
