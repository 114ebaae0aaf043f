/* os/process: who and where this process is. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

static void *own_tid(void *arg)
{
	*(int *)arg = os_gettid();
	return NULL;
}

static void test_ids(void **state)
{
	pthread_t thread;
	int tid = 0;

	(void)state;
	assert_int_equal(os_getpid(), getpid());
	assert_int_equal(os_gettid(), getpid());
	pthread_create(&thread, NULL, own_tid, &tid);
	pthread_join(thread, NULL);
	assert_int_not_equal(tid, os_gettid());
	assert_true(tid > 0);
}

static void test_threads_that_are_gone(void **state)
{
	struct timespec ms = {.tv_nsec = 1000000};
	pthread_t thread;
	int tid;

	(void)state;
	assert_true(os_thread_exists(os_gettid()));
	pthread_create(&thread, NULL, own_tid, &tid);
	pthread_join(thread, NULL);
	/* The kernel may need a moment after the join. */
	for (int i = 0; i < 1000 && os_thread_exists(tid); i++)
		nanosleep(&ms, NULL);
	assert_false(os_thread_exists(tid));
	/* Of another process there is no thread here. */
	assert_false(os_thread_exists(1));
}

static void test_cpus(void **state)
{
	cpu_set_t one;

	(void)state;
	assert_true(os_nr_cpus() >= 1);
	assert_true(os_nr_cpus() <=
		    (unsigned int)sysconf(_SC_NPROCESSORS_CONF));
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(os_nr_cpus(), 1);
}

static void test_getenv(void **state)
{
	bool ready = false;

	(void)state;
	setenv("UNIT_X", "value", 1);
	setenv("UNIT_X_LONGER", "other", 1);
	setenv("UNIT_EMPTY", "", 1);
	assert_string_equal(os_getenv("UNIT_X", &ready), "value");
	assert_true(ready);
	assert_string_equal(os_getenv("UNIT_EMPTY", &ready), "");
	assert_null(os_getenv("UNIT_NONE", &ready));
	assert_null(os_getenv("UNIT_", &ready));
	assert_true(ready);
}

static void test_no_environment_yet(void **state)
{
	char **saved = environ;
	bool ready = true;

	(void)state;
	environ = NULL;
	assert_null(os_getenv("PATH", &ready));
	environ = saved;
	assert_false(ready);
}

static void test_keep_fd(void **state)
{
	int fd = open("/dev/null", O_WRONLY);
	int kept = os_keep_fd(fd);

	(void)state;
	assert_true(kept > fd);
	assert_true(kept >= 100);
	assert_true(fcntl(kept, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(os_write(kept, "x", 1), 0);
	close(kept);
	assert_int_equal(os_keep_fd(fd), -EBADF);
}

UNIT_MAIN(TEST(test_ids), TEST(test_threads_that_are_gone), TEST(test_cpus),
	  TEST(test_getenv), TEST(test_no_environment_yet), TEST(test_keep_fd))
