/*
 * A preload library that hooks what an allocator may call, and allocates in
 * each hook: mmap, munmap, mremap, mprotect, madvise, open and write. An
 * allocator that calls them through libc's symbols, or with its locks held,
 * does not survive it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void allocate(void)
{
	char *p = malloc(600);

	if (p)
		memset(p, 1, 600);
	free(p);
	free(malloc(70000));
}

#define HOOK(type, name, parameters, arguments)            \
	type name parameters                               \
	{                                                  \
		type(*real) parameters;                    \
		*(void **)&real = dlsym(RTLD_NEXT, #name); \
		allocate();                                \
		return real arguments;                     \
	}

HOOK(void *, mmap,
     (void *p, size_t size, int prot, int flags, int fd, off_t offset),
     (p, size, prot, flags, fd, offset))
HOOK(int, munmap, (void *p, size_t size), (p, size))
HOOK(int, mprotect, (void *p, size_t size, int prot), (p, size, prot))
HOOK(int, madvise, (void *p, size_t size, int advice), (p, size, advice))
HOOK(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))

void *mremap(void *p, size_t old, size_t size, int flags, ...)
{
	void *(*real)(void *, size_t, size_t, int, ...);

	*(void **)&real = dlsym(RTLD_NEXT, "mremap");
	allocate();
	return real(p, old, size, flags);
}

int open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...);
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	*(void **)&real = dlsym(RTLD_NEXT, "open");
	allocate();
	return real(path, flags, mode);
}
