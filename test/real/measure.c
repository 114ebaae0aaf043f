/*
 * Runs a command and writes what it cost.
 *
 *   measure REPORT LD_PRELOAD-VALUE COMMAND [ARGUMENT...]
 *
 * REPORT gets one line: exit status (128 + signal when killed), seconds, and
 * the peak resident KiB of the largest process among the command and the
 * children it waited for.
 *
 * The kernel counts the memory that a process had before exec() into its peak,
 * so the parent has to be small: an interpreter that started /bin/true would
 * measure itself. LD_PRELOAD is set here, in the child only, for this reason
 * and so that the measuring is not measured.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_ARGUMENT = 3, EXIT_USAGE = 2, EXIT_NO_EXEC = 127 };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void run_child(const char *preload, char **argv)
{
	if (*preload && setenv("LD_PRELOAD", preload, 1))
		_exit(EXIT_NO_EXEC);
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "measure: %s: %s\n", argv[0], strerror(errno));
	_exit(EXIT_NO_EXEC);
}

static int exit_status(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

static int write_report(const char *path, int status, double seconds, long kib)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return -1;
	fprintf(f, "%d %.3f %ld\n", status, seconds, kib);
	return fclose(f);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int wait_status;
	double start;
	pid_t pid;

	if (argc <= FIRST_ARGUMENT) {
		fprintf(stderr, "usage: measure REPORT PRELOAD COMMAND...\n");
		return EXIT_USAGE;
	}
	start = now();
	pid = fork();
	if (pid < 0) {
		perror("measure: fork");
		return EXIT_USAGE;
	}
	if (pid == 0)
		run_child(argv[2], argv + FIRST_ARGUMENT);
	while (wait4(pid, &wait_status, 0, &usage) < 0) {
		if (errno != EINTR)
			return EXIT_USAGE;
	}
	if (write_report(argv[1], exit_status(wait_status), now() - start,
			 usage.ru_maxrss)) {
		perror(argv[1]);
		return EXIT_USAGE;
	}
	return 0;
}
