/* Telling the user. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "report.h"
#include "syscall.h"

#define STDERR 2

int os_write(int fd, const char *buf, size_t len)
{
	while (len) {
		long n = syscall3(__NR_write, fd, buf, len);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n ? (int)n : -EIO;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

void report_begin(struct report *r)
{
	text_init(&r->text, r->buf, sizeof(r->buf));
	text_str(&r->text, "libbuddy: ");
}

void report_end(struct report *r)
{
	text_char(&r->text, '\n');
	(void)os_write(STDERR, r->text.buf, r->text.used);
}

void report_abort(struct report *r)
{
	report_end(r);
	abort();
}
