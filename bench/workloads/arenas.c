/*
 * A compiler's arenas: for each function, chunks from 4 KiB, doubling to 256
 * KiB, are filled by a bump pointer and all freed at its end; between them go
 * growing tables (realloc) and small symbols that outlive the function. An
 * operation is one object carved from an arena.
 */
#include "work.h"

#define FIRST_CHUNK 4096u
#define LARGEST_CHUNK 262144u
#define SYMBOLS 20000u
#define FULL_FUNCTIONS 12000u
#define MOST_OBJECTS 6000u
#define LARGEST_OBJECT 120u

struct chunk {
	struct chunk *next;
	size_t room, used;
	unsigned char bytes[];
};

static char *symbols[SYMBOLS];

/* Chunks are sized so that with their header they are powers of two. */
static struct chunk *chunk_new(struct chunk *next)
{
	size_t size = FIRST_CHUNK;
	struct chunk *chunk;

	if (next != NULL) {
		size = (next->room + sizeof(*chunk)) * 2;
		size = size > LARGEST_CHUNK ? LARGEST_CHUNK : size;
	}
	chunk = work_alloc(size);
	*chunk = (struct chunk){next, size - sizeof(*chunk), 0};
	return chunk;
}

static unsigned char *carve(struct chunk **arena, size_t size)
{
	unsigned char *object;

	size = (size + 15) & ~(size_t)15;
	if (*arena == NULL || (*arena)->room - (*arena)->used < size)
		*arena = chunk_new(*arena);
	object = (*arena)->bytes + (*arena)->used;
	(*arena)->used += size;
	return object;
}

static uint64_t drop(struct chunk *arena)
{
	uint64_t used = 0;

	while (arena != NULL) {
		struct chunk *next = arena->next;

		used += arena->used;
		free(arena);
		arena = next;
	}
	return used;
}

static void name_symbol(struct work_random *random)
{
	unsigned at = work_below(random, SYMBOLS);
	size_t length = work_between(random, 4, 60);

	free(symbols[at]);
	symbols[at] = work_alloc(length + 1);
	memset(symbols[at], 's', length);
	symbols[at][length] = '\0';
}

static uint64_t compile(struct work_random *random, uint64_t *objects)
{
	unsigned count = 1 + work_below(random, MOST_OBJECTS);
	struct chunk *arena = NULL;
	uint32_t *table = NULL;
	unsigned room = 0;
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		size_t size = work_between(random, 8, LARGEST_OBJECT);

		memset(carve(&arena, size), (int)(i & 0xff), size);
		if (i % 8 == 0)
			name_symbol(random);
		if (i == room) {
			room = room * 2 + 16;
			table = realloc(table, room * sizeof(*table));
			if (table == NULL)
				work_die("out of memory");
		}
		table[i] = (uint32_t)size;
	}
	for (unsigned i = 0; i < count; i++)
		sum += table[i];
	free(table);
	*objects += count;
	return sum + drop(arena);
}

int main(int argc, char **argv)
{
	struct work_args args;
	struct work_random random;
	uint64_t functions, objects = 0, checksum = 0;
	double begin;

	work_parse(&args, argc, argv);
	work_seed(&random, args.seed);
	functions = work_scaled(&args, FULL_FUNCTIONS, 1);
	begin = work_seconds();
	for (uint64_t i = 0; i < functions; i++)
		checksum += compile(&random, &objects);
	for (unsigned i = 0; i < SYMBOLS; i++)
		free(symbols[i]);
	work_report("arenas", objects, work_seconds() - begin, checksum);
	return 0;
}
