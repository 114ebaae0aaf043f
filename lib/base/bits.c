/* Ranges of bits in a bitmap. */
#include "bits.h"

/* Runs body for each word w that [start, start + nr) meets, with its mask. */
#define for_each_word(w, mask, start, nr)                                  \
	for (size_t w = (start) / BITS_PER_WORD, w##_end = (start) + (nr), \
		    mask;                                                  \
	     (nr) && w * BITS_PER_WORD < w##_end &&                        \
	     (mask = bitmap_mask(w, start, nr));                           \
	     w++)

void bitmap_set_range(uint64_t *map, size_t start, size_t nr)
{
	for_each_word(w, mask, start, nr) map[w] |= mask;
}

void bitmap_clear_range(uint64_t *map, size_t start, size_t nr)
{
	for_each_word(w, mask, start, nr) map[w] &= ~mask;
}

size_t bitmap_count_range(const uint64_t *map, size_t start, size_t nr)
{
	size_t count = 0;

	for_each_word(w, mask, start, nr) count += count_bits(map[w] & mask);
	return count;
}

bool bitmap_all_set(const uint64_t *map, size_t start, size_t nr)
{
	for_each_word(w, mask, start,
		      nr) if ((map[w] & mask) != mask) return false;
	return true;
}

bool bitmap_none_set(const uint64_t *map, size_t start, size_t nr)
{
	for_each_word(w, mask, start, nr) if (map[w] & mask) return false;
	return true;
}

static size_t next_bit(const uint64_t *map, size_t from, size_t end,
		       uint64_t flip)
{
	while (from < end) {
		size_t w = from / BITS_PER_WORD;
		uint64_t word = (map[w] ^ flip) >> (from % BITS_PER_WORD);

		if (word) {
			from += lowest_bit(word);
			return from < end ? from : end;
		}
		from = (w + 1) * BITS_PER_WORD;
	}
	return end;
}

size_t bitmap_next_set(const uint64_t *map, size_t from, size_t end)
{
	return next_bit(map, from, end, 0);
}

size_t bitmap_next_clear(const uint64_t *map, size_t from, size_t end)
{
	return next_bit(map, from, end, ~UINT64_C(0));
}
