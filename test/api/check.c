/* The harness: see check.h. Nothing here may allocate. */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum verdict { PASSED = 1, FAILED, SKIPPED };

static sigjmp_buf leave;
static pthread_t runner;

void check_note(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (len < 0)
		return;
	if ((size_t)len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len] = '\n';
	ssize_t written = write(STDERR_FILENO, line, (size_t)len + 1);
	(void)written;
}

__attribute__((noreturn)) static void finish(enum verdict verdict)
{
	if (!pthread_equal(pthread_self(), runner))
		_exit(verdict == FAILED ? 1 : CHECK_SKIPPED);
	siglongjmp(leave, verdict);
}

void check_that(int holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	check_note("%s:%d: failed: %s", file, line, what);
	finish(FAILED);
}

void check_equal(uint64_t left, uint64_t right, const char *what,
		 const char *file, int line)
{
	if (left == right)
		return;
	check_note("%s:%d: failed: %s (%#llx, %#llx)", file, line, what,
		   (unsigned long long)left, (unsigned long long)right);
	finish(FAILED);
}

void check_skip(const char *why)
{
	check_note("skipped: %s", why);
	finish(SKIPPED);
}

static int wanted(int argc, char **argv, const char *name)
{
	if (argc < 2)
		return 1;
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return 1;
	return 0;
}

/* In a function of its own: setjmp spoils the locals of its caller. */
__attribute__((noinline)) static enum verdict judge(void (*run)(void))
{
	int verdict = sigsetjmp(leave, 1);

	if (verdict)
		return (enum verdict)verdict;
	run();
	return PASSED;
}

int check_run(int argc, char **argv, const struct check_test *tests, size_t nr)
{
	static const char *const words[] = {"", "ok", "FAILED", "skipped"};
	size_t count[4] = {0};

	runner = pthread_self();
	for (size_t i = 0; i < nr; i++) {
		if (!wanted(argc, argv, tests[i].name))
			continue;
		enum verdict verdict = judge(tests[i].run);
		count[verdict]++;
		check_note("%-8s %s", words[verdict], tests[i].name);
	}
	if (count[FAILED] || (!count[PASSED] && !count[SKIPPED]))
		return 1;
	return count[PASSED] ? 0 : CHECK_SKIPPED;
}

/* A file of /proc as a string; empty when it cannot be read. */
static void slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[len > 0 ? len : 0] = '\0';
}

size_t check_rss(void)
{
	char text[256];
	unsigned long total, resident;

	slurp("/proc/self/statm", text, sizeof(text));
	if (sscanf(text, "%lu %lu", &total, &resident) != 2)
		return 0;
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

size_t check_available(void)
{
	char text[4096];

	slurp("/proc/meminfo", text, sizeof(text));
	const char *at = strstr(text, "MemAvailable:");
	if (!at)
		return 0;
	return strtoul(at + strlen("MemAvailable:"), NULL, 10) << 10;
}
