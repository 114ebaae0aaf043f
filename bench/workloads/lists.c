/*
 * Lists: 200 sorted lists, of which two at a time are merged into new nodes
 * while the old ones are freed, or one is split in halves. Neighbours in a
 * list come from ever more distant places; an operation is one node made.
 */
#include "work.h"

#define LISTS 200u
#define FIRST_LENGTH 300u
#define LONGEST 3000u
#define FULL_STEPS 300000u
#define LABEL_BYTES 24u

struct node {
	struct node *next;
	uint32_t key;
	char label[LABEL_BYTES];
};

struct list {
	struct node *first;
	unsigned length;
};

static struct list lists[LISTS];
static uint64_t made;

static struct node *node_new(uint32_t key)
{
	struct node *node = work_alloc(sizeof(*node));

	node->next = NULL;
	node->key = key;
	memset(node->label, (int)key & 0x7f, sizeof(node->label));
	made++;
	return node;
}

static void list_fill(struct list *list, struct work_random *random)
{
	struct node **end = &list->first;
	uint32_t key = 0;

	for (unsigned i = 0; i < FIRST_LENGTH; i++) {
		key += work_below(random, 1000);
		*end = node_new(key);
		end = &(*end)->next;
	}
	list->length = FIRST_LENGTH;
}

/* Takes the smaller head off; one of the lists is not empty. */
static uint32_t pop_smaller(struct list *a, struct list *b)
{
	bool from_a = b->first == NULL ||
		      (a->first != NULL && a->first->key <= b->first->key);
	struct list *list = from_a ? a : b;
	struct node *node = list->first;
	uint32_t key = node->key;

	list->first = node->next;
	free(node);
	return key;
}

static uint64_t merge(struct list *a, struct list *b)
{
	struct list merged = {NULL, a->length + b->length};
	struct node **end = &merged.first;
	uint64_t sum = 0;

	while (a->first != NULL || b->first != NULL) {
		*end = node_new(pop_smaller(a, b));
		sum += (*end)->key;
		end = &(*end)->next;
	}
	*a = merged;
	b->length = 0;
	return sum;
}

/* The second half of `from` becomes `into`, which was empty. */
static void split(struct list *from, struct list *into)
{
	struct node **end = &from->first;

	for (unsigned i = 0; i < from->length / 2; i++)
		end = &(*end)->next;
	into->first = *end;
	into->length = from->length - from->length / 2;
	from->length /= 2;
	*end = NULL;
}

static void list_drop(struct list *list)
{
	while (list->first != NULL) {
		struct node *node = list->first;

		list->first = node->next;
		free(node);
	}
	list->length = 0;
}

static uint64_t step(struct work_random *random)
{
	struct list *a = &lists[work_below(random, LISTS)];
	struct list *b = &lists[work_below(random, LISTS)];

	if (a == b)
		return 0;
	if (b->length == 0) {
		split(a, b);
		return 1;
	}
	if (a->length + b->length > LONGEST) {
		list_drop(b);
		list_fill(b, random);
		return 2;
	}
	return merge(a, b);
}

int main(int argc, char **argv)
{
	struct work_args args;
	struct work_random random;
	uint64_t steps, checksum = 0;
	double begin;

	work_parse(&args, argc, argv);
	work_seed(&random, args.seed);
	steps = work_scaled(&args, FULL_STEPS, 1);
	begin = work_seconds();
	for (unsigned i = 0; i < LISTS; i++)
		list_fill(&lists[i], &random);
	for (uint64_t i = 0; i < steps; i++)
		checksum += step(&random);
	for (unsigned i = 0; i < LISTS; i++)
		list_drop(&lists[i]);
	work_report("lists", made, work_seconds() - begin, checksum);
	return 0;
}
