/* Bytes behind the end of a block that nobody may change. */
#include <stdint.h>
#include <string.h>

#include "canary.h"
#include "secret.h"

#define BYTES_NOT_ZERO UINT64_C(0x0101010101010101)

static uint64_t canary_word(const void *block)
{
	return secret_word(block) | BYTES_NOT_ZERO;
}

static size_t canary_length(size_t size, size_t usable)
{
	return usable - size < CANARY_MAX ? usable - size : CANARY_MAX;
}

void canary_set(void *block, size_t size, size_t usable)
{
	uint64_t word = canary_word(block);
	char *end = (char *)block + size;
	size_t left = canary_length(size, usable);

	for (; left >= sizeof(word); left -= sizeof(word)) {
		memcpy(end, &word, sizeof(word));
		end += sizeof(word);
	}
	memcpy(end, &word, left);
}

size_t canary_check(const void *block, size_t size, size_t usable)
{
	uint64_t word = canary_word(block);
	const char *end = (const char *)block + size;
	size_t len = canary_length(size, usable);
	char good[sizeof(word)];

	memcpy(good, &word, sizeof(good));
	for (size_t i = 0; i < len; i += sizeof(word)) {
		size_t n = len - i < sizeof(word) ? len - i : sizeof(word);

		if (!memcmp(end + i, good, n))
			continue;
		while (end[i] == good[i % sizeof(word)])
			i++;
		return size + i;
	}
	return usable;
}
