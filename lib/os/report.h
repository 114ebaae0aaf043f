/* Telling the user: on file descriptor 2, without stdio or allocation. */
#ifndef OS_REPORT_H
#define OS_REPORT_H

#include <stddef.h>

#include "base/base.h"

#define REPORT_SIZE 1024

/*
 * A message under construction. It is written as a whole, so that those of
 * several threads do not mix; "libbuddy: " stands before it.
 */
struct report {
	struct text text;
	char buf[REPORT_SIZE];
};

void report_begin(struct report *r);

/* Writes it. */
void report_end(struct report *r);

/* Writes it, and ends the process with SIGABRT. */
noreturn_fn void report_abort(struct report *r);

/* Writes all of buf. 0 or -errno. */
int os_write(int fd, const char *buf, size_t len);

#endif
