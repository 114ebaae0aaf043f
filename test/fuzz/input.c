/* Bytes as sizes and alignments. */
#include "fuzz.h"

/* Around the borders between the allocator's paths. */
static const size_t borders[] = {
	0,
	1,
	16,
	LINEAR_MAX - 1,
	LINEAR_MAX,
	LINEAR_MAX + 1,
	TABLE_MAX,
	TABLE_MAX + 1,
	FINE_MAX,
	FINE_MAX + 1,
	PAGE_SIZE - 1,
	PAGE_SIZE,
	PAGE_SIZE + 1,
	SMALL_MAX - 1,
	SMALL_MAX,
	SMALL_MAX + 1,
	5 * PAGE_SIZE,
	PAGEBLOCK_PAGES *PAGE_SIZE,
	(size_t)9 << 20,
	(size_t)40 << 20,
	(size_t)3 << 30,
	(size_t)5 << 30,
	PTRDIFF_MAX,
	(size_t)PTRDIFF_MAX + 1,
	SIZE_MAX - 1,
	SIZE_MAX,
};

size_t input_size(struct input *in)
{
	unsigned int scale = input_byte(in);
	size_t v = input_byte(in);

	switch (scale & 7) {
	case 0:
	case 1:
		return v;
	case 2:
		return v * 8;
	case 3:
		return v * 40;
	case 4:
		return (v << 8 | input_byte(in)) * 4;
	case 5:
		return (v << 8 | input_byte(in)) * 64;
	default:
		return borders[v % ARRAY_SIZE(borders)];
	}
}

size_t input_alignment(struct input *in)
{
	unsigned int v = input_byte(in);

	if (v >= 250)
		return v - 250; /* 0, and some that are none */
	return (size_t)1 << v % 25;
}
