/* The calls, and what each must do. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "buddy.h"
#include "fuzz.h"

/* What is in use may not be more: the fuzzer has a limit of its own. */
#define MOST_BYTES ((size_t)96 << 20)

#define CONSTRUCTED 0xc7

static const struct family *any_family(struct input *in)
{
	return &families[input_below(in, NR_FAMILIES)];
}

/* A size for which there is room. */
static size_t any_size(struct input *in, const struct model *m)
{
	size_t size = input_size(in);

	/* What is above would have to be touched. */
	if (size <= (size_t)1 << 30 && m->bytes + size > MOST_BYTES)
		size &= 1023;
	return size;
}

/* ---- objects ------------------------------------------------------------- */

static void check_aligned(const struct block *b, size_t alignment)
{
	if ((uintptr_t)b->p & (alignment - 1))
		model_fails("not aligned", b);
}

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

static void call_malloc(struct input *in, struct model *m)
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

static void call_calloc(struct input *in, struct model *m)
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

static void call_realloc(struct input *in, struct model *m)
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

static bool is_power(size_t v)
{
	return v && !(v & (v - 1));
}

static void got_aligned(struct model *m, const struct family *f,
			struct block *b, void *p)
{
	b->kind = ALIGNED;
	got_object(m, f, b, p, false);
	if (p)
		check_aligned(b, b->alignment);
}

static void call_posix(struct model *m, const struct family *f, struct block *b)
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

static void call_aligned(struct input *in, struct model *m)
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
static void call_old_aligned(struct input *in, struct model *m)
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

/* ---- freeing ------------------------------------------------------------- */

static void release_object(struct input *in, struct block *b)
{
	const struct family *f = any_family(in);

	switch (input_below(in, 4)) {
	case 0:
		if (b->kind == ALIGNED)
			f->release_aligned(b->p, b->alignment, b->size);
		else
			f->release_sized(b->p, b->size);
		break;
	case 1:
		c_cfree(b->p);
		break;
	default:
		f->release(b->p);
	}
}

static void release(struct input *in, struct model *m, struct block *b)
{
	switch (b->kind) {
	case PAGES:
		buddy_free_pages(b->p, b->order);
		break;
	case EXACT:
		buddy_free_pages_exact(b->p, b->size);
		break;
	case CACHED:
		if (m->cache[b->cache].constructed)
			memset(b->p, CONSTRUCTED, b->size);
		m->cache[b->cache].in_use--;
		buddy_cache_free(m->cache[b->cache].handle, b->p);
		break;
	default:
		release_object(in, b);
	}
}

static void free_block(struct input *in, struct model *m, struct block *b)
{
	const int kept = 1234;

	model_check(b, b->extent);
	errno = kept;
	release(in, m, b);
	if (errno != kept)
		model_fails("free changed errno", b);
	model_remove(m, b);
}

static void call_free(struct input *in, struct model *m)
{
	struct block *b = model_used(m, input_byte(in));

	if (b)
		free_block(in, m, b);
	else
		any_family(in)->release(NULL);
}

static void call_free_many(struct input *in, struct model *m)
{
	unsigned int n = input_below(in, 32);

	for (unsigned int i = 0; i < n; i++)
		call_free(in, m);
}

/* ---- pages ----------------------------------------------------------------
 */

static unsigned int any_gfp(struct input *in, const struct model *m)
{
	unsigned int v = input_byte(in);
	unsigned int gfp = v % 3 | (v & (BUDDY_GFP_ATOMIC | BUDDY_GFP_COLD));

	if (v & 8)
		gfp |= BUDDY_GFP_ZERO;
	if (v & 4 && !m->refusing)
		gfp |= BUDDY_GFP_NOFAIL;
	return gfp;
}

static void got_pages(struct model *m, struct block *b, void *p,
		      unsigned int gfp, size_t alignment)
{
	b->extent = align_up(b->size, BUDDY_PAGE_SIZE);
	b->p = p;
	if (p && gfp & BUDDY_GFP_ZERO)
		model_check_zero(b, p);
	if (model_add(m, b, p))
		check_aligned(b, alignment);
}

static void call_pages(struct input *in, struct model *m)
{
	struct block *b = model_unused(m);
	unsigned int gfp = any_gfp(in, m);
	unsigned int order = input_below(in, MAX_PAGE_ORDER + 3);
	void *p;

	if (!b)
		return;
	if (m->bytes + (BUDDY_PAGE_SIZE << order) > MOST_BYTES &&
	    order <= MAX_PAGE_ORDER)
		order &= 3;
	errno = 0;
	p = buddy_alloc_pages(gfp, order);
	if (order > MAX_PAGE_ORDER) {
		if (p || errno != EINVAL)
			model_fails("an order that is none", NULL);
		return;
	}
	b->kind = PAGES;
	b->order = order;
	b->size = BUDDY_PAGE_SIZE << order;
	got_pages(m, b, p, gfp, b->size);
}

static void call_exact(struct input *in, struct model *m)
{
	struct block *b = model_unused(m);
	unsigned int gfp = any_gfp(in, m) & ~(unsigned int)BUDDY_GFP_NOFAIL;
	size_t size = any_size(in, m);
	void *p;

	/* A run of gigabytes may be had, and would have to be filled. */
	if (!b || (size > MOST_BYTES && size <= PTRDIFF_MAX))
		return;
	errno = 0;
	p = buddy_alloc_pages_exact(size, gfp);
	if (!size || size > PTRDIFF_MAX) {
		if (p || errno != EINVAL)
			model_fails("an exact size that is none", NULL);
		return;
	}
	b->kind = EXACT;
	b->size = size;
	got_pages(m, b, p, gfp, BUDDY_PAGE_SIZE);
}

#define BULK 16

static void call_bulk(struct input *in, struct model *m)
{
	void *array[BULK] = {NULL};
	unsigned int gfp = any_gfp(in, m) & ~(unsigned int)BUDDY_GFP_NOFAIL;
	unsigned int holes = input_byte(in) << 8 | input_byte(in);
	unsigned int nr = input_below(in, BULK + 1);
	static char there;
	size_t got;

	for (unsigned int i = 0; i < nr; i++)
		array[i] = holes >> i & 1 ? &there : NULL;
	got = buddy_alloc_pages_bulk(gfp, nr, array);
	if (got > nr || (got < nr && !m->refusing))
		model_fails("the number of pages in bulk", NULL);
	for (unsigned int i = 0; i < nr; i++) {
		struct block *b = model_unused(m);

		if (array[i] == &there)
			array[i] = NULL;
		if (!array[i] || !b)
			continue;
		b->kind = PAGES;
		b->order = 0;
		b->size = BUDDY_PAGE_SIZE;
		got_pages(m, b, array[i], gfp, BUDDY_PAGE_SIZE);
		array[i] = NULL;
	}
	/* Those for which the model has no room, and NULL entries. */
	buddy_free_pages_bulk(nr, array);
}

/* ---- caches ---------------------------------------------------------------
 */

static void construct(void *p)
{
	/* Only the beginning: a constructor does not know its cache's size. */
	memset(p, CONSTRUCTED, 1);
}

static void call_cache_create(struct input *in, struct model *m)
{
	unsigned int i = input_below(in, CACHES);
	struct cache *c = &m->cache[i];
	unsigned int flags = input_byte(in);
	size_t alignment = input_alignment(in);
	size_t size = input_size(in);
	bool constructed = flags & 8, valid;

	flags &= flags & 128 ? 15 : 7;
	if (c->handle || m->nested)
		return;
	valid = size && size <= SMALL_MAX && flags < 8 && alignment <= 4096 &&
		(!alignment || is_power(alignment));
	errno = 0;
	c->handle = buddy_cache_create("fuzz", size, alignment, flags,
				       constructed ? construct : NULL);
	if (!c->handle) {
		if (errno != EINVAL ||
		    (valid && align_up(size, alignment | 1) <= SMALL_MAX / 2))
			model_fails("a cache cannot be made", NULL);
		return;
	}
	if (!valid)
		model_fails("a cache that there must not be", NULL);
	c->size = size;
	c->alignment = alignment < 16 ? 16 : alignment;
	if (flags & BUDDY_CACHE_HWCACHE_ALIGN && c->alignment < CACHE_LINE)
		c->alignment = CACHE_LINE;
	c->constructed = constructed;
	c->own = constructed ||
		 flags & (BUDDY_CACHE_NO_MERGE | BUDDY_CACHE_RECLAIMABLE);
	c->in_use = 0;
}

static struct cache *any_cache(struct input *in, struct model *m)
{
	struct cache *c = &m->cache[input_below(in, CACHES)];

	return c->handle ? c : NULL;
}

static void call_cache_alloc(struct input *in, struct model *m)
{
	struct cache *c = any_cache(in, m);
	struct block *b = model_unused(m);
	unsigned int gfp = any_gfp(in, m);
	unsigned char *p;

	if (!c || !b || m->bytes + c->size > MOST_BYTES)
		return;
	b->kind = CACHED;
	b->cache = (unsigned int)(c - m->cache);
	b->size = c->size;
	b->extent = c->size;
	errno = 0;
	p = buddy_cache_alloc(c->handle, gfp);
	if (p && gfp & BUDDY_GFP_ZERO)
		model_check_zero(b, p);
	else if (p && c->constructed && p[0] != CONSTRUCTED)
		model_fails("an object that is not constructed", b);
	if (!model_add(m, b, p))
		return;
	c->in_use++;
	check_aligned(b, c->alignment);
}

static void end_cache(struct cache *c)
{
	int err = buddy_cache_destroy(c->handle);

	if (err != (c->own && c->in_use ? -EBUSY : 0))
		model_fails("the end of a cache", NULL);
	if (!err && !c->in_use)
		c->handle = NULL;
}

static void call_cache_rest(struct input *in, struct model *m)
{
	struct cache *c = any_cache(in, m);

	if (!c)
		return;
	if (input_byte(in) & 1)
		buddy_cache_shrink(c->handle);
	else if (!m->nested)
		end_cache(c);
}

/* ---- statistics -----------------------------------------------------------
 */

static void call_stat(struct input *in, struct model *m)
{
	unsigned int which = input_below(in, BUDDY_NR_STATS + 1);
	char buf[300];
	size_t len = input_byte(in);
	ssize_t n;

	(void)m;
	memset(buf, '#', sizeof(buf));
	n = buddy_stat((enum buddy_stat)which, buf, len);
	if (which == BUDDY_NR_STATS) {
		if (n != -EINVAL)
			model_fails("a statistic that is none", NULL);
		return;
	}
	if (n < 0 || buf[len] != '#')
		model_fails("a statistic's length", NULL);
	if (len && strnlen(buf, len) != ((size_t)n < len ? (size_t)n : len - 1))
		model_fails("a statistic's end", NULL);
}

static void call_stat_write(struct input *in, struct model *m)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)m;
	if (buddy_stat_write(input_below(in, BUDDY_NR_STATS), fd))
		model_fails("a statistic cannot be written", NULL);
	close(fd);
}

static void call_trim(struct input *in, struct model *m)
{
	size_t pad = (size_t)input_byte(in) << (input_byte(in) % 24);

	(void)m;
	any_family(in)->trim(pad);
}

static void call_check_all(struct input *in, struct model *m)
{
	(void)in;
	model_check_all(m);
}

/* ---- what stands around calls ---------------------------------------------
 */

static void call_refuse(struct input *in, struct model *m)
{
	unsigned int v = input_byte(in);
	unsigned long nth = 1 + input_below(in, 16);

	if (!(v & 8)) {
		inject_disarm();
		m->refusing = false;
		return;
	}
	m->refusing = true;
	inject_arm((enum inject_kind)(v % NR_INJECT_KINDS), nth, v & 16);
}

/* A few calls as a handler makes them that interrupted another call. */
static void call_nested(struct input *in, struct model *m)
{
	unsigned int n = 1 + input_below(in, 8);
	bool was = m->nested;
	struct thread_cache *tc = soft_mask();

	m->nested = true;
	while (n-- && !input_is_over(in))
		fuzz_call(in, m);
	m->nested = was;
	soft_unmask(tc);
}

struct elsewhere {
	struct input *in;
	struct model *m;
	unsigned int calls;
};

static void *run_elsewhere(void *arg)
{
	struct elsewhere *e = arg;

	while (e->calls-- && !input_is_over(e->in))
		fuzz_call(e->in, e->m);
	return NULL;
}

/* A few calls in another thread, which then ends. */
static void call_thread(struct input *in, struct model *m)
{
	struct elsewhere e = {in, m, 1 + input_below(in, 64)};
	bool was = m->nested;
	pthread_t thread;

	if (m->threads)
		return;
	m->threads++;
	m->nested = false;
	if (pthread_create(&thread, NULL, run_elsewhere, &e))
		model_fails("no thread", NULL);
	pthread_join(thread, NULL);
	m->nested = was;
	m->threads--;
}

/* ---- the table ------------------------------------------------------------
 */

typedef void call_fn(struct input *in, struct model *m);

static call_fn *const calls[] = {
	call_malloc,	   call_malloc,	     call_malloc,      call_malloc,
	call_free,	   call_free,	     call_free,	       call_free_many,
	call_calloc,	   call_calloc,	     call_realloc,     call_realloc,
	call_realloc,	   call_aligned,     call_aligned,     call_old_aligned,
	call_pages,	   call_pages,	     call_exact,       call_bulk,
	call_cache_create, call_cache_alloc, call_cache_alloc, call_cache_rest,
	call_stat,	   call_stat_write,  call_trim,	       call_check_all,
	call_refuse,	   call_nested,	     call_thread,      call_refuse,
};

void fuzz_call(struct input *in, struct model *m)
{
	calls[input_below(in, ARRAY_SIZE(calls))](in, m);
}

void fuzz_end(struct model *m)
{
	struct input nothing = {NULL, NULL};
	struct block *b;

	while ((b = model_used(m, 0)))
		free_block(&nothing, m, b);
	for (unsigned int i = 0; i < CACHES; i++)
		if (m->cache[i].handle)
			end_cache(&m->cache[i]);
}
