/* Running tests, each in a process of its own; seeds. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* A test that takes longer hangs; also one that spins with signals masked. */
#define TEST_SECONDS 120

#define LONG_FACTOR 50u

static char **arguments;
static int nr_arguments;

static const char *argument_of(const char *option)
{
	for (int i = 1; i + 1 < nr_arguments; i++)
		if (!strcmp(arguments[i], option))
			return arguments[i + 1];
	return NULL;
}

uint64_t unit_seed(void)
{
	static uint64_t seed;
	static bool known;
	const char *given = argument_of("--seed");

	if (known)
		return seed;
	if (!given)
		given = getenv("BUDDY_SEED");
	seed = given ? strtoull(given, NULL, 0)
		     : os_milliseconds() ^ (uint64_t)os_getpid() << 32;
	known = true;
	printf("seed: %llu (repeat with --seed or BUDDY_SEED)\n",
	       (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

uint64_t unit_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static unsigned int share_of(const char *variable)
{
	const char *share = getenv(variable);
	int n = share ? atoi(share) : 1;

	return n > 0 ? (unsigned int)n : 1;
}

unsigned int unit_steps(unsigned int steps)
{
	const char *wanted = getenv("BUDDY_TEST_LONG");

	if (wanted && *wanted == '1')
		return steps * LONG_FACTOR / share_of("BUDDY_TEST_LONG_SHARE");
	return steps / unit_share();
}

unsigned int unit_share(void)
{
	return share_of("BUDDY_TEST_SHARE");
}

static bool is_left_out(const char *name)
{
	for (int i = 1; i + 1 < nr_arguments; i++)
		if (!strcmp(arguments[i], "--without") &&
		    !strcmp(arguments[i + 1], name))
			return true;
	return false;
}

/* Without names among the arguments every test is wanted. */
static bool is_named(const char *name)
{
	bool named = false;

	for (int i = 1; i < nr_arguments; i++) {
		if (!strcmp(arguments[i], "--seed") ||
		    !strcmp(arguments[i], "--without")) {
			i++;
			continue;
		}
		if (arguments[i][0] == '-')
			continue;
		if (strstr(name, arguments[i]))
			return true;
		named = true;
	}
	return !named;
}

/* The process's end without destructors: those are the parent's business. */
static void end_child(int status)
{
	fflush(NULL);
	_exit(status);
}

static void limit_child(void)
{
	struct rlimit cpu = {TEST_SECONDS, TEST_SECONDS};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CPU, &cpu);
	alarm(TEST_SECONDS);
}

static bool run_one(const struct CMUnitTest *test)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		limit_child();
		end_child(_cmocka_run_group_tests(test->name, test, 1, NULL,
						  NULL) != 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	if (WIFSIGNALED(status))
		printf("%s: ended by signal %d (%s)\n", test->name,
		       WTERMSIG(status), strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

int unit_main(int argc, char **argv, const struct CMUnitTest *tests, size_t nr)
{
	unsigned int run = 0, failed = 0;

	arguments = argv;
	nr_arguments = argc;
	for (size_t i = 0; i < nr; i++) {
		if (!is_named(tests[i].name) || is_left_out(tests[i].name))
			continue;
		run++;
		if (run_one(&tests[i]))
			continue;
		failed++;
		printf("FAILED: %s\n", tests[i].name);
	}
	printf("%u tests, %u failed\n", run, failed);
	return failed || !run;
}
