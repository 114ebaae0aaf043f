/* Calls of malloc's family. */
#include <errno.h>
#include <string.h>

#include "calls.h"

static void got_object(struct model *m, const struct family *f, struct block *b,
		       void *p, bool all_of_it)
{
	size_t usable;

	b->extent = b->size;
	b->p = p;
	if (p) {
		usable = f->usable(p);
		if (usable < b->size)
			model_fails("usable size", b);
		if (all_of_it)
			b->extent = usable;
	}
	if (model_add(m, b, p))
		check_aligned(b, MIN_OBJECT_SIZE);
}

void call_malloc(struct input *in, struct model *m)
{
	const struct family *f = any_family(in);
	struct block *b = model_unused(m);
	bool all_of_it;

	if (!b)
		return;
	b->kind = OBJECT;
	b->size = any_size(in, m);
	all_of_it = input_byte(in) & 1;
	errno = 0;
	got_object(m, f, b, f->allocate(b->size), all_of_it);
}

void call_calloc(struct input *in, struct model *m)
{
	const struct family *f = any_family(in);
	struct block *b = model_unused(m);
	size_t count, size, bytes;
	void *p;

	if (!b)
		return;
	size = any_size(in, m);
	count = input_below(in, 4) ? 1 : input_below(in, 5);
	errno = 0;
	p = f->zeroed(count, size);
	if (__builtin_mul_overflow(count, size, &bytes)) {
		if (p || errno != ENOMEM)
			model_fails("an overflowing product", NULL);
		return;
	}
	b->kind = OBJECT;
	b->size = bytes;
	if (p && bytes <= PTRDIFF_MAX)
		model_check_zero(b, p);
	got_object(m, f, b, p, false);
}

void call_realloc(struct input *in, struct model *m)
{
	const struct family *f = any_family(in);
	struct block *b = model_used(m, input_byte(in));
	size_t size = any_size(in, m);
	bool as_array = input_byte(in) & 1;
	size_t kept;
	void *p;

	if (!b || (b->kind != OBJECT && b->kind != ALIGNED))
		return;
	model_check(b, b->extent);
	errno = 0;
	p = as_array ? f->resize_array(b->p, 1, size) : f->resize(b->p, size);
	if (!size) {
		if (p)
			model_fails("realloc to 0", b);
		model_remove(m, b);
		return;
	}
	if (!p) {
		if (errno != ENOMEM)
			model_fails("realloc without ENOMEM", b);
		if (!m->refusing && size <= MOST_BYTES)
			model_fails("no memory to realloc", b);
		model_check(b, b->extent);
		return;
	}
	kept = b->extent < size ? b->extent : size;
	b->p = p;
	model_check(b, kept);
	m->bytes -= b->extent;
	b->kind = OBJECT;
	b->size = size;
	got_object(m, f, b, p, false);
}

static void got_aligned(struct model *m, const struct family *f,
			struct block *b, void *p)
{
	b->kind = ALIGNED;
	got_object(m, f, b, p, false);
	if (p)
		check_aligned(b, b->alignment);
}

void call_posix(struct model *m, const struct family *f, struct block *b)
{
	char untouched;
	void *p = &untouched;
	int err;

	errno = 4321;
	err = f->posix(&p, b->alignment, b->size);
	if (errno != 4321)
		model_fails("posix_memalign changed errno", b);
	if (err && p != &untouched)
		model_fails("posix_memalign failed and wrote", b);
	if (!is_power(b->alignment) || b->alignment % sizeof(void *)) {
		if (err != EINVAL)
			model_fails("posix_memalign of no alignment", b);
		return;
	}
	errno = err;
	got_aligned(m, f, b, err ? NULL : p);
}

void call_aligned(struct input *in, struct model *m)
{
	const struct family *f = any_family(in);
	struct block *b = model_unused(m);
	bool posix = input_byte(in) & 1;
	void *p;

	if (!b)
		return;
	b->alignment = input_alignment(in);
	b->size = any_size(in, m);
	if (posix) {
		call_posix(m, f, b);
		return;
	}
	errno = 0;
	p = f->aligned(b->alignment, b->size);
	if (!is_power(b->alignment)) {
		if (p || errno != EINVAL)
			model_fails("no alignment, but a block", b);
		return;
	}
	got_aligned(m, f, b, p);
}

/* memalign, valloc, pvalloc: as glibc has them. */
void call_old_aligned(struct input *in, struct model *m)
{
	struct block *b = model_unused(m);
	unsigned int which = input_below(in, 3);
	size_t alignment = input_alignment(in);
	void *p;

	if (!b)
		return;
	b->size = any_size(in, m);
	errno = 0;
	switch (which) {
	case 0:
		p = c_memalign(alignment, b->size);
		/* What is no power of two is rounded up to one. */
		b->alignment =
			alignment ? (size_t)1 << order_at_least(alignment) : 1;
		break;
	case 1:
		p = c_valloc(b->size);
		b->alignment = os_page_size();
		break;
	default:
		p = c_pvalloc(b->size);
		b->alignment = os_page_size();
		if (b->size <= PTRDIFF_MAX)
			b->size = align_up(b->size ? b->size : 1, b->alignment);
	}
	got_aligned(m, &families[FAMILY_C], b, p);
}
