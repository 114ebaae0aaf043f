/*
 * A key-value store whose value sizes drift: 60,000 keys, each with an entry,
 * a key string and a value; the values' usual size changes from one phase to
 * the next. What an earlier phase left in pages of the wrong size stays
 * resident unless the allocator can turn it to another use: read the memory
 * column. An operation is one request (half are reads).
 */
#include "work.h"

#include <stdio.h>

#define KEYS 60000u
#define BUCKETS 65536u
#define FULL_REQUESTS 400000u /* per phase */
#define KEY_BYTES 32u

static const uint32_t phases[] = {40, 150, 900, 90, 400, 2500, 60};

struct entry {
	struct entry *next;
	char *key;
	unsigned char *value;
	uint32_t size;
};

static struct entry *buckets[BUCKETS];

/* FNV-1a, by Fowler, Noll and Vo. */
static uint32_t hash(const char *key)
{
	uint32_t sum = 2166136261u;

	while (*key != '\0')
		sum = (sum ^ (unsigned char)*key++) * 16777619u;
	return sum % BUCKETS;
}

/* The link to the key's entry, or to where it would be. */
static struct entry **find(const char *key)
{
	struct entry **link = &buckets[hash(key)];

	while (*link != NULL && strcmp((*link)->key, key) != 0)
		link = &(*link)->next;
	return link;
}

static void put(const char *key, uint32_t size)
{
	struct entry **link = find(key), *entry = *link;

	if (entry == NULL) {
		entry = work_alloc(sizeof(*entry));
		entry->next = NULL;
		entry->key = work_alloc(strlen(key) + 1);
		strcpy(entry->key, key);
		*link = entry;
	} else {
		free(entry->value);
	}
	entry->size = size;
	entry->value = work_alloc(size);
	memset(entry->value, (int)(size & 0xff), size);
}

static void erase(struct entry **link)
{
	struct entry *entry = *link;

	if (entry == NULL)
		return;
	*link = entry->next;
	free(entry->key);
	free(entry->value);
	free(entry);
}

static uint64_t request(struct work_random *random, uint32_t usual)
{
	uint32_t what = work_below(random, 16);
	char key[KEY_BYTES];
	struct entry *entry;

	snprintf(key, sizeof(key), "user:%u:profile", work_below(random, KEYS));
	if (what < 7) {
		put(key, (uint32_t)work_between(random, usual / 2 + 1,
						usual + usual / 2));
		return 1;
	}
	if (what < 8) {
		erase(find(key));
		return 2;
	}
	entry = *find(key);
	return entry == NULL ? 3 : work_read(entry->value, entry->size);
}

int main(int argc, char **argv)
{
	const unsigned count = sizeof(phases) / sizeof(phases[0]);
	struct work_args args;
	struct work_random random;
	uint64_t requests, checksum = 0;
	double begin;

	work_parse(&args, argc, argv);
	work_seed(&random, args.seed);
	requests = work_scaled(&args, FULL_REQUESTS, KEYS);
	begin = work_seconds();
	for (unsigned phase = 0; phase < count; phase++) {
		for (uint64_t i = 0; i < requests; i++)
			checksum += request(&random, phases[phase]);
	}
	work_report("kvstore", requests * count, work_seconds() - begin,
		    checksum);
	return 0;
}
