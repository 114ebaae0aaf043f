/* One call of all, those that free, and what stands around calls. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

size_t any_size(struct input *in, const struct model *m)
{
	size_t size = input_size(in);

	/* What is above would have to be touched. */
	if (size <= (size_t)1 << 30 && m->bytes + size > MOST_BYTES)
		size &= 1023;
	return size;
}

void check_aligned(const struct block *b, size_t alignment)
{
	if ((uintptr_t)b->p & (alignment - 1))
		model_fails("not aligned", b);
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
