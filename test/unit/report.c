/* os/report: messages on fd 2. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static int say(void *arg)
{
	struct report r;

	report_begin(&r);
	text_str(&r.text, arg);
	report_end(&r);
	return 0;
}

static void test_message(void **state)
{
	struct unit_child c = unit_child(say, "all is well");

	(void)state;
	assert_int_equal(c.status, 0);
	assert_string_equal(c.output, "libbuddy: all is well\n");
}

static void test_long_message_is_cut(void **state)
{
	char text[2 * REPORT_SIZE];
	struct unit_child c;

	(void)state;
	memset(text, 'y', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	c = unit_child(say, text);
	assert_int_equal(c.status, 0);
	assert_int_equal(strlen(c.output), REPORT_SIZE - 1);
}

static int say_and_abort(void *arg)
{
	struct report r;

	report_begin(&r);
	text_str(&r.text, arg);
	report_abort(&r);
}

static void test_abort(void **state)
{
	(void)state;
	unit_child_aborts(say_and_abort, "this is the end",
			  "libbuddy: this is the end\n");
}

static void test_write_errors(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(os_write(-1, "x", 1), -EBADF);
	assert_int_equal(os_write(-1, "x", 0), 0);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(os_write(fds[1], "x", 1), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	/* As much as goes in, and then an error instead of a loop. */
	for (int i = 0; i < 1000; i++) {
		static const char block[4096];
		int err = os_write(fds[1], block, sizeof(block));

		if (err) {
			assert_int_equal(err, -EAGAIN);
			return;
		}
	}
	fail_msg("a pipe without a reader never filled");
}

UNIT_MAIN(TEST(test_message), TEST(test_long_message_is_cut), TEST(test_abort),
	  TEST(test_write_errors))
