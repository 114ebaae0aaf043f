/* Who and where this process is. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "clock.h"
#include "process.h"

#define MAX_CPUS 1024
#define FIRST_KEPT_FD 100

bool os_thread_exists(int tid)
{
	return syscall3(__NR_tgkill, os_getpid(), tid, 0) != -ESRCH;
}

unsigned int os_nr_cpus(void)
{
	uint64_t set[MAX_CPUS / BITS_PER_WORD] = {0};
	long len = syscall3(__NR_sched_getaffinity, 0, sizeof(set), set);
	size_t nr;

	if (len <= 0)
		return 1;
	nr = bitmap_count_range(set, 0, MAX_CPUS);
	return nr ? (unsigned int)nr : 1;
}

const char *os_getenv(const char *name, bool *ready)
{
	size_t len = strlen(name);

	*ready = environ != NULL;
	if (!environ || getauxval(AT_SECURE))
		return NULL;
	for (char **e = environ; *e; e++)
		if (!strncmp(*e, name, len) && (*e)[len] == '=')
			return *e + len + 1;
	return NULL;
}

int os_keep_fd(int fd)
{
	return (int)syscall3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, FIRST_KEPT_FD);
}

uint32_t os_minor_faults(void)
{
	struct rusage usage = {0};

	syscall2(__NR_getrusage, RUSAGE_SELF, &usage);
	return (uint32_t)usage.ru_minflt;
}

void os_sleep(unsigned int ms)
{
	struct timespec ts = {ms / MS_PER_S, ms % MS_PER_S * NS_PER_MS};

	syscall2(__NR_nanosleep, &ts, NULL);
}
