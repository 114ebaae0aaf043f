/*
 * An allocator that is wrong on purpose, to prove that the real-program run
 * notices. BROKEN in the environment says how: "message" prints a report as
 * libbuddy would, "output" adds to stdout, "zero" leaves dirt in calloc's
 * memory, "crash" aborts at the 100th malloc, "fat" uses 4 MiB at start;
 * anything else is glibc's malloc.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);

enum { CRASH_AT = 100, FAT_BYTES = 4 << 20, DIRT = 0x20 };

static int dirty_zero;
static int crash_in;

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		abort();
}

__attribute__((constructor)) static void choose(void)
{
	const char *how = getenv("BROKEN");

	if (!how)
		return;
	dirty_zero = !strcmp(how, "zero");
	crash_in = strcmp(how, "crash") ? 0 : CRASH_AT;
	if (!strcmp(how, "message"))
		say(STDERR_FILENO, "libbuddy: an example\n");
	if (!strcmp(how, "output"))
		say(STDOUT_FILENO, "one line more\n");
	if (!strcmp(how, "fat"))
		memset(__libc_malloc(FAT_BYTES), DIRT, FAT_BYTES);
}

void *malloc(size_t size)
{
	if (crash_in && --crash_in == 0)
		abort();
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	char *block = __libc_calloc(count, size);
	size_t bytes = count * size;

	if (dirty_zero && block && bytes > 0)
		block[bytes - 1] = DIRT;
	return block;
}
