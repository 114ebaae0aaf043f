/* The malloc family by name: see family.h. */
#include "family.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "buddy.h"
#include "check.h"

struct family family;

int family_is_standin(void)
{
	return getenv("API_STANDIN") != NULL;
}

int family_is_static(void)
{
#ifdef API_STATIC
	return 1;
#else
	return 0;
#endif
}

#ifdef API_DIRECT

/* The names that glibc exports without a declaration, or not at all. */
void cfree(void *ptr);
void free_sized(void *ptr, size_t size);
void free_aligned_sized(void *ptr, size_t alignment, size_t size);
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);
void __libc_free(void *ptr);
#if !__GLIBC_PREREQ(2, 33)
struct family_info mallinfo2(void);
#endif

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#define ADDRESS(name) ((void *)(name))

static size_t owned_size(void *ptr)
{
	return buddy_usable_size(ptr);
}

int family_is_ours(const char *name, const void *address)
{
#ifdef API_STATIC
	return name && address;
#else
	Dl_info program, symbol;

	/* What the C library calls must be the program's, too. */
	void *seen = family_symbol(name);
	return dladdr(&family, &program) && dladdr(address, &symbol) &&
	       program.dli_fbase == symbol.dli_fbase &&
	       (!seen || seen == address);
#endif
}

#else /* linked to nothing of ours */

#define ADDRESS(name) dlsym(RTLD_DEFAULT, #name)

static size_t owned_size(void *ptr)
{
	static size_t (*usable)(const void *);

	if (!usable) {
		*(void **)&usable = dlsym(RTLD_DEFAULT, "buddy_usable_size");
		CHECK(usable != NULL);
	}
	return usable(ptr);
}

int family_is_ours(const char *name, const void *address)
{
	Dl_info symbol;

	(void)name;
	return address && dladdr(address, &symbol) &&
	       strstr(symbol.dli_fname, "libbuddy.so");
}

#endif

void *family_symbol(const char *name)
{
#ifdef API_STATIC
	(void)name;
	return NULL;
#else
	return dlsym(RTLD_DEFAULT, name);
#endif
}

int family_owns(void *ptr)
{
	if (family_is_standin())
		return ptr != NULL;
	return ptr && owned_size(ptr) > 0;
}

#define FILL(result, name, arguments)                            \
	{                                                        \
		void *address = ADDRESS(name);                   \
		memcpy(&family.name, &address, sizeof(address)); \
	}

__attribute__((constructor(101))) static void family_fill(void)
{
	FAMILY_ALL(FILL)
}
