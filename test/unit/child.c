/* Children, faults, and what the kernel says of memory. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define CHILD_SECONDS 60

static void read_all(int fd, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t n;

	/* What does not fit is read and dropped, or the child would wait. */
	for (;;) {
		char drop[256];
		bool full = used + 1 >= size;

		n = full ? read(fd, drop, sizeof(drop))
			 : read(fd, buf + used, size - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += full ? 0 : (size_t)n;
	}
	buf[used] = '\0';
}

struct unit_child unit_child(int (*fn)(void *arg), void *arg)
{
	struct unit_child c = {0};
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(CHILD_SECONDS);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		_exit(fn(arg));
	}
	close(fds[1]);
	read_all(fds[0], c.output, sizeof(c.output));
	close(fds[0]);
	assert_int_equal(waitpid(pid, &c.status, 0), pid);
	return c;
}

void unit_child_says(const char *what, const char *file, int line)
{
	struct report r;

	report_begin(&r);
	text_str(&r.text, file);
	text_char(&r.text, ':');
	text_dec(&r.text, (uint64_t)line);
	text_str(&r.text, ": not true: ");
	text_str(&r.text, what);
	report_end(&r);
}

void unit_child_passes(int (*fn)(void *arg), void *arg)
{
	struct unit_child c = unit_child(fn, arg);

	if (!WIFEXITED(c.status) || WEXITSTATUS(c.status))
		fail_msg("the child ended with status 0x%x: %s",
			 (unsigned int)c.status, c.output);
}

void unit_child_aborts(int (*fn)(void *arg), void *arg, const char *message)
{
	struct unit_child c = unit_child(fn, arg);

	if (!WIFSIGNALED(c.status) || WTERMSIG(c.status) != SIGABRT)
		fail_msg("no SIGABRT but status 0x%x: %s",
			 (unsigned int)c.status, c.output);
	if (!strstr(c.output, message))
		fail_msg("'%s' is not in: %s", message, c.output);
}

static sigjmp_buf fault_return;

static void on_fault(int sig)
{
	siglongjmp(fault_return, sig);
}

bool unit_faults(const volatile void *p)
{
	struct sigaction action = {.sa_handler = on_fault}, segv, bus;
	bool faulted;

	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	faulted = sigsetjmp(fault_return, 1) != 0;
	if (!faulted)
		(void)*(const volatile char *)p;
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return faulted;
}

size_t unit_resident(const void *p, size_t len)
{
	size_t os_page = os_page_size();
	size_t nr = len / os_page;
	unsigned char *in = malloc(nr ? nr : 1);
	size_t resident = 0;

	assert_non_null(in);
	assert_int_equal(mincore((void *)(uintptr_t)p, len, in), 0);
	for (size_t i = 0; i < nr; i++)
		resident += in[i] & 1;
	free(in);
	return resident * os_page;
}

struct unit_mapping unit_mapping_of(const void *p)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	struct unit_mapping m = {0, 0, ""};
	unsigned long start, end;
	bool found = false;
	char line[512];

	assert_non_null(smaps);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
			m.start = start;
			m.end = end;
			found = (uintptr_t)p >= start && (uintptr_t)p < end;
		} else if (found && !strncmp(line, "VmFlags:", 8)) {
			snprintf(m.flags, sizeof(m.flags), "%s", line);
			break;
		}
	}
	fclose(smaps);
	assert_true(found);
	return m;
}

size_t unit_address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return (size_t)pages * os_page_size();
}
