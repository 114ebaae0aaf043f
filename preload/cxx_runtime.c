/* The C++ runtime of the program, found when memory runs out. */
#include <dlfcn.h>

#include "cxx_runtime.h"
#include "os/os.h"

typedef void (*handler_fn)(void);
typedef handler_fn (*get_handler_fn)(void);

/*
 * In libbuddy.a this file comes with the operators, into C++ programs only:
 * there the references are strong, so that a static runtime is pulled in.
 */
#ifdef BUDDY_SHARED
#define OPTIONAL __attribute__((weak))
#else
#define OPTIONAL
#endif
#pragma weak dlopen
#pragma weak dlsym
#pragma weak dlclose

extern handler_fn
get_new_handler(void) __asm__("_ZSt15get_new_handlerv") OPTIONAL;
extern void throw_bad_alloc(void) __asm__("_ZSt17__throw_bad_allocv") OPTIONAL;

/* The function of that name in a runtime that is loaded, however it was. */
static void *find(const char *name)
{
	static const char *const runtimes[] = {"libstdc++.so.6", "libc++.so.1"};

	if (!dlopen) /* a static executable */
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		void *lib = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);
		void *f = lib ? dlsym(lib, name) : NULL;

		if (lib)
			dlclose(lib);
		if (f)
			return f;
	}
	return NULL;
}

void (*cxx_new_handler(void))(void)
{
	get_handler_fn get = get_new_handler;

	if (!get)
		get = (get_handler_fn)find("_ZSt15get_new_handlerv");
	return get ? get() : NULL;
}

void cxx_throw_bad_alloc(void)
{
	handler_fn throw_it = throw_bad_alloc;
	struct report r;

	if (!throw_it)
		throw_it = (handler_fn)find("_ZSt17__throw_bad_allocv");
	if (throw_it)
		throw_it();
	report_begin(&r);
	text_str(&r.text, "out of memory in operator new, and no C++ runtime "
			  "to throw bad_alloc");
	report_abort(&r);
}

bool cxx_new_nothrow(void **out, size_t size, size_t alignment)
{
	static const char tag; /* std::nothrow_t has no contents */
	void *f;

	if (alignment) {
		f = find("_ZnwmSt11align_val_tRKSt9nothrow_t");
		if (f)
			*out = ((void *(*)(size_t, size_t, const void *))f)(
				size, alignment, &tag);
	} else {
		f = find("_ZnwmRKSt9nothrow_t");
		if (f)
			*out = ((void *(*)(size_t, const void *))f)(size, &tag);
	}
	return f != NULL;
}
