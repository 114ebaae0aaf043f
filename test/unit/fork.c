/* os/fork: every kind of child has an epoch of its own. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static void test_epoch_stays(void **state)
{
	uint32_t epoch = fork_epoch();

	(void)state;
	assert_true(epoch >= 1 && epoch <= FORK_EPOCH_MAX);
	for (int i = 0; i < 100; i++)
		assert_int_equal(fork_epoch(), epoch);
}

static int epoch_differs(void *arg)
{
	uint32_t parents = *(uint32_t *)arg;
	uint32_t mine = fork_epoch();

	CHILD_CHECK(mine != parents);
	CHILD_CHECK(mine == fork_epoch());
	return 0;
}

static void test_child_differs(void **state)
{
	uint32_t epoch = fork_epoch();

	(void)state;
	for (int i = 0; i < 5; i++)
		unit_child_passes(epoch_differs, &epoch);
	assert_int_equal(fork_epoch(), epoch);
}

static int generations(void *arg)
{
	uint32_t seen[8] = {*(uint32_t *)arg};
	int n = 1;

	/* Each child asks, forks, and passes its child's verdict on. */
	for (; n < (int)ARRAY_SIZE(seen); n++) {
		int status;
		pid_t pid;

		seen[n] = fork_epoch();
		for (int i = 0; i < n; i++)
			CHILD_CHECK(seen[i] != seen[n]);
		pid = fork();
		CHILD_CHECK(pid >= 0);
		if (!pid)
			continue;
		CHILD_CHECK(waitpid(pid, &status, 0) == pid);
		return status != 0;
	}
	return 0;
}

static void test_generations_differ(void **state)
{
	uint32_t epoch = fork_epoch();

	(void)state;
	unit_child_passes(generations, &epoch);
}

/* A fork that runs no pthread_atfork handlers. */
static pid_t raw_fork(void)
{
	return (pid_t)syscall5(__NR_clone, SIGCHLD, 0, 0, 0, 0);
}

static void test_raw_clone_differs(void **state)
{
	uint32_t epoch = fork_epoch();
	int status;
	pid_t pid = raw_fork();

	(void)state;
	assert_true(pid >= 0);
	if (!pid)
		_exit(fork_epoch() == epoch);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static uint32_t epoch_of_vfork;

static int ask_in_vfork(void *arg)
{
	(void)arg;
	epoch_of_vfork = fork_epoch();
	return 0;
}

static void test_vfork_is_the_same_process(void **state)
{
	static char stack[65536] __attribute__((aligned(64)));
	uint32_t epoch = fork_epoch();
	int status;
	pid_t pid;

	(void)state;
	/* It shares the memory, so the locks are its parent's. */
	pid = clone(ask_in_vfork, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(epoch_of_vfork, epoch);
	assert_int_equal(fork_epoch(), epoch);
}

enum { ASKERS = 8 };

static void *ask(void *arg)
{
	*(uint32_t *)arg = fork_epoch();
	return NULL;
}

/* The threads of a new process agree, whoever asks first. */
static int threads_agree(void *arg)
{
	uint32_t seen[ASKERS];
	pthread_t threads[ASKERS];
	uint32_t parents = *(uint32_t *)arg;

	for (int i = 0; i < ASKERS; i++)
		CHILD_CHECK(!pthread_create(&threads[i], NULL, ask, &seen[i]));
	for (int i = 0; i < ASKERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < ASKERS; i++) {
		CHILD_CHECK(seen[i] == fork_epoch());
		CHILD_CHECK(seen[i] != parents);
	}
	return 0;
}

static void test_threads_of_a_child_agree(void **state)
{
	uint32_t epoch = fork_epoch();

	(void)state;
	for (int i = 0; i < 20; i++)
		unit_child_passes(threads_agree, &epoch);
}

static void test_threads_of_a_new_process_agree(void **state)
{
	uint32_t none = 0;

	(void)state;
	/* The very first question of all: no mark is there yet. */
	for (int i = 0; i < 20; i++)
		unit_child_passes(threads_agree, &none);
}

static void test_works_without_the_page(void **state)
{
	uint32_t epoch;

	(void)state;
	/* Where the page cannot be had the process id stands in for it. */
	inject_arm(INJECT_MAP, 1, true);
	epoch = fork_epoch();
	assert_true(inject_count(INJECT_MAP) > 0);
	inject_disarm();
	assert_true(epoch >= 1);
	assert_int_equal(fork_epoch(), epoch);
	unit_child_passes(epoch_differs, &epoch);
	unit_child_passes(generations, &epoch);
	unit_child_passes(threads_agree, &epoch);
}

UNIT_MAIN(TEST(test_epoch_stays), TEST(test_child_differs),
	  TEST(test_generations_differ), TEST(test_raw_clone_differs),
	  TEST(test_vfork_is_the_same_process),
	  TEST(test_threads_of_a_child_agree),
	  TEST(test_threads_of_a_new_process_agree),
	  TEST(test_works_without_the_page))
