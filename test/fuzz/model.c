/* The model. */
#include <errno.h>

#include "fuzz.h"

/* Larger ones may be refused: there is address space, but not always memory. */
#define SURE_SIZE ((size_t)64 << 20)

/* Bytes that are looked at in a row; of larger blocks some in between. */
#define DENSE ((size_t)512)
#define SAMPLES 64

void model_fails(const char *what, const struct block *b)
{
	struct report r;

	report_begin(&r);
	text_str(&r.text, "fuzz: ");
	text_str(&r.text, what);
	if (b) {
		text_str(&r.text, ", block of ");
		text_dec(&r.text, b->size);
		text_str(&r.text, " bytes at ");
		text_hex(&r.text, (uintptr_t)b->p);
	}
	report_abort(&r);
}

/* ---- choosing ------------------------------------------------------------ */

struct block *model_used(struct model *m, unsigned int n)
{
	for (unsigned int i = 0; i < BLOCKS; i++) {
		struct block *b = &m->block[(n + i) % BLOCKS];

		if (b->kind != UNUSED)
			return b;
	}
	return NULL;
}

struct block *model_unused(struct model *m)
{
	for (unsigned int i = 0; i < BLOCKS; i++)
		if (m->block[i].kind == UNUSED)
			return &m->block[i];
	return NULL;
}

/* ---- contents ------------------------------------------------------------ */

static unsigned char pattern(const struct block *b, size_t at)
{
	return (unsigned char)(b->mark * 37 + at + (at >> 8) * 5);
}

/* The place after `at` that is looked at: all at the ends, few between. */
static size_t next_place(size_t at, size_t len)
{
	size_t step = (len / SAMPLES) | 1;

	if (at < DENSE || at + DENSE >= len)
		return at + 1;
	return at + step + DENSE < len ? at + step : len - DENSE;
}

void model_fill(struct model *m, struct block *b)
{
	b->mark = ++m->marks;
	for (size_t at = 0; at < b->extent; at = next_place(at, b->extent))
		b->p[at] = pattern(b, at);
}

void model_check(const struct block *b, size_t len)
{
	for (size_t at = 0; at < len; at = next_place(at, b->extent))
		if (b->p[at] != pattern(b, at))
			model_fails("contents are not what was written", b);
}

void model_check_all(const struct model *m)
{
	for (unsigned int i = 0; i < BLOCKS; i++)
		if (m->block[i].kind != UNUSED)
			model_check(&m->block[i], m->block[i].extent);
}

void model_check_zero(const struct block *b, const unsigned char *p)
{
	for (size_t at = 0; at < b->size; at = next_place(at, b->size))
		if (p[at])
			model_fails("not zero", b);
}

/* ---- blocks -------------------------------------------------------------- */

static void check_overlap(const struct model *m, const struct block *b)
{
	uintptr_t start = (uintptr_t)b->p, end = start + b->extent;

	for (unsigned int i = 0; i < BLOCKS; i++) {
		const struct block *other = &m->block[i];
		uintptr_t at = (uintptr_t)other->p;

		if (other == b || other->kind == UNUSED)
			continue;
		if (start == at || (start < at + other->extent && at < end))
			model_fails("a block overlaps with another", b);
	}
}

bool model_add(struct model *m, struct block *b, void *p)
{
	b->p = p;
	if (!p) {
		b->kind = UNUSED;
		if (errno != ENOMEM)
			model_fails("NULL without ENOMEM", b);
		if (!m->refusing && b->size <= SURE_SIZE)
			model_fails("no memory", b);
		return false;
	}
	if (b->size > PTRDIFF_MAX)
		model_fails("more than there can be", b);
	if (b->extent < b->size)
		model_fails("less than was asked for", b);
	check_overlap(m, b);
	m->bytes += b->extent;
	model_fill(m, b);
	return true;
}

void model_remove(struct model *m, struct block *b)
{
	m->bytes -= b->extent;
	b->kind = UNUSED;
}
