/*
 * Does one thing that no program may do, and ends with status 0 when nobody
 * stops it. misuse.py runs it and reads what libbuddy has to say.
 *
 * usage: misuse MISUSE [SIZE]
 *
 * The pointer that goes wrong is printed on fd 1 first, as the report should
 * show it.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "family.h"

static size_t size = 64;
static char in_the_data[4096];

/* Out of the compiler's sight, which would warn of what is done here. */
static void *volatile hidden;

static void *hide(void *ptr)
{
	hidden = ptr;
	return hidden;
}

static void *announce(void *ptr)
{
	dprintf(STDOUT_FILENO, "%p\n", ptr);
	return hide(ptr);
}

/* A live block with its ends written, among others of its size. */
static char *block(void)
{
	char *ptr = NULL;

	for (int i = 0; i < 3 && size < 1 << 24; i++)
		(void)hide(family.malloc(size));
	ptr = hide(family.malloc(size));
	CHECK(ptr != NULL);
	ptr[0] = ptr[size - 1] = 1;
	return ptr;
}

/* ---- double free ------------------------------------------------------ */

static void double_free(void)
{
	char *ptr = announce(block());

	family.free(ptr);
	family.free(hide(ptr));
}

static void double_free_by_realloc(void)
{
	char *ptr = announce(block());

	family.free(ptr);
	(void)hide(family.realloc(hide(ptr), 0));
}

static void double_free_delayed(void)
{
	char *ptr = announce(block());
	char *other[20];

	for (int i = 0; i < 20; i++)
		other[i] = block();
	family.free(ptr);
	for (int i = 0; i < 20; i++)
		family.free(other[i]);
	family.free(hide(ptr));
}

static void *free_it(void *ptr)
{
	family.free(hide(ptr));
	return NULL;
}

static void double_free_by_another_thread(void)
{
	/* A neighbour, or the pages might be another's by the second time. */
	char *neighbour = block(), *ptr = announce(block());
	pthread_t thread;

	family.free(ptr);
	CHECK(!pthread_create(&thread, NULL, free_it, ptr));
	pthread_join(thread, NULL);
	family.free(neighbour);
}

static void double_free_after_a_thread(void)
{
	char *neighbour = block(), *ptr = announce(block());
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, free_it, ptr));
	pthread_join(thread, NULL);
	family.free(hide(ptr));
	family.free(neighbour);
}

/* Seen when the magazine is emptied, into which both went. */
static void double_free_until_trim(void)
{
	char *ptr = announce(block());
	char *other = block();

	family.free(ptr);
	family.free(other);
	family.free(hide(ptr));
	family.malloc_trim(0);
}

static void *free_two(void *ptr)
{
	char *other = block();

	family.free(hide(ptr));
	family.free(other);
	family.free(hide(ptr));
	return NULL;
}

/* Seen when the thread ends. */
static void double_free_until_exit(void)
{
	pthread_t thread;

	/* Not its very first free, which goes to the slab at once. */
	CHECK(!pthread_create(&thread, NULL, free_two, announce(block())));
	pthread_join(thread, NULL);
}

/* Seen when both threads' magazines are empty. */
static void double_free_in_two_threads(void)
{
	char *ptr = announce(block());
	pthread_t thread;

	family.free(ptr);
	CHECK(!pthread_create(&thread, NULL, free_it, ptr));
	pthread_join(thread, NULL);
	family.malloc_trim(0);
}

/* The slab is gone, and its pages are free. */
static void double_free_of_what_is_gone(void)
{
	char *ptr = announce(block());
	void *all[4000];
	int nr = 0;

	while (nr < 4000 && nr * size < 16 << 20)
		all[nr++] = block();
	family.free(ptr);
	while (nr)
		family.free(all[--nr]);
	family.malloc_trim(0);
	family.free(hide(ptr));
}

static void realloc_of_what_is_gone(void)
{
	char *ptr = announce(block());

	family.free(ptr);
	family.malloc_trim(0);
	(void)hide(family.realloc(hide(ptr), size * 2));
}

static void double_free_sized(void)
{
	char *ptr = announce(block());

	family.free_sized(ptr, size);
	family.free_sized(hide(ptr), size);
}

static void realloc_of_freed(void)
{
	char *ptr = announce(block());

	family.free(ptr);
	(void)hide(family.realloc(hide(ptr), size * 2));
}

/* ---- interior pointers ------------------------------------------------ */

static long offset = 16;

static void interior_free(void)
{
	family.free(announce(block() + offset));
}

static void interior_realloc(void)
{
	(void)hide(family.realloc(announce(block() + offset), size));
}

static void interior_usable_size(void)
{
	(void)family.malloc_usable_size(announce(block() + offset));
}

static void interior_free_sized(void)
{
	family.free_sized(announce(block() + offset), size);
}

/* ---- foreign pointers ------------------------------------------------- */

static void foreign_stack(void)
{
	char local[4096];

	family.free(announce(local + 2048));
}

static void foreign_static(void)
{
	family.free(announce(in_the_data + 1024));
}

static void foreign_small_number(void)
{
	family.free(announce((void *)(uintptr_t)16));
}

static void foreign_not_canonical(void)
{
	family.free(announce((void *)(uintptr_t)0x4141414141414141));
}

static void foreign_all_ones(void)
{
	family.free(announce((void *)(uintptr_t)-16));
}

static void foreign_mapped(void)
{
	char *ptr = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(ptr != MAP_FAILED);
	family.free(announce(ptr + 65536));
}

static void foreign_code(void)
{
	family.free(announce((void *)(uintptr_t)family.malloc));
}

/* Writable data of the object that holds malloc. */
static void foreign_library_data(void)
{
	uintptr_t code = (uintptr_t)family.malloc, start, end;
	char line[512], access[8], of[256] = "", name[256];
	FILE *maps = fopen("/proc/self/maps", "re");
	void *found = NULL;

	CHECK(maps != NULL);
	for (int pass = 0; pass < 2; pass++, rewind(maps))
		while (fgets(line, sizeof(line), maps)) {
			name[0] = '\0';
			if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s",
				   &start, &end, access, name) < 3)
				continue;
			if (!pass && code >= start && code < end)
				strcpy(of, name);
			if (pass && !strcmp(of, name) && access[1] == 'w')
				found = (void *)((start + end) / 2 & ~15ul);
		}
	CHECK(found != NULL);
	family.free(announce(found));
}

static void foreign_realloc(void)
{
	(void)hide(family.realloc(announce(in_the_data + 1024), 100));
}

static void foreign_usable_size(void)
{
	(void)family.malloc_usable_size(announce(in_the_data + 1024));
}

static void foreign_free_sized(void)
{
	family.free_sized(announce(in_the_data + 1024), 64);
}

/* What libbuddy keeps for itself, at the start of the block's zone. */
static void foreign_metadata(void)
{
	uintptr_t zone = (uintptr_t)block() & ~(((uintptr_t)4 << 30) - 1);

	family.free(announce((void *)(zone + 4096)));
}

/* ---- wrong size, wrong alignment -------------------------------------- */

static void size_too_large(void)
{
	family.free_sized(announce(block()), size * 3);
}

static void size_too_small(void)
{
	family.free_sized(announce(block()), size / 3);
}

static void size_beyond_all(void)
{
	family.free_sized(announce(block()), SIZE_MAX - 100);
}

static void size_of_aligned(void)
{
	family.free_aligned_sized(announce(family.aligned_alloc(64, size)), 64,
				  size * 3);
}

static void alignment_beyond(void)
{
	char *ptr = announce(block());
	uintptr_t more = ((uintptr_t)ptr & -(uintptr_t)ptr) * 2;

	family.free_aligned_sized(ptr, more, size);
}

static void alignment_none(void)
{
	family.free_aligned_sized(announce(family.aligned_alloc(64, size)), 48,
				  size);
}

/* ---- how the program dies --------------------------------------------- */

/* A crash reporter that allocates: the report must hold no lock. */
static void reporter(int signal)
{
	static const char words[] = "the reporter allocated\n";

	(void)signal;
	for (size_t n = 16; n < 4 << 20; n *= 4) {
		char *ptr = family.malloc(n);
		memset(ptr, 1, n);
		family.free(ptr);
	}
	ssize_t len = write(STDOUT_FILENO, words, sizeof(words) - 1);
	_exit(len > 0 ? 3 : 4);
}

static void reported_to_a_handler(void)
{
	signal(SIGABRT, reporter);
	double_free();
}

static void reported_without_stderr(void)
{
	close(STDERR_FILENO);
	double_free();
}

static void reported_with_sigabrt_blocked(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	double_free();
}

static void no_misuse(void)
{
	char *ptr = announce(block());

	ptr = family.realloc(ptr, size * 2);
	family.free_sized(ptr, size * 2);
	family.free_aligned_sized(family.aligned_alloc(64, size), 64, size);
}

struct misuse {
	const char *name;
	void (*run)(void);
};

#define MISUSE(name)        \
	{                   \
#name, name \
	}

static const struct misuse misuses[] = {
	MISUSE(double_free),
	MISUSE(double_free_by_realloc),
	MISUSE(double_free_delayed),
	MISUSE(double_free_by_another_thread),
	MISUSE(double_free_after_a_thread),
	MISUSE(double_free_until_trim),
	MISUSE(double_free_until_exit),
	MISUSE(double_free_in_two_threads),
	MISUSE(double_free_of_what_is_gone),
	MISUSE(realloc_of_what_is_gone),
	MISUSE(double_free_sized),
	MISUSE(realloc_of_freed),
	MISUSE(interior_free),
	MISUSE(interior_realloc),
	MISUSE(interior_usable_size),
	MISUSE(interior_free_sized),
	MISUSE(foreign_stack),
	MISUSE(foreign_static),
	MISUSE(foreign_small_number),
	MISUSE(foreign_not_canonical),
	MISUSE(foreign_all_ones),
	MISUSE(foreign_mapped),
	MISUSE(foreign_code),
	MISUSE(foreign_library_data),
	MISUSE(foreign_realloc),
	MISUSE(foreign_usable_size),
	MISUSE(foreign_free_sized),
	MISUSE(foreign_metadata),
	MISUSE(size_too_large),
	MISUSE(size_too_small),
	MISUSE(size_beyond_all),
	MISUSE(size_of_aligned),
	MISUSE(alignment_beyond),
	MISUSE(alignment_none),
	MISUSE(reported_to_a_handler),
	MISUSE(reported_without_stderr),
	MISUSE(reported_with_sigabrt_blocked),
	MISUSE(no_misuse),
};

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (argc > 2)
		size = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		offset = strtol(argv[3], NULL, 0);
	for (size_t i = 0; i < sizeof(misuses) / sizeof(*misuses); i++)
		if (!strcmp(misuses[i].name, argv[1])) {
			misuses[i].run();
			return 0;
		}
	return 2;
}
