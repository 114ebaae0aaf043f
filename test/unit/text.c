/* base/text: the same letters as printf, in any buffer. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static const uint64_t numbers[] = {
	0,	   1,	       9,
	10,	   99,	       100,
	4096,	   UINT32_MAX, UINT64_C(10000000000000000000),
	UINT64_MAX};

static void test_numbers_read_like_printf(void **state)
{
	char expected[64], buf[64];
	struct text t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		text_init(&t, buf, sizeof(buf));
		text_dec(&t, numbers[i]);
		snprintf(expected, sizeof(expected), "%" PRIu64, numbers[i]);
		assert_string_equal(buf, expected);
		assert_int_equal(t.length, strlen(expected));

		text_init(&t, buf, sizeof(buf));
		text_hex(&t, numbers[i]);
		snprintf(expected, sizeof(expected), "0x%" PRIx64, numbers[i]);
		assert_string_equal(buf, expected);

		for (int width = 0; width < 25; width++) {
			text_init(&t, buf, sizeof(buf));
			text_dec_pad(&t, numbers[i], (unsigned int)width);
			snprintf(expected, sizeof(expected), "%*" PRIu64, width,
				 numbers[i]);
			assert_string_equal(buf, expected);
		}
	}
}

static void test_padding(void **state)
{
	char buf[64];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_pad(&t, "ab", 5);
	text_char(&t, '|');
	text_pad(&t, "abcdef", 3);
	assert_string_equal(buf, "ab   |abcdef");
}

static void say(struct text *t)
{
	text_str(t, "pages ");
	text_dec(t, 12345);
	text_char(t, ' ');
	text_hex(t, 0xbeef);
	text_pad(t, "!", 4);
}

static const char whole[] = "pages 12345 0xbeef!   ";

static void test_every_buffer_size(void **state)
{
	char buf[sizeof(whole) + 8];

	(void)state;
	for (size_t size = 0; size < sizeof(buf); size++) {
		size_t fits = size ? size - 1 : 0;
		struct text t;

		memset(buf, 'x', sizeof(buf));
		text_init(&t, buf, size);
		say(&t);
		text_finish(&t);
		if (fits > strlen(whole))
			fits = strlen(whole);
		assert_int_equal(t.length, strlen(whole));
		assert_memory_equal(buf, whole, fits);
		if (size)
			assert_int_equal(buf[fits], '\0');
		/* Nothing behind the end that was told. */
		for (size_t i = size; i < sizeof(buf); i++)
			assert_int_equal(buf[i], 'x');
	}
}

struct sink {
	char got[64];
	size_t len;
	int calls, fail_at;
};

static int flush_to_sink(void *arg, const char *buf, size_t len)
{
	struct sink *s = arg;

	s->calls++;
	assert_true(s->len + len < sizeof(s->got));
	memcpy(s->got + s->len, buf, len);
	s->len += len;
	return s->fail_at && s->calls >= s->fail_at ? -s->calls : 0;
}

static void test_flush_gets_everything(void **state)
{
	char buf[32];

	(void)state;
	for (size_t size = 2; size < sizeof(buf); size++) {
		struct sink s = {.len = 0};
		struct text t;

		text_init_flush(&t, buf, size, flush_to_sink, &s);
		say(&t);
		text_finish(&t);
		assert_int_equal(s.len, strlen(whole));
		assert_memory_equal(s.got, whole, s.len);
		assert_int_equal(t.length, strlen(whole));
		assert_int_equal(t.error, 0);
	}
}

static void test_first_error_is_kept(void **state)
{
	struct sink s = {.fail_at = 2};
	char buf[4];
	struct text t;

	(void)state;
	text_init_flush(&t, buf, sizeof(buf), flush_to_sink, &s);
	say(&t);
	text_finish(&t);
	assert_true(s.calls > 3);
	assert_int_equal(t.error, -2);
}

UNIT_MAIN(TEST(test_numbers_read_like_printf), TEST(test_padding),
	  TEST(test_every_buffer_size), TEST(test_flush_gets_everything),
	  TEST(test_first_error_is_kept))
