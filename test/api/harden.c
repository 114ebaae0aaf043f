/*
 * Breaks one rule that only the hardened mode sees, and ends with status 0
 * when nobody stops it. harden.py runs it and reads what libbuddy has to say.
 *
 * usage: harden CRIME [SIZE]
 *
 * The pointer that goes wrong is printed on fd 1 first, as the report should
 * show it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "family.h"

static size_t size = 100;

/* Out of the compiler's sight, which would warn of what is done here. */
static void *volatile hidden;

static void *hide(void *ptr)
{
	hidden = ptr;
	return hidden;
}

/* A live block, filled, with another beside it so that its slab stays. */
static char *block(void)
{
	char *ptr;

	(void)hide(family.malloc(size));
	ptr = hide(family.malloc(size));
	CHECK(ptr != NULL);
	memset(ptr, 0x55, size);
	dprintf(STDOUT_FILENO, "%p\n", (void *)ptr);
	return ptr;
}

static void overflow_by_one(void)
{
	char *ptr = block();

	ptr[size] ^= 0x20;
	family.free(hide(ptr));
}

static void overflow_by_a_nul(void)
{
	char *ptr = block();

	ptr[size] = '\0';
	ptr = hide(family.realloc(hide(ptr), size + 1));
}

static void overflow_far(void)
{
	char *ptr = block();

	memset(ptr + size, 0x20, (size_t)1 << 20);
}

static void overflow_of_calloc(void)
{
	char *ptr = hide(family.calloc(size, 1));

	dprintf(STDOUT_FILENO, "%p\n", (void *)ptr);
	ptr[size] ^= 1;
	family.free(hide(ptr));
}

static void overflow_of_aligned(void)
{
	char *ptr = hide(family.aligned_alloc(64, size));

	dprintf(STDOUT_FILENO, "%p\n", (void *)ptr);
	ptr[size] ^= 1;
	family.free_aligned_sized(hide(ptr), 64, size);
}

static void write_after_free(void)
{
	char *ptr = block();

	family.free(ptr);
	ptr = hide(ptr);
	ptr[size / 2] ^= 1;
	for (int i = 0; i < 200000; i++)
		family.free(hide(family.malloc(size)));
}

static void read_after_free(void)
{
	char *ptr = block();

	family.free(ptr);
	ptr = hide(ptr);
	if (ptr[size / 2] == 0x55)
		_exit(9);
}

static void double_free_delayed(void)
{
	char *ptr = block();

	family.free(ptr);
	for (int i = 0; i < 20; i++)
		family.free(hide(family.malloc(size)));
	family.free(hide(ptr));
}

static void use_of_freed(void)
{
	char *ptr = block();

	family.free(ptr);
	for (int i = 0; i < 20; i++)
		family.free(hide(family.malloc(size)));
	(void)family.malloc_usable_size(hide(ptr));
}

static void wrong_size(void)
{
	family.free_sized(block(), size - 1);
}

/* What may be written to is what malloc_usable_size says. */
static void all_that_is_usable(void)
{
	for (size = 0; size < 3000000; size += 1 + size / 5) {
		char *ptr = hide(family.malloc(size));

		memset(ptr, 1, family.malloc_usable_size(ptr));
		ptr = hide(family.realloc(ptr, size + 7));
		memset(ptr, 2, family.malloc_usable_size(ptr));
		family.free(ptr);
	}
}

struct crime {
	const char *name;
	void (*run)(void);
};

#define CRIME(name)         \
	{                   \
#name, name \
	}

static const struct crime crimes[] = {
	CRIME(overflow_by_one),	    CRIME(overflow_by_a_nul),
	CRIME(overflow_far),	    CRIME(overflow_of_calloc),
	CRIME(overflow_of_aligned), CRIME(write_after_free),
	CRIME(read_after_free),	    CRIME(double_free_delayed),
	CRIME(use_of_freed),	    CRIME(wrong_size),
	CRIME(all_that_is_usable),
};

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (argc > 2)
		size = strtoull(argv[2], NULL, 0);
	for (size_t i = 0; i < sizeof(crimes) / sizeof(*crimes); i++)
		if (!strcmp(crimes[i].name, argv[1])) {
			crimes[i].run();
			return 0;
		}
	return 2;
}
