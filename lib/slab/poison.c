/* What a freed block is filled with. */
#include <string.h>

#include "poison.h"

/* Words looked at before a test: the loop over them needs no branches. */
#define STRIDE 2

uint64_t poison_word(uint64_t secret)
{
	return secret | UINT64_C(0x8080808080808080);
}

void poison_fill(void *block, size_t len, uint64_t word)
{
	uint64_t *w = block;

	if (!word) {
		memset(block, 0, len);
		return;
	}
	for (size_t i = 0; i < len / sizeof(*w); i++)
		w[i] = word;
}

static size_t first_difference(const unsigned char *p, uint64_t word)
{
	unsigned char good[sizeof(word)];
	size_t i = 0;

	memcpy(good, &word, sizeof(good));
	while (p[i] == good[i % sizeof(good)])
		i++;
	return i;
}

size_t poison_check(const void *block, size_t len, uint64_t word)
{
	const uint64_t *w = block;

	for (size_t i = 0; i < len / sizeof(*w); i += STRIDE)
		if ((w[i] ^ word) | (w[i + 1] ^ word))
			return i * sizeof(*w) +
			       first_difference((const unsigned char *)&w[i],
						word);
	return len;
}
