/*
 * The entry points one by one, for counting instructions. A case first runs
 * COUNT times to warm up and then COUNT times inside measured(), which is all
 * that callgrind is told to collect. What is counted is what the library does;
 * the loop belongs to this program and is left out.
 *
 *	entries CASE COUNT
 *	entries --list
 */
#include "../pages_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BURST 500u
#define NEIGHBOURS                                                \
	16u /* blocks of the same size that stay: no page empties \
	     */

/* C++'s sized forms by the names that the linker knows. */
void *cxx_new(size_t size) __asm__("_Znwm");
void cxx_delete_sized(void *block, size_t size) __asm__("_ZdlPvm");

static void *kept[BURST];

static inline void escape(void *block)
{
	__asm__ volatile("" : : "r"(block) : "memory");
}

static void pair(size_t size)
{
	void *block = malloc(size);

	escape(block);
	free(block);
}

static void zeroed(size_t size)
{
	void *block = calloc(1, size);

	escape(block);
	free(block);
}

static void sized(size_t size)
{
	void *block = cxx_new(size);

	escape(block);
	cxx_delete_sized(block, size);
}

static void aligned(size_t alignment)
{
	void *block = NULL;

	if (posix_memalign(&block, alignment, 200) != 0)
		abort();
	escape(block);
	free(block);
}

/* Within the room that the block has, most likely. */
static void grow_little(size_t size)
{
	void *block = realloc(malloc(size), size + 4);

	escape(block);
	free(block);
}

static void grow_much(size_t size)
{
	void *block = realloc(malloc(size), size * 8);

	escape(block);
	free(block);
}

static void cut(size_t size)
{
	void *block = malloc(size);

	/* Or the compiler knows that nothing is in it. */
	escape(block);
	block = realloc(block, size / 3);
	escape(block);
	free(block);
}

/* One block of a burst; the whole of it is freed at the last one. */
static void burst(size_t size)
{
	static unsigned count;

	kept[count++] = malloc(size);
	if (count < BURST)
		return;
	while (count > 0)
		free(kept[--count]);
}

static struct pages_api api;

static void pages(size_t order)
{
	void *addr = api.alloc(BUDDY_GFP_MOVABLE, (unsigned)order);

	escape(addr);
	api.free(addr, (unsigned)order);
}

/* So many single pages: the count is for all of them. */
static void pages_bulk(size_t nr)
{
	void *array[BURST] = {NULL};

	if (api.alloc_bulk(BUDDY_GFP_MOVABLE, nr, array) != nr)
		abort();
	escape(array);
	api.free_bulk(nr, array);
}

static const struct entry {
	const char *name;
	void (*call)(size_t argument);
	size_t argument;
} entries[] = {
	{"pair-16", pair, 16},
	{"pair-64", pair, 64},
	{"pair-256", pair, 256},
	{"pair-1024", pair, 1024},
	{"pair-8192", pair, 8192},
	{"pair-32768", pair, 32768},
	{"pair-262144", pair, 262144},
	{"pair-1048576", pair, 1048576},
	{"burst-64", burst, 64},
	{"burst-4096", burst, 4096},
	{"burst-16384", burst, 16384},
	{"calloc-64", zeroed, 64},
	{"calloc-1024", zeroed, 1024},
	{"sized-64", sized, 64},
	{"sized-1024", sized, 1024},
	{"aligned-64", aligned, 64},
	{"aligned-4096", aligned, 4096},
	{"realloc-little", grow_little, 100},
	{"realloc-much", grow_much, 100},
	{"realloc-cut", cut, 1024},
	{"pages-0", pages, 0},
	{"pages-3", pages, 3},
	{"pages-bulk-16", pages_bulk, 16},
};

#define ENTRIES (sizeof(entries) / sizeof(entries[0]))

static void repeat(const struct entry *entry, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		entry->call(entry->argument);
}

/* Leaves blocks around, every other one free, as in a running program. */
static void settle(size_t size)
{
	static void *neighbours[2 * NEIGHBOURS];

	for (unsigned i = 0; i < 2 * NEIGHBOURS; i++)
		neighbours[i] = malloc(size);
	for (unsigned i = 0; i < 2 * NEIGHBOURS; i += 2)
		free(neighbours[i]);
}

/* callgrind collects while this runs, by its name. */
__attribute__((noinline)) void measured(const struct entry *entry,
					unsigned long count)
{
	repeat(entry, count);
}

int main(int argc, char **argv)
{
	unsigned long count;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (size_t i = 0; i < ENTRIES; i++)
			puts(entries[i].name);
		return 0;
	}
	if (argc != 3) {
		fputs("usage: entries CASE COUNT | --list\n", stderr);
		return 2;
	}
	count = strtoul(argv[2], NULL, 10);
	for (size_t i = 0; i < ENTRIES; i++) {
		if (strcmp(entries[i].name, argv[1]) == 0) {
			api = pages_api();
			settle(entries[i].argument);
			repeat(&entries[i], count);
			measured(&entries[i], count);
			return 0;
		}
	}
	fprintf(stderr, "entries: no case '%s'\n", argv[1]);
	return 2;
}
