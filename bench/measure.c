/*
 * The small parent: runs one command, optionally with LD_PRELOAD set for the
 * command alone, and writes what it cost to a file as one line of JSON.
 *
 *	measure -o RESULT [-p LIBRARY] [-s MILLISECONDS] COMMAND [ARGUMENT]...
 *
 * It is small and in C because a child's ru_maxrss starts at what its parent
 * had resident when it forked: under a fat parent every small row would show
 * the parent. With -s it also samples the child's resident set; this is for
 * extra runs whose time is not used.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct request {
	const char *result;
	const char *preload;
	long sample_ms;
	char **command;
};

static void die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(125);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static struct request parse(int argc, char **argv)
{
	struct request request = {0};
	int option;

	while ((option = getopt(argc, argv, "+o:p:s:")) != -1) {
		if (option == 'o')
			request.result = optarg;
		else if (option == 'p')
			request.preload = optarg;
		else if (option == 's')
			request.sample_ms = strtol(optarg, NULL, 10);
		else
			exit(125);
	}
	request.command = argv + optind;
	if (request.result == NULL || *request.command == NULL) {
		fputs("usage: measure -o RESULT [-p LIBRARY] [-s MS] "
		      "COMMAND [ARGUMENT]...\n",
		      stderr);
		exit(125);
	}
	return request;
}

static pid_t start(const struct request *request)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	if (request->preload != NULL)
		setenv("LD_PRELOAD", request->preload, 1);
	execvp(request->command[0], request->command);
	die(request->command[0]);
	return -1;
}

/* Resident KiB, or -1 when the child is gone. */
static long resident(pid_t pid)
{
	char path[64];
	long size, pages;
	FILE *statm;
	int fields;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	statm = fopen(path, "r");
	if (statm == NULL)
		return -1;
	fields = fscanf(statm, "%ld %ld", &size, &pages);
	fclose(statm);
	return fields == 2 ? pages * (sysconf(_SC_PAGESIZE) / 1024) : -1;
}

static void sample(FILE *out, pid_t pid, double begin, long every_ms)
{
	const struct timespec pause = {every_ms / 1000,
				       every_ms % 1000 * 1000000};
	const char *separator = "";
	siginfo_t info = {0};

	fputs("\"samples\": [", out);
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		       0 &&
	       info.si_pid == 0) {
		long kb = resident(pid);

		if (kb > 0) {
			fprintf(out, "%s[%.4f, %ld]", separator, now() - begin,
				kb);
			separator = ", ";
		}
		nanosleep(&pause, NULL);
	}
	fputs("], ", out);
}

int main(int argc, char **argv)
{
	struct request request = parse(argc, argv);
	struct rusage usage;
	double begin = now();
	int status;
	FILE *out = fopen(request.result, "we");
	pid_t pid;

	if (out == NULL)
		die(request.result);
	pid = start(&request);
	fputc('{', out);
	if (request.sample_ms > 0)
		sample(out, pid, begin, request.sample_ms);
	while (wait4(pid, &status, 0, &usage) < 0) {
		if (errno != EINTR)
			die("wait4");
	}
	fprintf(out,
		"\"exit\": %d, \"signal\": %d, \"wall\": %.6f, "
		"\"user\": %.6f, \"system\": %.6f, \"maxrss_kb\": %ld, "
		"\"faults\": %ld}\n",
		WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		WIFSIGNALED(status) ? WTERMSIG(status) : 0, now() - begin,
		seconds(usage.ru_utime), seconds(usage.ru_stime),
		usage.ru_maxrss, usage.ru_minflt);
	return fclose(out) == 0 ? 0 : 125;
}
