/*
 * String building: lines are put together word by word with realloc, cut
 * into words again, each a block of its own, and kept for a while in a table
 * of recent lines. An operation is one word.
 */
#include "work.h"

#define RECENT 2000u
#define MOST_WORDS 60u
#define LONGEST_WORD 14u
#define FULL_LINES 300000u

struct line {
	char *text;
	char **words;
	unsigned count;
};

static struct line recent[RECENT];

/* A string under construction; its room grows by half. */
struct builder {
	char *text;
	size_t length, room;
};

static void append(struct builder *builder, const char *bytes, size_t length)
{
	size_t wanted = builder->length + length + 1;

	if (wanted > builder->room) {
		builder->room = wanted + builder->room / 2;
		builder->text = realloc(builder->text, builder->room);
		if (builder->text == NULL)
			work_die("out of memory");
	}
	memcpy(builder->text + builder->length, bytes, length);
	builder->length += length;
	builder->text[builder->length] = '\0';
}

static size_t invent_word(char *word, struct work_random *random)
{
	size_t length = work_between(random, 1, LONGEST_WORD);
	uint64_t letters = work_next(random);

	for (size_t i = 0; i < length; i++, letters >>= 4)
		word[i] = (char)('a' + (letters & 15));
	return length;
}

static char *compose(struct work_random *random, unsigned words)
{
	struct builder builder = {NULL, 0, 0};
	char word[LONGEST_WORD];

	for (unsigned i = 0; i < words; i++) {
		if (i > 0)
			append(&builder, " ", 1);
		append(&builder, word, invent_word(word, random));
	}
	return builder.text;
}

static void cut(struct line *line)
{
	const char *at = line->text;

	for (unsigned i = 0; i < line->count; i++) {
		size_t length = strcspn(at, " ");

		line->words[i] = work_alloc(length + 1);
		memcpy(line->words[i], at, length);
		line->words[i][length] = '\0';
		at += length + 1;
	}
}

static uint64_t drop(struct line *line)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < line->count; i++) {
		sum += (unsigned char)line->words[i][0];
		free(line->words[i]);
	}
	free(line->words);
	free(line->text);
	*line = (struct line){NULL, NULL, 0};
	return sum;
}

int main(int argc, char **argv)
{
	struct work_args args;
	struct work_random random;
	uint64_t lines, words = 0, checksum = 0;
	double begin;

	work_parse(&args, argc, argv);
	work_seed(&random, args.seed);
	lines = work_scaled(&args, FULL_LINES, RECENT);
	begin = work_seconds();
	for (uint64_t i = 0; i < lines; i++) {
		struct line *line = &recent[work_below(&random, RECENT)];

		checksum += drop(line);
		line->count = 1 + work_below(&random, MOST_WORDS);
		line->text = compose(&random, line->count);
		line->words = work_alloc(line->count * sizeof(*line->words));
		cut(line);
		words += line->count;
	}
	for (unsigned i = 0; i < RECENT; i++)
		checksum += drop(&recent[i]);
	work_report("strings", words, work_seconds() - begin, checksum);
	return 0;
}
