/*
 * Text built in a caller's buffer, without stdio: usable in a signal handler
 * and before main.
 *
 * As with snprintf(), `length` counts all that was said, also what no longer
 * fitted; the buffer always ends with a NUL. With a `flush` function the
 * buffer is emptied through it instead, and nothing is lost.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	char *buf;
	size_t size;   /* of buf */
	size_t used;   /* bytes in buf, below size */
	size_t length; /* bytes said in all */
	int (*flush)(void *arg, const char *buf, size_t len);
	void *arg;
	int error; /* the first that flush returned, or 0 */
};

void text_init(struct text *t, char *buf, size_t size);
void text_init_flush(struct text *t, char *buf, size_t size,
		     int (*flush)(void *, const char *, size_t), void *arg);

/* Passes what is left to flush, and ends the text. */
void text_finish(struct text *t);

void text_char(struct text *t, char c);
void text_str(struct text *t, const char *s);
void text_pad(struct text *t, const char *s, unsigned int width);
void text_dec(struct text *t, uint64_t v);

/* Right-aligned in width columns. */
void text_dec_pad(struct text *t, uint64_t v, unsigned int width);

/* With a leading 0x. */
void text_hex(struct text *t, uint64_t v);

#endif
