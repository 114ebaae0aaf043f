/*
 * A preload that says whose malloc a process got.
 *
 * It stands before the library under test in LD_PRELOAD. At start it appends
 * one line to the file that REAL_WITNESS names: "yes PROGRAM" when malloc is
 * the library's (REAL_LIBRARY), else "no PROGRAM OWNER". A file descriptor is
 * held for a moment only, and nothing is printed, so the process under test
 * behaves as without it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *owner_of(const void *function)
{
	Dl_info info;

	if (!function || !dladdr(function, &info) || !info.dli_fname)
		return "nobody";
	return info.dli_fname;
}

__attribute__((constructor)) static void witness(void)
{
	const char *library = getenv("REAL_LIBRARY");
	const char *report = getenv("REAL_WITNESS");
	char line[PATH_MAX + NAME_MAX];
	const char *owner;
	int fd, len;

	if (!library || !report)
		return;
	/*
	 * The next malloc behind this object, not "&malloc": in a program
	 * that is not position-independent that may be the program's stub.
	 */
	owner = owner_of(dlsym(RTLD_NEXT, "malloc"));
	if (!strcmp(owner, library))
		len = snprintf(line, sizeof(line), "yes %s\n",
			       program_invocation_short_name);
	else
		len = snprintf(line, sizeof(line), "no %s %s\n",
			       program_invocation_short_name, owner);
	fd = open(report, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return;
	if (write(fd, line, (size_t)len) != len)
		abort();
	close(fd);
}
