/*
 * RTLD_DEEPBIND and a malloc that is preloaded.
 *
 * It makes a plug-in prefer the names of its own libraries, and one of these is
 * the C library: its malloc and free then serve the plug-in, this library's the
 * rest of the process, and the first block that crosses ends it. PHP loads all
 * of its extensions so. Without the flag a plug-in finds a name in the process
 * first, as plug-ins do everywhere else.
 *
 * To the C library the caller of dlopen() is whoever the call returns to, and
 * it searches that one's RUNPATH. So the call goes on as a jump.
 */
#include <dlfcn.h>

#include "heap/heap.h"

typedef void *(*dlopen_fn)(const char *, int);

static dlopen_fn next_dlopen(void)
{
	static dlopen_fn found;
	dlopen_fn next = READ_ONCE(found);

	if (!next) {
		*(void **)&next = dlsym(RTLD_NEXT, "dlopen");
		WRITE_ONCE(found, next);
	}
	return next;
}

static int mode_without_deepbind(int mode)
{
	options_init();
	return options.deepbind ? mode : mode & ~RTLD_DEEPBIND;
}

exported tail_calls void *dlopen(const char *file, int mode)
{
	dlopen_fn next = next_dlopen();

	mode = mode_without_deepbind(mode);
	must_tail return next(file, mode);
}
