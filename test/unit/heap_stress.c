/*
 * The whole heap under random calls, beside a shadow that knows every block:
 * blocks do not overlap, keep their contents, are aligned and zeroed as asked.
 * On one thread the calls and what they return follow from the seed alone.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "buddy.h"
#include "unit.h"

enum { SLOTS = 600, THREADS = 8, MAILBOXES = 64 };

enum kind { OBJECT, PAGES, EXACT };

struct block {
	unsigned char *p;
	size_t size;
	uint64_t mark;	/* the pattern that it is filled with */
	enum kind kind; /* how it is to be freed */
	unsigned int order;
};

struct shadow {
	struct block block[SLOTS];
	uint64_t seed;
	uint64_t digest; /* of the addresses, from the zone's base */
	bool shared;	 /* blocks go to other threads, too */
};

static uint32_t below(struct shadow *s, uint32_t n)
{
	return unit_below(&s->seed, n);
}

static void shadow_fails(const char *what, const struct block *b)
{
	struct report r;

	report_begin(&r);
	text_str(&r.text, "heap_stress: ");
	text_str(&r.text, what);
	text_str(&r.text, ", block of ");
	text_dec(&r.text, b->size);
	text_str(&r.text, " bytes at ");
	text_hex(&r.text, (uintptr_t)b->p);
	report_abort(&r);
}

/* ---- patterns ---------------------------------------------------------- */

/* Large blocks are checked at places, so that they cost no time. */
static size_t stride(size_t size)
{
	return size < 4096 ? 1 : size / 1500 | 1;
}

static unsigned char pattern(const struct block *b, size_t at)
{
	return (unsigned char)(b->mark + at * 31 + (at >> 8));
}

static void fill_from(struct block *b, size_t from)
{
	if (!b->size)
		return;
	for (size_t at = 0; at < b->size; at += stride(b->size))
		if (at >= from)
			b->p[at] = pattern(b, at);
	b->p[b->size - 1] = pattern(b, b->size - 1);
}

/* The first `len` bytes, as the pattern of a block of b->size put them. */
static void check(const struct block *b, size_t len)
{
	for (size_t at = 0; at < len; at += stride(b->size))
		if (b->p[at] != pattern(b, at))
			shadow_fails("contents are gone", b);
	if (len && len == b->size && b->p[len - 1] != pattern(b, len - 1))
		shadow_fails("the last byte is gone", b);
}

static void check_zero(const struct block *b)
{
	for (size_t at = 0; at < b->size; at += stride(b->size))
		if (b->p[at])
			shadow_fails("not zero", b);
	if (b->size && b->p[b->size - 1])
		shadow_fails("the last byte is not zero", b);
}

/* ---- calls ------------------------------------------------------------- */

/* Most blocks are small; some of every size that has a path of its own. */
static size_t any_size(struct shadow *s)
{
	switch (below(s, 100)) {
	case 0:
		return below(s, 6 << 20);
	case 1:
	case 2:
		return below(s, 1 << 20);
	case 3:
	case 4:
	case 5:
		return below(s, SMALL_MAX + 20000);
	case 6 ... 20:
		return below(s, 9000);
	default:
		return below(s, 1 + below(s, 1200));
	}
}

static void adopt(struct shadow *s, struct block *b, void *p, size_t size)
{
	b->p = p;
	b->size = size;
	b->mark = unit_random(&s->seed);
	if (!p)
		shadow_fails("no memory", b);
	s->digest = s->digest * 31 + ((uintptr_t)p & (ZONE_SIZE - 1));
	fill_from(b, 0);
}

static void do_aligned(struct shadow *s, struct block *b)
{
	size_t align = (size_t)16 << below(s, 17);
	size_t size = any_size(s);
	void *p;

	if (below(s, 2))
		p = buddy_aligned_alloc(align, size);
	else if (buddy_posix_memalign(&p, align, size))
		p = NULL;
	if ((uintptr_t)p & (align - 1))
		shadow_fails("alignment", b);
	adopt(s, b, p, size);
}

static void do_pages(struct shadow *s, struct block *b)
{
	unsigned int gfp = below(s, 3) | (below(s, 2) ? BUDDY_GFP_ZERO : 0);

	b->kind = below(s, 2) ? PAGES : EXACT;
	b->order = below(s, 6);
	if (b->kind == PAGES) {
		b->size = BUDDY_PAGE_SIZE << b->order;
		b->p = buddy_alloc_pages(gfp, b->order);
	} else {
		b->size = 1 + any_size(s);
		b->p = buddy_alloc_pages_exact(b->size, gfp);
	}
	if (b->p && gfp & BUDDY_GFP_ZERO)
		check_zero(b);
	adopt(s, b, b->p, b->size);
}

static void do_alloc(struct shadow *s, struct block *b)
{
	size_t size = any_size(s);
	void *p;

	b->kind = OBJECT;
	switch (below(s, 12)) {
	case 0:
		do_aligned(s, b);
		return;
	case 1:
		do_pages(s, b);
		return;
	case 2:
	case 3:
		p = buddy_calloc(1, size);
		b->p = p;
		b->size = size;
		if (p)
			check_zero(b);
		break;
	case 4:
		p = buddy_realloc(NULL, size);
		break;
	default:
		p = buddy_malloc(size);
	}
	adopt(s, b, p, size);
	if (buddy_usable_size(p) < size)
		shadow_fails("usable size", b);
}

static void resize(struct shadow *s, struct block *b, size_t size)
{
	size_t old = b->size;
	size_t kept;
	void *p;

	check(b, old);
	if (!size)
		size = 1;
	kept = old < size ? old : size;
	p = buddy_realloc(b->p, size);
	if (!p)
		shadow_fails("no memory", b);
	b->p = p;
	check(b, kept);
	b->kind = OBJECT;
	adopt(s, b, p, size);
}

static void do_realloc(struct shadow *s, struct block *b)
{
	if (below(s, 3))
		resize(s, b, any_size(s));
	else
		resize(s, b, b->size + below(s, 5000));
	/* Some go on growing, as vectors do. */
	if (!below(s, 16))
		for (int i = 0; i < 8 && b->size < 1 << 20; i++)
			resize(s, b, b->size + b->size / 2);
}

static void do_free(struct shadow *s, struct block *b)
{
	check(b, b->size);
	if (b->kind == PAGES && below(s, 4))
		buddy_free_pages(b->p, b->order);
	else if (b->kind == EXACT && below(s, 4))
		buddy_free_pages_exact(b->p, b->size);
	else
		buddy_free(b->p);
	b->p = NULL;
}

static void step(struct shadow *s)
{
	struct block *b = &s->block[below(s, SLOTS)];

	if (!below(s, 5000)) {
		buddy_trim(0);
		return;
	}
	if (!b->p)
		do_alloc(s, b);
	else if (below(s, 4))
		do_free(s, b);
	else
		do_realloc(s, b);
}

static void free_all(struct shadow *s)
{
	for (int i = 0; i < SLOTS; i++)
		if (s->block[i].p)
			do_free(s, &s->block[i]);
}

/* ---- one thread -------------------------------------------------------- */

static void test_verified_after_each_step(void **state)
{
	static struct shadow s;

	(void)state;
	s.seed = unit_seed();
	for (unsigned int i = 0; i < unit_steps(3000); i++) {
		step(&s);
		unit_verify();
	}
	free_all(&s);
	unit_verify();
}

static void test_many_steps(void **state)
{
	static struct shadow s;

	(void)state;
	s.seed = unit_seed() + 1;
	for (unsigned int i = 0; i < unit_steps(150000); i++) {
		step(&s);
		if (!(i % 1024))
			unit_verify();
	}
	free_all(&s);
	unit_verify();
	/* All of it can be given back. */
	buddy_trim(0);
	assert_int_equal(mm_totals().free_dirty, 0);
	unit_verify();
}

static void test_one_seed_one_run(void **state)
{
	static struct shadow s;
	uint64_t *digest =
		mmap(NULL, 3 * sizeof(*digest), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t seed = unit_seed();

	(void)state;
	/* Where blocks stand is then drawn by lot. */
	options_init();
	if (options.random || options.sample)
		skip();
	for (int i = 0; i < 3; i++) {
		int status;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			inject_freeze_clock(true);
			s.seed = seed + (i == 2);
			for (int n = 0; n < 5000; n++)
				step(&s);
			digest[i] = s.digest;
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	assert_true(digest[0] == digest[1]);
	assert_true(digest[0] != digest[2]);
}

/* ---- many threads ------------------------------------------------------ */

/* Where threads leave blocks for others to check and to free. */
static struct mailbox {
	pthread_mutex_t lock;
	struct block block;
} mailbox[MAILBOXES];

static void exchange(struct shadow *s)
{
	struct mailbox *m = &mailbox[below(s, MAILBOXES)];
	struct block *b = &s->block[below(s, SLOTS)];
	struct block mine = *b;

	pthread_mutex_lock(&m->lock);
	*b = m->block;
	m->block = mine;
	pthread_mutex_unlock(&m->lock);
}

static unsigned int thread_steps;

static void *stress(void *arg)
{
	struct shadow *s = arg;

	for (unsigned int i = 0; i < thread_steps; i++) {
		step(s);
		if (!(i % 8))
			exchange(s);
	}
	free_all(s);
	return NULL;
}

static bool stop;

/* The self-check beside threads that are at work. */
static void *verify_on_and_on(void *arg)
{
	static char unsound[] = "unsound";

	struct timespec ms = {.tv_nsec = 1000000};

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		if (mm_verify())
			return unsound;
		nanosleep(&ms, NULL);
	}
	return arg;
}

static void run_threads(bool verify)
{
	static struct shadow s[THREADS];
	pthread_t thread[THREADS], verifier;
	void *unsound = NULL;

	thread_steps = unit_steps(12000);
	for (int i = 0; i < MAILBOXES; i++)
		pthread_mutex_init(&mailbox[i].lock, NULL);
	if (verify)
		pthread_create(&verifier, NULL, verify_on_and_on, NULL);
	for (int i = 0; i < THREADS; i++) {
		s[i].seed = unit_seed() + (uint64_t)i * 1000003;
		pthread_create(&thread[i], NULL, stress, &s[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	if (verify)
		pthread_join(verifier, &unsound);
	assert_null(unsound);
	for (int i = 0; i < MAILBOXES; i++)
		if (mailbox[i].block.p)
			do_free(&s[0], &mailbox[i].block);
	unit_verify();
}

/* Nothing is left in use when all has been freed and all threads ended. */
static void check_nothing_is_out(void)
{
	buddy_trim(0);
	for (unsigned int i = 1; i < NR_SIZE_CLASSES; i++)
		assert_int_equal(kmem_nodes[i].nr_slabs, 0);
	assert_int_equal(thread_cache_pages(), 0);
	assert_int_equal(huge_stat().nr, 0);
	unit_verify();
}

static void test_eight_threads(void **state)
{
	(void)state;
	run_threads(false);
	check_nothing_is_out();
}

static void test_eight_threads_verified(void **state)
{
	(void)state;
	run_threads(true);
	check_nothing_is_out();
}

UNIT_MAIN(TEST(test_verified_after_each_step), TEST(test_many_steps),
	  TEST(test_one_seed_one_run), TEST(test_eight_threads),
	  TEST(test_eight_threads_verified))
