/*
 * Tables that double: words are interned in a hash table and numbered in an
 * array; both get twice their room by a new block, a copy, and a free of the
 * old one, as std::vector and most hash tables do. An operation is one word.
 */
#include "work.h"

#define FULL_WORDS 1500000u
#define FIRST_ROOM 64u
#define LONGEST_WORD 24u

struct slot {
	uint64_t hash;
	char *word; /* NULL: the slot is empty */
};

struct table {
	struct slot *slots;
	size_t room, count; /* room is a power of two */
};

struct index {
	char **words;
	size_t room, count;
};

static struct slot *slot_for(struct slot *slots, size_t room, uint64_t hash)
{
	size_t at = hash & (room - 1);

	while (slots[at].word != NULL && slots[at].hash != hash)
		at = (at + 1) & (room - 1);
	return &slots[at];
}

static void table_double(struct table *table)
{
	size_t room = table->room > 0 ? 2 * table->room : FIRST_ROOM;
	struct slot *slots = work_alloc(room * sizeof(*slots));

	memset(slots, 0, room * sizeof(*slots));
	for (size_t i = 0; i < table->room; i++) {
		struct slot *old = &table->slots[i];

		if (old->word != NULL)
			*slot_for(slots, room, old->hash) = *old;
	}
	free(table->slots);
	table->slots = slots;
	table->room = room;
}

static void index_add(struct index *index, char *word)
{
	if (index->count == index->room) {
		size_t room = index->room > 0 ? 2 * index->room : FIRST_ROOM;
		char **words = work_alloc(room * sizeof(*words));

		memcpy(words, index->words, index->count * sizeof(*words));
		free(index->words);
		index->words = words;
		index->room = room;
	}
	index->words[index->count++] = word;
}

static char *word_new(struct work_random *random)
{
	size_t length = work_between(random, 1, LONGEST_WORD);
	char *word = work_alloc(length + 1);

	memset(word, 'a' + (int)(length % 26), length);
	word[length] = '\0';
	return word;
}

/* Every fourth word is one that came before. */
static void intern(struct table *table, struct index *index,
		   struct work_random *random)
{
	uint64_t hash = work_next(random);
	struct slot *slot;

	if (hash % 4 == 0 && table->count > 0)
		hash = table->slots[hash & (table->room - 1)].hash;
	if (4 * table->count >= 3 * table->room)
		table_double(table);
	slot = slot_for(table->slots, table->room, hash);
	if (slot->word != NULL)
		return;
	*slot = (struct slot){hash, word_new(random)};
	table->count++;
	index_add(index, slot->word);
}

static uint64_t index_drop(struct index *index)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < index->count; i++) {
		sum += (unsigned char)index->words[i][0];
		free(index->words[i]);
	}
	free(index->words);
	return sum;
}

int main(int argc, char **argv)
{
	struct work_args args;
	struct work_random random;
	struct table table = {NULL, 0, 0};
	struct index index = {NULL, 0, 0};
	uint64_t words, checksum;
	double begin;

	work_parse(&args, argc, argv);
	work_seed(&random, args.seed);
	words = work_scaled(&args, FULL_WORDS, FIRST_ROOM);
	begin = work_seconds();
	for (uint64_t i = 0; i < words; i++)
		intern(&table, &index, &random);
	checksum = index_drop(&index);
	free(table.slots);
	work_report("tables", words, work_seconds() - begin, checksum);
	return 0;
}
