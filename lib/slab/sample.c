/* Single blocks that stand alone. */
#include "canary.h"
#include "misuse.h"
#include "sample.h"
#include "secret.h"

/* So many slots are looked at for one that may be used. */
#define SAMPLE_LOOKS 16u

struct slot {
	uint32_t state;
	uint32_t turn; /* of the pool, when the block was freed */
	uint32_t size;
	void *block;
};

static struct slot slots[NR_SAMPLES] sparse;
static char *pool;
static uint32_t turn; /* slots looked at so far */

static uint32_t interval;
static int64_t credit; /* allocations until the next sample */

/* ---- when -------------------------------------------------------------- */

/* From 0 to 2n - 2, so that one in n is sampled. */
static int64_t next_credit(uint32_t n)
{
	return (int64_t)(secret_random() % (2 * (uint64_t)n - 1));
}

void sample_enable(uint32_t n)
{
	secret_init();
	if (n)
		__atomic_store_n(&credit, next_credit(n), __ATOMIC_RELAXED);
	WRITE_ONCE(interval, n);
}

bool sample_is_due(uint32_t weight)
{
	uint32_t n = READ_ONCE(interval);

	if (!n || __atomic_sub_fetch(&credit, weight, __ATOMIC_RELAXED) >= 0)
		return false;
	__atomic_store_n(&credit, next_credit(n), __ATOMIC_RELAXED);
	return true;
}

/* ---- where ------------------------------------------------------------- */

/* A fence, which is also that behind the slot before, and the pages. */
static size_t slot_bytes(void)
{
	return os_page_size() + align_up(SAMPLE_MAX, os_page_size());
}

static size_t pool_bytes(void)
{
	return NR_SAMPLES * slot_bytes() + os_page_size();
}

static char *the_pool(void)
{
	char *p = __atomic_load_n(&pool, __ATOMIC_ACQUIRE);
	char *none = NULL;

	if (likely(p))
		return p;
	p = os_reserve(pool_bytes());
	if (!p)
		return NULL;
	os_small_pages(p, pool_bytes());
	if (__atomic_compare_exchange_n(&pool, &none, p, false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return p;
	os_release(p, pool_bytes());
	return none;
}

static char *slot_end(const struct slot *s)
{
	return READ_ONCE(pool) + (size_t)(s - slots + 1) * slot_bytes();
}

/* The slot that an address lies in, or NULL. */
static struct slot *slot_at(const void *p)
{
	const char *base = __atomic_load_n(&pool, __ATOMIC_ACQUIRE);
	size_t offset = (size_t)((const char *)p - base);

	if (!base || offset >= NR_SAMPLES * slot_bytes())
		return NULL;
	return &slots[offset / slot_bytes()];
}

static bool change_state(struct slot *s, uint32_t from, enum sample_state to)
{
	return __atomic_compare_exchange_n(&s->state, &from, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static struct slot *take_slot(void)
{
	for (unsigned int i = 0; i < SAMPLE_LOOKS; i++) {
		uint32_t now = __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED);
		struct slot *s = &slots[now % NR_SAMPLES];
		uint32_t state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);

		if (state != SAMPLE_NONE &&
		    (state != SAMPLE_FREED || now - s->turn < NR_SAMPLES / 2))
			continue;
		if (change_state(s, state, SAMPLE_BUSY))
			return s;
	}
	return NULL;
}

/* ---- handing out and taking back -------------------------------------- */

static size_t slot_pages(size_t size)
{
	return align_up(size ? size : 1, os_page_size());
}

void *sample_alloc(size_t alignment, size_t size)
{
	struct slot *s;
	char *end;

	if (size > SAMPLE_MAX || alignment > SAMPLE_MAX_ALIGN || !the_pool())
		return NULL;
	s = take_slot();
	if (!s)
		return NULL;
	end = slot_end(s);
	if (os_commit(end - slot_pages(size), slot_pages(size))) {
		__atomic_store_n(&s->state, SAMPLE_NONE, __ATOMIC_RELEASE);
		return NULL;
	}
	s->size = (uint32_t)size;
	s->block = (void *)align_down((uintptr_t)(end - (size ? size : 1)),
				      alignment);
	canary_set(s->block, size, (size_t)(end - (char *)s->block));
	__atomic_store_n(&s->state, SAMPLE_IN_USE, __ATOMIC_RELEASE);
	return s->block;
}

bool sample_free(void *p, const char *function)
{
	struct slot *s = slot_at(p);
	size_t room, bad;

	if (!s || READ_ONCE(s->block) != p ||
	    !change_state(s, SAMPLE_IN_USE, SAMPLE_BUSY))
		return false;
	room = (size_t)(slot_end(s) - (char *)p);
	bad = canary_check(p, s->size, room);
	if (unlikely(bad < room))
		misuse_block(MISUSE_OVERFLOW, function, p, s->size, bad);
	/* Refused for want of mappings, it stays readable: no more than that */
	if (os_decommit(slot_end(s) - slot_pages(s->size), slot_pages(s->size)))
		signal_fence();
	s->turn = READ_ONCE(turn);
	__atomic_store_n(&s->state, SAMPLE_FREED, __ATOMIC_RELEASE);
	return true;
}

bool sample_look(const void *p, struct sample_view *view)
{
	const struct slot *s = slot_at(p);

	if (likely(!s))
		return false;
	view->state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
	view->at_start = READ_ONCE(s->block) == p;
	view->size = s->size;
	return true;
}
