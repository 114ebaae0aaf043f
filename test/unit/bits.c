/* base/bits: against the naive definition of each function. */
#include <string.h>

#include "unit.h"

#define BITS 200u
#define WORDS BITMAP_WORDS(BITS)

static void test_alignment(void **state)
{
	(void)state;
	for (size_t a = 1; a <= 4096; a *= 2) {
		for (size_t x = 0; x < 300; x++) {
			assert_int_equal(align_down(x, a), x - x % a);
			assert_int_equal(align_up(x, a), (x + a - 1) / a * a);
		}
	}
	assert_true(align_down(SIZE_MAX, 16) == SIZE_MAX - 15);
}

static void test_powers_of_two(void **state)
{
	(void)state;
	assert_false(is_power_of_two(0));
	for (unsigned int b = 0; b < 64; b++) {
		uint64_t x = UINT64_C(1) << b;

		assert_true(is_power_of_two(x));
		assert_int_equal(lowest_bit(x), b);
		assert_int_equal(highest_bit(x), b);
		assert_int_equal(order_at_least(x), b);
		if (b > 1)
			assert_false(is_power_of_two(x + 1));
		if (b && b < 63) {
			assert_int_equal(order_at_least(x + 1), b + 1);
			assert_int_equal(highest_bit(x + 1), b);
			assert_int_equal(lowest_bit(x + x * 2), b);
		}
	}
	assert_int_equal(order_at_least(3), 2);
	assert_int_equal(order_at_least(UINT64_MAX), 64);
}

static unsigned int count_one_by_one(uint64_t x)
{
	unsigned int n = 0;

	for (; x; x >>= 1)
		n += x & 1;
	return n;
}

static void test_count_bits(void **state)
{
	uint64_t seed = 1;

	(void)state;
	assert_int_equal(count_bits(0), 0);
	for (unsigned int b = 0; b < 64; b++) {
		assert_int_equal(count_bits(UINT64_C(1) << b), 1);
		assert_int_equal(count_bits(UINT64_MAX >> b), 64 - b);
		assert_int_equal(count_bits(UINT64_MAX << b), 64 - b);
	}
	for (int i = 0; i < 10000; i++) {
		uint64_t x = unit_random(&seed) & unit_random(&seed);

		assert_int_equal(count_bits(x), count_one_by_one(x));
		assert_int_equal(count_bits(~x), 64 - count_bits(x));
	}
}

struct model {
	uint64_t map[WORDS];
	bool bit[WORDS * BITS_PER_WORD];
};

static void model_agrees(const struct model *m)
{
	for (size_t i = 0; i < WORDS * BITS_PER_WORD; i++)
		assert_int_equal(bitmap_test(m->map, i), m->bit[i]);
}

static void model_random(struct model *m, uint64_t *seed)
{
	for (size_t i = 0; i < WORDS * BITS_PER_WORD; i++) {
		m->bit[i] = unit_random(seed) & 1;
		if (m->bit[i])
			bitmap_set(m->map, i);
		else
			bitmap_clear(m->map, i);
	}
	model_agrees(m);
}

static void check_range(const struct model *m, size_t start, size_t nr)
{
	size_t count = 0;
	size_t set = start + nr, clear = start + nr;

	for (size_t i = start + nr; i-- > start;) {
		count += m->bit[i];
		if (m->bit[i])
			set = i;
		else
			clear = i;
	}
	assert_int_equal(bitmap_count_range(m->map, start, nr), count);
	assert_int_equal(bitmap_all_set(m->map, start, nr), count == nr);
	assert_int_equal(bitmap_none_set(m->map, start, nr), !count);
	assert_int_equal(bitmap_next_set(m->map, start, start + nr), set);
	assert_int_equal(bitmap_next_clear(m->map, start, start + nr), clear);
}

static void test_every_range_is_read(void **state)
{
	uint64_t seed = unit_seed();
	struct model m = {0};

	(void)state;
	for (int fill = 0; fill < 3; fill++) {
		if (fill == 2)
			model_random(&m, &seed);
		for (size_t start = 0; start < BITS; start++)
			for (size_t nr = 0; start + nr <= BITS; nr++)
				check_range(&m, start, nr);
		memset(m.map, 0xff, sizeof(m.map));
		memset(m.bit, true, sizeof(m.bit));
	}
}

static void test_every_range_is_written(void **state)
{
	(void)state;
	for (size_t start = 0; start < BITS; start += 3) {
		for (size_t nr = 0; start + nr <= BITS; nr += 1 + start % 5) {
			struct model m = {0};

			bitmap_set_range(m.map, start, nr);
			memset(m.bit + start, true, nr);
			model_agrees(&m);
			memset(m.map, 0xff, sizeof(m.map));
			memset(m.bit, true, sizeof(m.bit));
			bitmap_clear_range(m.map, start, nr);
			memset(m.bit + start, false, nr);
			model_agrees(&m);
		}
	}
}

static void test_mask_is_within_its_word(void **state)
{
	(void)state;
	assert_true(bitmap_mask(0, 0, 64) == ~UINT64_C(0));
	assert_true(bitmap_mask(0, 63, 1) == UINT64_C(1) << 63);
	assert_true(bitmap_mask(1, 63, 2) == 1);
	assert_true(bitmap_mask(1, 0, 256) == ~UINT64_C(0));
	assert_true(bitmap_mask(0, 4, 4) == 0xf0);
}

UNIT_MAIN(TEST(test_alignment), TEST(test_powers_of_two), TEST(test_count_bits),
	  TEST(test_every_range_is_read), TEST(test_every_range_is_written),
	  TEST(test_mask_is_within_its_word))
