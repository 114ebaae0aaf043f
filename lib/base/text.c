/* Text built in a caller's buffer. */
#include <string.h>

#include "text.h"

#define DEC_DIGITS 20 /* of 2^64 - 1 */
#define HEX_DIGITS 16

void text_init(struct text *t, char *buf, size_t size)
{
	text_init_flush(t, buf, size, NULL, NULL);
}

void text_init_flush(struct text *t, char *buf, size_t size,
		     int (*flush)(void *, const char *, size_t), void *arg)
{
	*t = (struct text){
		.buf = buf, .size = size, .flush = flush, .arg = arg};
	if (size)
		buf[0] = '\0';
}

static void text_flush(struct text *t)
{
	int err = t->flush(t->arg, t->buf, t->used);

	if (err && !t->error)
		t->error = err;
	t->used = 0;
}

void text_finish(struct text *t)
{
	if (t->flush && t->used)
		text_flush(t);
}

void text_char(struct text *t, char c)
{
	t->length++;
	if (t->used + 1 >= t->size) {
		if (!t->flush)
			return;
		text_flush(t);
	}
	t->buf[t->used++] = c;
	t->buf[t->used] = '\0';
}

void text_str(struct text *t, const char *s)
{
	while (*s)
		text_char(t, *s++);
}

void text_pad(struct text *t, const char *s, unsigned int width)
{
	size_t len = strlen(s);

	text_str(t, s);
	for (; len < width; len++)
		text_char(t, ' ');
}

void text_dec_pad(struct text *t, uint64_t v, unsigned int width)
{
	char digits[DEC_DIGITS];
	unsigned int n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	for (; width > n; width--)
		text_char(t, ' ');
	while (n)
		text_char(t, digits[--n]);
}

void text_dec(struct text *t, uint64_t v)
{
	text_dec_pad(t, v, 0);
}

void text_hex(struct text *t, uint64_t v)
{
	char digits[HEX_DIGITS];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v & 0xf];
		v >>= 4;
	} while (v);
	text_str(t, "0x");
	while (n)
		text_char(t, digits[--n]);
}
