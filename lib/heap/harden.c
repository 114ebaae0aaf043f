/* The hardened mode: how it begins, and the calls that obey it. */
#include <errno.h>
#include <string.h>

#include "frame.h"
#include "harden.h"
#include "harden_block.h"
#include "malloc.h"

uint32_t harden_flags;
uint64_t harden_poison;

static uint32_t wanted; /* flags that wait for harden_settle() */

/* ---- beginning --------------------------------------------------------- */

static uint32_t flags_of_options(void)
{
	uint32_t flags = 0;

	flags |= options.canary ? HARDEN_CANARY : 0;
	flags |= options.zero ? HARDEN_ZERO : 0;
	flags |= options.poison ? HARDEN_POISON : 0;
	flags |= options.quarantine ? HARDEN_QUARANTINE : 0;
	flags |= options.random ? HARDEN_RANDOM : 0;
	flags |= options.guard ? HARDEN_GUARD : 0;
	flags |= options.sample ? HARDEN_SAMPLE : 0;
	return flags;
}

static void begin_exact(void)
{
	magazines_disable();
	slab_purge_disable();
	if (wanted & HARDEN_RANDOM)
		slab_randomize();
	if (wanted & HARDEN_EXACT) {
		tags_disable();
		ledger_enable();
	}
	harden_poison = wanted & HARDEN_ZERO
				? 0
				: poison_word(secret_word(&harden_poison));
	__atomic_fetch_or(&harden_flags, wanted, __ATOMIC_RELEASE);
	wanted = 0;
}

void harden_begin(void)
{
	uint32_t flags = flags_of_options();
	uint32_t seen = flags & (HARDEN_EXACT | HARDEN_RANDOM);

	if (!flags)
		return;
	secret_init();
	if (flags & HARDEN_SAMPLE)
		sample_enable(options.sample);
	wanted = seen;
	__atomic_store_n(&harden_flags, flags & ~seen, __ATOMIC_RELEASE);
	if (wanted && !thread_cache_count())
		begin_exact();
}

static void untag(struct page *page, void *arg)
{
	(void)arg;
	tag_slab(&kmem_caches[page->cache], page, false);
}

void harden_settle(void)
{
	struct thread_cache *tc, *own;
	struct report r;

	if (!wanted)
		return;
	/* Nobody can empty the magazines of other threads for them. */
	if (thread_cache_count() > 1) {
		wanted = 0;
		report_begin(&r);
		text_str(&r.text, "BUDDY_CONF: other threads have started "
				  "before: only guard and sample are on");
		report_end(&r);
		return;
	}
	tc = soft_mask();
	own = thread_cache_enter(tc, false);
	begin_exact();
	if (own)
		thread_cache_drain(own);
	for (unsigned int i = 1; i < NR_CACHES; i++)
		for_each_slab(&kmem_caches[i], untag, NULL);
	thread_cache_leave(tc, own);
}

/* ---- freeing ----------------------------------------------------------- */

bool harden_free(void *p, struct thread_cache *tc, const char *function)
{
	struct seen s;
	struct frame f;

	if (harden_has(HARDEN_SAMPLE) && sample_free(p, function)) {
		soft_unmask(tc);
		return true;
	}
	if (!harden_see(&s, p))
		return false;
	if (s.freed)
		misuse("double free", function, p);
	harden_check_end(&s, p, function);
	f = frame_enter(tc);
	if (s.page->type == PAGE_RUN)
		harden_free_run(f.own, &s);
	else
		harden_free_object(f.own, &s, p, function);
	frame_leave(&f);
	return true;
}

bool harden_free_sized(void *p, size_t alignment, size_t size,
		       const char *function)
{
	struct seen s;

	if (!harden_see(&s, p))
		return false;
	if (s.freed)
		misuse("double free", function, p);
	if (!s.exact)
		return false;
	if (!is_power_of_two(alignment) || (uintptr_t)p & (alignment - 1))
		misuse("wrong alignment", function, p);
	if ((size ? size : 1) != s.size)
		misuse("wrong size", function, p);
	heap_free_checked(p, function);
	return true;
}

/* ---- resizing ---------------------------------------------------------- */

/* Whether a block of that size would be of the same kind as this one. */
static bool stays(const struct seen *s, size_t size)
{
	size_t len = size + harden_tail();

	if (!s->page)
		return false;
	if (s->page->type == PAGE_SLAB) {
		if (!s->exact)
			return size <= s->room && size > s->room / 2;
		return len <= SMALL_MAX && size_class(len) == s->page->cache;
	}
	if (len <= SMALL_MAX)
		return false;
	if (s->page->flags & PG_FENCED)
		return fence_usable(len) == s->room;
	return len <= s->room && s->room - len < PAGE_SIZE;
}

static void set_size(const struct seen *s, void *p, size_t size)
{
	if (!s->exact)
		return;
	if (s->page->type == PAGE_SLAB)
		ledger_swap(s->entry, LEDGER_IN_USE | (uint32_t)size);
	else
		s->page->requested = size;
	if (harden_has(HARDEN_CANARY))
		canary_set(p, size, s->room);
}

static void *resize(const struct seen *s, void *p, size_t size,
		    const char *function)
{
	void *new;

	if (stays(s, size)) {
		set_size(s, p, size);
		return p;
	}
	new = heap_malloc(size);
	if (!new)
		return NULL;
	memcpy(new, p, s->size < size ? s->size : size);
	heap_free(p, function);
	return new;
}

bool harden_realloc(void *p, size_t size, const char *function, void **out)
{
	struct seen s;

	if (!harden_see(&s, p))
		return false;
	if (s.freed)
		misuse("use after free", function, p);
	harden_check_end(&s, p, function);
	*out = NULL;
	if (!size)
		heap_free(p, function);
	else if (size > PTRDIFF_MAX)
		errno = ENOMEM;
	else
		*out = resize(&s, p, size, function);
	return true;
}

bool harden_usable_size(const void *p, const char *function, size_t *size)
{
	struct seen s;

	if (!harden_see(&s, p))
		return false;
	if (s.freed)
		misuse("use after free", function, p);
	*size = s.size;
	return true;
}
